"""How well candidates of phrases name the right concepts of a terminology.

Candidates are a `graphrep.linking.CandidateList` or anything with the same ``offsets``
and ``concepts``: each concept counts once, however many of its names matched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray


class Gold(NamedTuple):
    """Right concepts of each query, in flat arrays.

    Attributes
    ----------
    offsets : ndarray of int64 of shape (n_queries + 1,)
        Right concepts of query q are ``concepts[offsets[q]:offsets[q + 1]]``; none
        where the phrase has no concept in the terminology (NIL).
    concepts : ndarray of int64
        Positions, rising within a query, each once.
    """

    offsets: IntArray
    concepts: IntArray

    @property
    def counts(self) -> IntArray:
        """Right concepts of each query."""
        return np.diff(self.offsets)


class StrictScores(NamedTuple):
    """Precision and recall of the links that were made, one a query at most.

    Attributes
    ----------
    precision, recall, f1 : float
        Right links over links made, over queries with a concept, harmonic mean.
    accuracy : float
        Share of queries with a right link, or rightly without one.
    nil_precision, nil_recall : float
        Of leaving a query without a link; NaN where none was left or should be.
    n_linked, n_gold, n_correct, n_nil, n_nil_correct : int
        Links made, queries with a concept, right links, queries without a concept,
        those of them that were left without a link.
    """

    precision: float
    recall: float
    f1: float
    accuracy: float
    nil_precision: float
    nil_recall: float
    n_linked: int
    n_gold: int
    n_correct: int
    n_nil: int
    n_nil_correct: int


def read_gold(
    gold: Any, n_queries: int | None = None, *, terminology: Any = None
) -> Gold:
    """Read the right concepts of queries.

    Parameters
    ----------
    gold : Gold, array-like of int, or sequence of (int or sequence of int)
        For each query the position of its concept, or those of several that are all
        right; an empty sequence, None or -1 for none (NIL).
    n_queries : int or None, default=None
        Number of queries that there must be.
    terminology : Terminology or None, default=None
        If given, gold holds ids of its concepts instead of positions: one for each
        query, a set or list of several, or None. A tuple is one id. An id that was
        replaced stands for its successors.

    Returns
    -------
    Gold

    Raises
    ------
    GraphTypeError
        If an entry is no position, and for a terminology that is none.
    NodeNotFoundError
        For an id that is no concept and was not replaced by one.
    GraphValueError
        For another number of queries, and positions below -1.

    Examples
    --------
    >>> read_gold([3, [5, 2, 5], -1]).offsets.tolist()
    [0, 1, 3, 3]
    """
    if terminology is not None and not isinstance(gold, Gold):
        from graphrep.metrics._gold_ids import positions_of_ids

        gold = positions_of_ids(gold, terminology)
    if isinstance(gold, Gold):
        found = gold
    elif isinstance(gold, np.ndarray) and gold.ndim == 1 and gold.dtype.kind in "iu":
        found = _of_rows(np.arange(len(gold)), gold.astype(np.int64), len(gold))
    else:
        queries: list[int] = []
        concepts: list[int] = []
        for query, entry in enumerate(gold):
            for concept in _entries(query, entry):
                queries.append(query)
                concepts.append(concept)
        rows = np.array(queries, np.int64), np.array(concepts, np.int64)
        found = _of_rows(*rows, len(gold))
    n = len(found.offsets) - 1
    if n_queries is not None and n != n_queries:
        raise GraphValueError(
            f"gold is for {n:,} queries, but there are {n_queries:,}."
        )
    return found


def _entries(query: int, entry: Any) -> list[int]:
    if entry is None:
        return []
    values: list[Any] = [entry] if np.isscalar(entry) else list(entry)
    for value in values:
        if isinstance(value, (bool, np.bool_)) or not isinstance(
            value, (int, np.integer)
        ):
            raise GraphTypeError(
                f"gold[{query}] holds {value!r}; right concepts are given as "
                "positions. Pass gold=read_gold(ids, terminology=linker.terminology_), "
                "of graphrep.metrics, for ids, or gold_kind='ids' where there is one."
            )
    return [int(value) for value in values]


def _of_rows(queries: IntArray, concepts: IntArray, n: int) -> Gold:
    if len(concepts) and concepts.min() < -1:
        at = int(np.argmin(concepts))
        raise GraphValueError(
            f"gold holds {concepts[at]} for query {queries[at]}; positions are 0 or "
            "more, -1 stands for none."
        )
    there = concepts >= 0
    pairs = np.unique(np.stack([queries[there], concepts[there]], axis=1), axis=0)
    counts = np.bincount(pairs[:, 0], minlength=n)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Gold(offsets, np.ascontiguousarray(pairs[:, 1]))


def gold_hits(candidates: Any, gold: Any) -> AnyArray:
    """Tell which candidates are right: bool (n_candidates,). O(n log n)."""
    offsets, concepts = _columns(candidates)
    right = read_gold(gold, len(offsets) - 1)
    width = int(max(concepts.max(initial=0), right.concepts.max(initial=0))) + 1
    mine = _queries(offsets) * width + concepts
    wanted = _queries(right.offsets) * width + right.concepts
    return np.isin(mine, wanted)


def gold_ranks(candidates: Any, gold: Any) -> IntArray:
    """Rank of the first right candidate of each query, from 1; 0 where none is listed.

    Parameters
    ----------
    candidates : CandidateList
    gold : see `read_gold`

    Returns
    -------
    ndarray of int64 of shape (n_queries,)
    """
    offsets, _ = _columns(candidates)
    at = np.flatnonzero(gold_hits(candidates, gold))
    queries = _queries(offsets)[at]
    out = np.zeros(len(offsets) - 1, np.int64)
    first = np.unique(queries, return_index=True)[1]
    out[queries[first]] = at[first] - offsets[queries[first]] + 1
    return out


def linking_values(
    candidates: Any, gold: Any, k: Sequence[int] = (1, 5, 10, 25)
) -> dict[str, FloatArray]:
    """Value of each query of every ranking metric.

    Parameters
    ----------
    candidates : CandidateList
    gold : see `read_gold`
    k : sequence of int, default=(1, 5, 10, 25)

    Returns
    -------
    dict of str to ndarray of float64 of shape (n_queries,)
        ``acc@k``: 1 if a right concept is among the first k; ``recall@k``: share of
        the right ones that are; ``mrr``: 1 over the rank of the first; ``map``: mean
        precision at the ranks of all right ones. Concepts that are not listed count 0.
        NaN for queries without a concept.

    Examples
    --------
    >>> from graphrep.linking import CandidateList
    >>> found = CandidateList.from_arrays([[7, 2, 5]], [[0.9, 0.8, 0.1]])
    >>> values = linking_values(found, [[2, 5, 8]], k=(1, 2))
    >>> [(name, round(float(value[0]), 3)) for name, value in values.items()]
    [('acc@1', 0.0), ('acc@2', 1.0), ('recall@1', 0.0), ('recall@2', 0.333),
     ('mrr', 0.5), ('map', 0.389)]
    """
    offsets, _ = _columns(candidates)
    n = len(offsets) - 1
    right = read_gold(gold, n)
    hits = gold_hits(candidates, right)
    ranks = np.arange(len(hits)) - np.repeat(offsets[:-1], np.diff(offsets)) + 1
    queries = _queries(offsets)
    counts = np.where(right.counts > 0, right.counts, np.nan)
    first = gold_ranks(candidates, right)
    known = np.where(right.counts > 0, 1.0, np.nan)
    ks = [_positive(one) for one in k]
    out = {f"acc@{one}": known * ((first > 0) & (first <= one)) for one in ks}
    for one in ks:
        found = np.bincount(queries[hits & (ranks <= one)], minlength=n)
        out[f"recall@{one}"] = found / counts
    out["mrr"] = known * np.where(first > 0, 1 / np.maximum(first, 1), 0)
    upto = np.cumsum(hits) - np.repeat(
        np.concatenate([[0], np.cumsum(hits)])[offsets[:-1]], np.diff(offsets)
    )
    precision = np.bincount(queries[hits], (upto / ranks)[hits], minlength=n)
    out["map"] = precision / counts
    return out


def accuracy_at_k(candidates: Any, gold: Any, k: int = 1) -> float:
    """Share of queries with a right concept among the first k; NIL does not count."""
    return _mean(linking_values(candidates, gold, (k,))[f"acc@{k}"])


def recall_at_k(candidates: Any, gold: Any, k: int = 10) -> float:
    """Mean share of the right concepts among the first k; NIL does not count."""
    return _mean(linking_values(candidates, gold, (k,))[f"recall@{k}"])


def mean_reciprocal_rank(candidates: Any, gold: Any) -> float:
    """Mean of 1 over the rank of the first right concept; NIL does not count."""
    return _mean(linking_values(candidates, gold, ())["mrr"])


def mean_average_precision(candidates: Any, gold: Any) -> float:
    """Mean of the precision at the ranks of right concepts; NIL does not count."""
    return _mean(linking_values(candidates, gold, ())["map"])


def top_concepts(candidates: Any, threshold: float | None = None) -> IntArray:
    """First candidate of each query: int64 (n_queries,), -1 for none.

    Parameters
    ----------
    candidates : CandidateList
    threshold : float or None, default=None
        Candidates with a lower score make no link.
    """
    offsets, concepts = _columns(candidates)
    out = np.full(len(offsets) - 1, -1, np.int64)
    some = np.flatnonzero(np.diff(offsets) > 0)
    if threshold is not None:
        best = np.asarray(candidates.scores)[offsets[some]]
        some = some[best >= np.float32(threshold)]
    out[some] = concepts[offsets[some]]
    return out


def strict_scores(
    candidates: Any, gold: Any, threshold: float | None = None
) -> StrictScores:
    """Score the first candidate of each query as a link, NIL included.

    Parameters
    ----------
    candidates : CandidateList
    gold : see `read_gold`
    threshold : float or None, default=None
        A query whose best score is lower is left without a link.

    Returns
    -------
    StrictScores
        0 where there is nothing to divide by, NaN for the two of NIL.
    """
    parts = strict_parts(candidates, gold, threshold)
    correct, linked, owned = (int(part.sum()) for part in parts)
    nil, left = parts[2] == 0, parts[1] == 0
    n_nil, both = int(nil.sum()), int((nil & left).sum())
    n = len(nil)
    return StrictScores(
        precision=correct / linked if linked else 0.0,
        recall=correct / owned if owned else 0.0,
        f1=2 * correct / (linked + owned) if linked + owned else 0.0,
        accuracy=(correct + both) / n if n else 0.0,
        nil_precision=both / int(left.sum()) if left.any() else float("nan"),
        nil_recall=both / n_nil if n_nil else float("nan"),
        n_linked=linked,
        n_gold=owned,
        n_correct=correct,
        n_nil=n_nil,
        n_nil_correct=both,
    )


def strict_parts(
    candidates: Any, gold: Any, threshold: float | None = None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Whether each query has a right link, a link, a concept: 0 or 1, float64."""
    top = top_concepts(candidates, threshold)
    right = read_gold(gold, len(top))
    linked = top >= 0
    width = int(max(top.max(initial=0), right.concepts.max(initial=0))) + 1
    wanted = _queries(right.offsets) * width + right.concepts
    correct = linked & np.isin(np.arange(len(top)) * width + top, wanted)
    return (
        correct.astype(np.float64),
        linked.astype(np.float64),
        (right.counts > 0).astype(np.float64),
    )


