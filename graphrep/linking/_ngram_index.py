"""NGramIndex: concepts whose names share n-grams of characters with a phrase."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._numbers import positive_int
from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions, fit_context
from graphrep.io._as_terminology import as_terminology
from graphrep.linking._candidate_list import CandidateList
from graphrep.linking._key_table import KeyTable
from graphrep.linking._name_search import NameSearch
from graphrep.linking._ngram_search import Found, with_equal_names
from graphrep.linking._queries import read_phrases
from graphrep.linking._terminology_state import terminology_of_state, terminology_state
from graphrep.linking._type_masks import TypeMasks, by_types
from graphrep.retrieval import SparseIndex, TextFeatures
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray

if TYPE_CHECKING:
    from typing import Self


class NGramIndex(NameSearch):
    """Find the concepts whose names are most like a phrase, letter by letter.

    Names are rows of weighted n-grams of characters, and concepts are ranked by the
    cosine of their best name with the phrase: exactly, and the k best concepts rather
    than the k best names.

    Parameters
    ----------
    analyzer : {"char", "word"}, default="char"
        Features: runs of ``n`` characters, or words.
    n : int, default=3
        Length of the runs of characters.
    sublinear : bool, default=True
        Whether a feature that occurs c times counts 1 + ln c instead of c.
    max_postings : int or None, default=None
        Most entries of the lists of features to read for a phrase, its rarest features
        first; see `SparseIndex.query`. None for an exact search.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.

    Attributes
    ----------
    terminology_ : Terminology
        What was fitted.
    node_ids_ : ndarray of shape (n_concepts,)
        Ids of the concepts.
    n_features_ : int
        Number of different features.

    See Also
    --------
    NameDictionary : Names that are a phrase.

    Notes
    -----
    A name that is the phrase itself, in small letters and with blanks merged, scores
    1 and nothing else does. Where several concepts score the same and not all of them
    are among the k best, those with the shorter name come in first, then those at the
    lower position; within the list entries of one score stand by position, as in every
    `CandidateList`. Of a concept's names of one score the shortest counts as matched.

    The search is exact (`SparseIndex`), of O(entries of the lists that are read) time
    for a phrase. It needs 16 bytes for each different feature of each name and 16 for
    each name; `graphrep.load` maps them from disk.

    Examples
    --------
    >>> index = NGramIndex().fit(
    ...     {"D1": ["influenza", "flu"], "D2": ["parainfluenza"], "D3": ["cough"]}
    ... )
    >>> index.candidates(["influenzae", "flu"], k=2).ids()
    [['D1', 'D2'], ['D1', 'D2']]
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "analyzer": [StrOptions({"char", "word"})],
        "n": [Interval(Integral, 1, None, closed="left")],
        "sublinear": ["boolean"],
        "max_postings": [Interval(Integral, 1, None, closed="left"), None],
        **THREADS,
    }

    def __init__(
        self,
        analyzer: str = "char",
        n: int = 3,
        *,
        sublinear: bool = True,
        max_postings: int | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.analyzer = analyzer
        self.n = n
        self.sublinear = sublinear
        self.max_postings = max_postings
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, terminology: Any, y: Any = None) -> Self:
        """Index all names.

        Parameters
        ----------
        terminology : Terminology, or what `graphrep.as_terminology` reads
            Concepts and their names.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        known = as_terminology(terminology)
        texts = [normal_form(text) for text in known.name_texts]
        # the lower row wins a tie in the search, so shorter names stand first
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        self._order = np.lexsort((known.name_concepts, lengths)).astype(np.int32)
        self._features = self._new_features()
        rows = self._features.fit_transform([texts[row] for row in self._order])
        self._index = SparseIndex(rows)
        self._equal = KeyTable.of(texts)
        self._set(known)
        self.node_ids_ = known.ids
        return self

    def _new_features(self) -> TextFeatures:
        return TextFeatures(
            self.analyzer, self.n, sublinear=self.sublinear, n_jobs=self.n_jobs
        )

    def _set(self, known: Any) -> None:
        owners = np.asarray(known.name_concepts)[self._order]
        self._groups = owners.astype(np.int32)
        self._masks: TypeMasks | None = None
        self.n_features_ = len(self._features.vocabulary_)
        self.terminology_ = known

    def candidates(
        self, phrases: Sequence[str], k: int = 10, types: Any = None
    ) -> CandidateList:
        """Find the k concepts with the most similar names.

        Parameters
        ----------
        phrases : sequence of str
            Phrases.
        k : int, default=10
            Most concepts of each.
        types : str, set of str, list of either or None, default=None
            Types that a concept must have one of; the k best of these are found. A list
            holds one text, set or None (anything goes) for each phrase.

        Returns
        -------
        CandidateList
            Scores are cosines. Concepts that share no feature with a phrase are left
            out. Source ``"ngram"``.

        Raises
        ------
        GraphTypeError
            If a phrase is no text, or types are asked of a terminology without any.
        GraphValueError
            If ``k`` is below 1, and for types that no concept has.
        """
        check_is_fitted(self, "terminology_")
        k, texts = positive_int(k, "k"), read_phrases(phrases)
        known = self.terminology_
        keys = [normal_form(text) for text in texts]
        queries = self._features.transform(keys)
        k = max(1, min(k, known.n_concepts))
        out = Found.empty(len(texts), k)
        for wanted, which in by_types(types, len(texts)):
            allowed = None if wanted is None else self._mask(wanted)
            part = self._search(queries[which], [keys[q] for q in which], k, allowed)
            out.put(which, part)
        return CandidateList.from_arrays(
            out.concepts, out.scores, known, names=out.names,
            source_names=("ngram",), mentions=texts,
        )  # fmt: skip

    def _mask(self, types: frozenset[str]) -> AnyArray:
        if self._masks is None:
            self._masks = TypeMasks(self.terminology_)
        return self._masks.mask(types)

    def _search(
        self, queries: Any, keys: list[str], k: int, allowed: AnyArray | None
    ) -> Found:
        groups = self._groups
        if allowed is not None:
            groups = np.where(allowed[groups], groups, np.int32(-1))
        rows, scores = self._index.query(
            queries, k, groups=groups, max_postings=self.max_postings,
            n_jobs=self.n_jobs,
        )  # fmt: skip
        texts = self.terminology_.name_texts
        places, equal = self._equal.find(keys, lambda row: normal_form(texts[row]))
        owners = np.asarray(self.terminology_.name_concepts)
        if allowed is not None:
            fine = allowed[owners[equal]]
            places, equal = places[fine], equal[fine]
        names = np.where(rows >= 0, self._order[rows], -1).astype(np.int64)
        return with_equal_names(names, scores, owners, places, equal, k)

    # -- keeping -----------------------------------------------------------------
    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        arrays, scalars = terminology_state(self.terminology_)
        arrays |= {
            "order": self._order, "equal_hashes": self._equal.hashes,
            "equal_rows": self._equal.rows, "vocabulary": self._features.vocabulary_,
            "idf": self._features.idf_,
        }  # fmt: skip
        index = self._index.to_arrays()
        return arrays | {f"index_{name}": a for name, a in index.items()}, scalars

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        self._order = arrays["order"]
        self._equal = KeyTable(arrays["equal_hashes"], arrays["equal_rows"])
        self._features = self._new_features()
        self._features.vocabulary_ = arrays["vocabulary"]
        self._features.idf_ = arrays["idf"]
        index = {n[6:]: a for n, a in arrays.items() if n.startswith("index_")}
        self._index = SparseIndex.from_arrays(index, len(arrays["vocabulary"]))
        self._set(terminology_of_state(self.node_ids_, arrays, scalars))
        return self
