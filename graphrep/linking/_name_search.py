"""NameSearch: what searches among the names of a terminology share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from graphrep.graph import Terminology
from graphrep.linking._candidate_list import CandidateList
from graphrep.linking._queries import read_phrases
from graphrep.linking._text2node_gold import gold_sets, share_found
from graphrep.typing import AnyArray, PathType


class NameSearch(BaseEstimator):
    """Base of estimators that find concepts by their names.

    Sub-classes write ``candidates`` and keep their terminology.

    Attributes
    ----------
    terminology_ : Terminology
        What was fitted.
    node_ids_ : ndarray of shape (n_concepts,)
        Ids of the concepts.
    """

    terminology_: Terminology
    node_ids_: AnyArray

    def candidates(self, phrases: Sequence[str], k: int = 10) -> CandidateList:
        """Find the k best concepts of each phrase."""
        raise NotImplementedError

    def predict(self, phrases: Sequence[str]) -> AnyArray:
        """First concept of each phrase: ids in an array of objects, None for none."""
        found = self.candidates(phrases, 1)
        out = np.full(len(found), None, object)
        some = np.flatnonzero(found.counts)
        ids: Any = self.terminology_.ids[found.concepts[found.offsets[some]]]
        for query, concept in zip(some.tolist(), ids.tolist(), strict=True):
            out[query] = concept
        return out

    def score(self, phrases: Sequence[str], nodes: Any, k: int = 1) -> float:
        """Share of phrases with a right concept among their k best.

        Parameters
        ----------
        phrases : sequence of str
            Phrases.
        nodes : sequence of id, or of sets, lists or arrays of ids
            Right concept, or concepts, of each phrase.
        k : int, default=1
            Concepts that are looked at.

        Returns
        -------
        float
            Between 0 and 1.

        Raises
        ------
        NodeNotFoundError
            If a right concept is not in the terminology.
        GraphValueError
            If there are not as many right concepts as phrases, or none.
        """
        check_is_fitted(self, "terminology_")
        texts = read_phrases(phrases)
        right = gold_sets(self.terminology_, nodes, len(texts))
        return share_found(self.candidates(texts, k), right)

    def save(self, path: PathType, *, overwrite: bool = True) -> None:
        """Write a directory (or ``.zip``) without pickle, with the terminology in it.

        Read it with `graphrep.load`, which maps arrays instead of reading them.

        Raises
        ------
        GraphTypeError
            For a parameter that a file cannot hold, such as a function.
        """
        from graphrep.persistence import save

        check_is_fitted(self, "terminology_")
        save(self, path, overwrite=overwrite)