def hierarchy_values(
    top: Any, gold: Any, parents: Any, within: int = 2
) -> dict[str, FloatArray]:
    """How far the chosen concept of each query is from the right one.

    Parameters
    ----------
    top : array-like of int of shape (n_queries,)
        Chosen concepts, -1 for none; see `top_concepts`.
    gold : see `read_gold`
        Of several right concepts the nearest counts.
    parents : sparse matrix or array of shape (n_concepts, n_concepts)
        Row c holds the parents of c. Several parents and cycles are fine.
    within : int, default=2
        Most steps for ``ancestor``.

    Returns
    -------
    dict of str to ndarray of float64 of shape (n_queries,)
        ``distance``: steps of the shortest path that goes up to a common ancestor and
        down again, NaN without one. ``ancestor``: 1 where the chosen concept is right
        or at most ``within`` steps above. ``wu_palmer``: ``2 D / (2 D + a + b)`` with
        the depth D of the deepest common ancestor (roots have 1) and the steps to it
        [1]_; 0 without one. Queries without a chosen or a right concept: 0 and NaN
        distance where only the chosen one lacks, NaN otherwise.

    Notes
    -----
    O(pairs * ancestors) time. The form of Wu-Palmer with path lengths stays within 1
    where concepts have several parents.

    References
    ----------
    .. [1] Z. Wu, M. Palmer, "Verb semantics and lexical selection", ACL 1994.
    """
    from graphrep.graph._terminology_tree import distances_from
    from graphrep.kernels import _taxonomy_paths

    kernels: Any = _taxonomy_paths
    matrix = _hierarchy(parents)
    chosen = np.asarray(top, np.int64)
    right = read_gold(gold, len(chosen))
    for name, values in (("top", chosen), ("gold", right.concepts)):
        if len(values) and values.max() >= matrix.shape[0]:
            raise GraphValueError(
                f"{name} holds {values.max():,}, but parents has {matrix.shape[0]:,} "
                "concepts."
            )
    queries = _queries(right.offsets)
    there = chosen[queries] >= 0
    queries, wanted = queries[there], right.concepts[there]
    roots = np.flatnonzero(np.diff(matrix.indptr) == 0)
    depth = np.maximum(distances_from(matrix.T.tocsr(), roots), 0)
    distance, above = np.empty((2, len(queries)), np.int64)
    similar = np.empty(len(queries), np.float64)
    kernels.ancestor_paths(
        matrix.indptr, matrix.indices, depth, chosen[queries], wanted, distance, above,
        similar,
    )  # fmt: skip
    n = len(chosen)
    base = np.where(right.counts > 0, 0.0, np.nan)
    out = {"distance": np.full(n, np.nan), "ancestor": base, "wu_palmer": base.copy()}
    known = distance >= 0
    np.fmin.at(out["distance"], queries[known], distance[known].astype(np.float64))
    close = (above >= 0) & (above <= within)
    out["ancestor"][queries[close]] = 1.0
    np.maximum.at(out["wu_palmer"], queries, similar)
    return out


def _columns(candidates: Any) -> tuple[IntArray, IntArray]:
    try:
        return np.asarray(candidates.offsets), np.asarray(candidates.concepts)
    except AttributeError:
        raise GraphTypeError(
            "candidates must be a CandidateList; got "
            f"{type(candidates).__name__}. CandidateList.from_arrays makes one."
        ) from None


def _queries(offsets: IntArray) -> IntArray:
    return np.repeat(np.arange(len(offsets) - 1, dtype=np.int64), np.diff(offsets))


def _hierarchy(parents: Any) -> Any:
    from scipy import sparse

    matrix: Any = sparse.csr_array(parents)
    if matrix.shape[0] != matrix.shape[1]:
        raise GraphValueError(f"parents must be square; got shape {matrix.shape}.")
    return matrix


def _positive(k: Any) -> int:
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise GraphValueError(f"k must be positive integers; got {k!r}.")
    return int(k)


def _mean(values: FloatArray) -> float:
    known = ~np.isnan(values)
    return float(values[known].mean()) if known.any() else float("nan")
