"""NameDictionary: concepts whose names are a phrase, as it is or nearly so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._numbers import positive_int
from graphrep._utils._sklearn_compat import fit_context
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Terminology
from graphrep.io._as_terminology import as_terminology
from graphrep.linking._candidate_list import CandidateList
from graphrep.linking._key_table import KeyTable
from graphrep.linking._name_keys import id_key, plain_key, stem_key
from graphrep.linking._name_search import NameSearch
from graphrep.linking._queries import read_phrases
from graphrep.linking._terminology_state import terminology_of_state, terminology_state
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray

if TYPE_CHECKING:
    from typing import Self

SCORES = {"text": 1.0, "plain": 0.99, "stems": 0.97, "id": 1.0, "plain_id": 0.99}
"""Score of a match by the key that it was found under."""
_OF_IDS = ("id", "plain_id")


class NameDictionary(NameSearch):
    """Find the concepts that have a phrase as a name, as an id, or nearly so.

    Parameters
    ----------
    normalizer : callable or None, default=None
        Turns a name or a phrase into its loosest key, ``""`` for none. None takes
        English rules: words without plural endings, in American spelling, sorted, and
        without "of", "the" and "and".
    ids : bool, default=True
        Whether the ids of concepts are names too, such as "E11.9" and "HP:0001250".
    kind_scores : mapping of str to float, or None, default=None
        What the score of a match is multiplied by, by the kind of the name; 1 for kinds
        that are not named. ``{"exact": 0.999}`` puts preferred names before others
        where concepts share a name.

    Attributes
    ----------
    terminology_ : Terminology
        What was fitted.
    node_ids_ : ndarray of shape (n_concepts,)
        Ids of the concepts.

    See Also
    --------
    NGramIndex : Names that are like a phrase.

    Notes
    -----
    A match is scored by the strictest key under which name and phrase are equal:

    =====  ==============================================================
    1.0    text in small letters, blanks merged; the same of an id
    0.99   without marks, hyphens and apostrophes; an id without its dots
    0.97   ``normalizer``
    =====  ==============================================================

    Digits, ``+`` and ``%`` count in all of them. A name of several concepts finds all
    of them, in the order of their positions.

    O(length) for a phrase, whatever the number of names, and 12 bytes for each name and
    key; `graphrep.load` maps them.

    Examples
    --------
    >>> index = NameDictionary().fit(
    ...     {"E11.9": ["Type 2 diabetes mellitus", "diabetes, adult-onset"]}
    ... )
    >>> found = index.candidates(["Adult onset diabetes", "diabetes type II", "e119"])
    >>> found.ids(), [f"{score:.2f}" for score in found.scores]
    ([['E11.9'], [], ['E11.9']], ['0.97', '0.99'])
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "normalizer": [callable, None],
        "ids": ["boolean"],
        "kind_scores": [Mapping, None],
    }

    def __init__(
        self, normalizer: Callable[[str], str] | None = None, *, ids: bool = True,
        kind_scores: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        self.normalizer = normalizer
        self.ids = ids
        self.kind_scores = kind_scores

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, terminology: Any, y: Any = None) -> Self:
        """Look at all names.

        Parameters
        ----------
        terminology : Terminology, or what `graphrep.as_terminology` reads
            Concepts and their names.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        GraphTypeError
            If ``normalizer`` gives something else than a text.
        GraphValueError
            For an unknown kind, or a factor outside 0 to 1.
        """
        known = as_terminology(terminology)
        self._kind_factors()
        texts = known.name_texts.tolist()
        ids = [str(one) for one in known.ids.tolist()] if self.ids else []
        keys = self._keys()
        self._tables = {
            name: KeyTable.of(
                [self._apply(key, text) for text in (ids if name in _OF_IDS else texts)]
            )
            for name, key in keys.items()
        }
        self.terminology_ = known
        self.node_ids_ = known.ids
        return self

    def candidates(self, phrases: Sequence[str], k: int = 10) -> CandidateList:
        """Find the concepts that have phrases as names.

        Parameters
        ----------
        phrases : sequence of str
            Phrases.
        k : int, default=10
            Most concepts of each.

        Returns
        -------
        CandidateList
            Mostly short or empty. Source ``"exact"``.

        Raises
        ------
        GraphTypeError
            If a phrase is no text.
        GraphValueError
            If ``k`` is below 1.
        """
        check_is_fitted(self, "terminology_")
        k, texts = positive_int(k, "k"), read_phrases(phrases)
        known = self.terminology_
        factors, parts = self._kind_factors(), []
        for name, key in self._keys().items():
            of_ids = name in _OF_IDS
            source: Any = known.ids if of_ids else known.name_texts

            def key_of_row(row: int, key: Any = key, source: Any = source) -> str:
                return self._apply(key, str(source[row]))

            places, rows = self._tables[name].find(
                [self._apply(key, text) for text in texts], key_of_row
            )
            concepts = rows if of_ids else np.asarray(known.name_concepts)[rows]
            names = np.full(len(rows), -1) if of_ids else rows
            scores = np.full(len(rows), SCORES[name], np.float32)
            if not of_ids:
                scores *= factors[np.asarray(known.name_kinds)[rows]]
            parts.append((places, concepts, scores, names))
        places, concepts, scores, names = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        return CandidateList.from_arrays(
            concepts, scores, known, queries=places, n_queries=len(texts), names=names,
            source_names=("exact",), mentions=texts,
        ).top(k)  # fmt: skip

    def _keys(self) -> dict[str, Callable[[str], str]]:
        keys: dict[str, Callable[[str], str]] = {
            "text": normal_form, "plain": plain_key,
            "stems": stem_key if self.normalizer is None else self.normalizer,
        }  # fmt: skip
        return keys | ({"id": normal_form, "plain_id": id_key} if self.ids else {})

    def _kind_factors(self) -> AnyArray:
        """Factor of the score of a match by the code of its kind."""
        out = np.ones(len(Terminology.KINDS), np.float32)
        for kind, factor in (self.kind_scores or {}).items():
            if kind not in Terminology.KINDS or not 0 < factor <= 1:
                raise GraphValueError(
                    "kind_scores must lead from kinds of names "
                    f"({', '.join(Terminology.KINDS)}) to factors above 0, up to 1; "
                    f"got {kind!r}: {factor!r}."
                )
            out[Terminology.KINDS.index(kind)] = factor
        return out

    def _apply(self, key: Callable[[str], str], text: str) -> str:
        out = key(text)
        if not isinstance(out, str):
            raise GraphTypeError(
                f"normalizer must give a text; it made {out!r} of {text!r}."
            )
        return out

    # -- keeping -----------------------------------------------------------------
    def _parameters_to_save(self) -> dict[str, Any]:
        if self.normalizer is not None:
            raise GraphTypeError(
                "A NameDictionary with a normalizer cannot be saved without pickle, "
                "since a function would have to be; fit it again after loading."
            )
        parameters: dict[str, Any] = self.get_params(deep=False)
        if self.kind_scores is not None:
            parameters["kind_scores"] = dict(self.kind_scores)
        return parameters

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        arrays, scalars = terminology_state(self.terminology_)
        for name, table in self._tables.items():
            arrays[f"{name}_hashes"], arrays[f"{name}_rows"] = table.hashes, table.rows
        return arrays, scalars

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        self._tables = {
            name: KeyTable(arrays[f"{name}_hashes"], arrays[f"{name}_rows"])
            for name in self._keys()
        }
        self.terminology_ = terminology_of_state(self.node_ids_, arrays, scalars)
        return self
