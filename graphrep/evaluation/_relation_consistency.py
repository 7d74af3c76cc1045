"""Whether the pairs of one relation lie in one direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep._utils._random import draw_seed
from graphrep.exceptions import GraphValueError
from graphrep.graph import Vectors
from graphrep.typing import AnyArray, FloatArray, IntArray

_PAIRS_AT_ONCE = 1 << 14


def relation_consistency(
    vectors: Any,
    heads: Any,
    relations: Any,
    tails: Any,
    *,
    n_shuffles: int = 5,
    min_pairs: int = 2,
    random_state: Any = 0,
) -> list[dict[str, Any]]:
    """Mean pairwise cosine of the offsets of each relation, beside shuffled tails.

    Parameters
    ----------
    vectors : Vectors or array-like of shape (n_nodes, n_components)
        The vectors.
    heads, tails : sequence of length n_triples
        Ids of nodes for `Vectors`, row numbers for an array.
    relations : sequence of length n_triples
        Relation of each pair.
    n_shuffles : int, default=5
        How often the tails of a relation are shuffled; 0 leaves it out.
    min_pairs : int, default=2
        Relations of fewer different pairs are left out.
    random_state : int, RandomState instance, Generator or None, default=0
        Decides about the shuffling.

    Returns
    -------
    list of dict
        For each relation, sorted by name: ``relation``, ``n_pairs``, ``n_skipped``
        (pairs with ids that are unknown or with an offset of zero), ``consistency``,
        ``shuffled`` and ``difference``.

    Raises
    ------
    GraphValueError
        For columns of different lengths, or row numbers that are not there.

    Notes
    -----
    For m offsets ``x_tail - x_head``, scaled to unit length ``u_i``, the mean cosine
    of the m (m - 1) / 2 pairs is exactly ``(|sum u_i|^2 - m) / (m (m - 1))``, so that
    it costs O(m n_components). It is 1 where all offsets point in one direction.
    Shuffled tails keep what heads and tails have in common as groups: the difference
    is what the pairing adds. A triple that is given twice counts once.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.0, 0], [0, 5], [0, 9], [1, 0], [1, 5], [1, 9]])
    >>> rows = relation_consistency(x, [0, 1, 2], ["r"] * 3, [3, 4, 5])
    >>> rows[0]["consistency"], rows[0]["shuffled"] < 1
    (1.0, True)
    """
    lengths = {len(heads), len(relations), len(tails)}
    if len(lengths) > 1:
        raise GraphValueError(
            "heads, relations and tails must be of one length; got "
            f"{len(heads):,}, {len(relations):,} and {len(tails):,}."
        )
    matrix = vectors.matrix if isinstance(vectors, Vectors) else np.asarray(vectors)
    h, t = (_rows_of(vectors, matrix, ends) for ends in (heads, tails))
    named: dict[Any, list[int]] = {}
    seen: set[tuple[Any, int, int]] = set()
    skipped: dict[Any, int] = {}
    for i, (one, relation, two) in enumerate(
        zip(h.tolist(), relations, t.tolist(), strict=True)
    ):
        if one < 0 or two < 0:
            skipped[relation] = skipped.get(relation, 0) + 1
        elif (relation, one, two) not in seen:
            seen.add((relation, one, two))
            named.setdefault(relation, []).append(i)
    seed = draw_seed(random_state)
    out = []
    for relation in sorted(named, key=str):
        at = np.array(named[relation])
        row = _row(matrix, h[at], t[at], n_shuffles, seed)
        row["n_skipped"] += skipped.get(relation, 0)
        if row["n_pairs"] >= max(2, min_pairs):
            out.append({"relation": str(relation), **row})
    return out


def _rows_of(vectors: Any, matrix: AnyArray, ends: Any) -> IntArray:
    """Row of each end, -1 for an id that is not there."""
    if isinstance(vectors, Vectors):
        nodes = vectors.nodes
        return np.array([nodes.index(e) if e in nodes else -1 for e in ends], np.int64)
    rows = np.asarray(ends, np.int64)
    if len(rows) and (rows.min() < 0 or rows.max() >= len(matrix)):
        raise GraphValueError(
            f"heads and tails must be row numbers from 0 to {len(matrix) - 1}; got "
            f"{rows.min()} to {rows.max()}. Pass Vectors to name nodes by their ids."
        )
    return rows


def _row(
    matrix: AnyArray, h: IntArray, t: IntArray, n_shuffles: int, seed: int
) -> dict[str, Any]:
    value, m = _mean_cosine(matrix, h, t)
    rng = np.random.default_rng(seed)
    others = [_mean_cosine(matrix, h, rng.permutation(t))[0] for _ in range(n_shuffles)]
    known = [other for other in others if not np.isnan(other)]
    shuffled = float(np.mean(known)) if known else float("nan")
    return {
        "n_pairs": m, "n_skipped": len(h) - m, "consistency": value,
        "shuffled": shuffled, "difference": value - shuffled,
    }  # fmt: skip


def _mean_cosine(matrix: AnyArray, h: IntArray, t: IntArray) -> tuple[float, int]:
    """Mean pairwise cosine of the offsets, and how many of them are not zero."""
    total: FloatArray = np.zeros(matrix.shape[1])
    m = 0
    for start in range(0, len(h), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        offset = matrix[t[part]].astype(np.float64) - matrix[h[part]]
        length = np.linalg.norm(offset, axis=1)
        there = length > 0
        total += (offset[there] / length[there, None]).sum(axis=0)
        m += int(there.sum())
    if m < 2:
        return float("nan"), m
    return float((total @ total - m) / (m * (m - 1))), m
