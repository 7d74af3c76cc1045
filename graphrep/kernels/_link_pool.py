"""Candidates of phrases: lists joined, and relatives of the best added."""

import numpy as np

from graphrep.kernels._jit import njit

EXACT, CHAR, WORD, DENSE, FAMILY = 1, 2, 4, 8, 16
"""Bits of the stages that find a concept."""


@njit(nogil=True)
def _add(c, bit, stamp, q, seen, place, allowed, out, bits, n):
    """Note a concept of query q; return how many it has then."""
    if c < 0 or not allowed[c]:
        return n
    if seen[c] == stamp:
        bits[q, place[c]] |= bit
        return n
    if n == out.shape[1]:
        return n
    seen[c] = stamp
    place[c] = n
    out[q, n] = c
    bits[q, n] = bit
    return n + 1


@njit(nogil=True)
def collect(
    lo, hi, exact_offsets, exact, lists, list_bits, n_best, most,
    up, ups, down, downs, allowed, out, bits, sizes,
):  # fmt: skip
    """Join the lists of queries ``lo`` to ``hi`` and add relatives of their best.

    Parameters
    ----------
    exact_offsets, exact : int64
        Concepts of each query that are certain candidates.
    lists : int64 (n_lists, n_queries, k)
        Concepts, best first, -1 for no more; ``list_bits`` names their stages.
    n_best : int
        First concepts of each list of which parents, children and siblings are added,
        at most ``most`` of each kind.
    up, ups, down, downs : int64, int32
        Parents and children: pointers and concepts.
    allowed : bool (n_concepts,)
        Which concepts may be found.
    out, bits, sizes
        Concepts (n_queries, capacity), their stages, and how many there are.
    """
    n_concepts = allowed.shape[0]
    seen = np.full(n_concepts, -1, np.int64)
    place = np.empty(n_concepts, np.int32)
    for q in range(lo, hi):
        n = 0
        for at in range(exact_offsets[q], exact_offsets[q + 1]):
            n = _add(exact[at], EXACT, q, q, seen, place, allowed, out, bits, n)
        for s in range(lists.shape[0]):
            for j in range(lists.shape[2]):
                c = lists[s, q, j]
                if c < 0:
                    break
                n = _add(c, list_bits[s], q, q, seen, place, allowed, out, bits, n)
        for s in range(lists.shape[0]):
            for j in range(min(n_best, lists.shape[2])):
                c = lists[s, q, j]
                if c < 0:
                    break
                for a in range(down[c], min(down[c + 1], down[c] + most)):
                    n = _add(downs[a], FAMILY, q, q, seen, place, allowed, out, bits, n)
                for a in range(up[c], up[c + 1]):
                    p = ups[a]
                    n = _add(p, FAMILY, q, q, seen, place, allowed, out, bits, n)
                    for b in range(down[p], min(down[p + 1], down[p] + most)):
                        n = _add(
                            downs[b], FAMILY, q, q, seen, place, allowed, out, bits, n
                        )
        sizes[q] = n


@njit(nogil=True)
def rows_of_pairs(concepts, name_offsets, held, starts, rows):
    """List the names of the concept of each pair, but those that ``held`` marks.

    With empty ``rows`` only ``starts`` (n_pairs + 1) is filled.
    """
    fill = rows.shape[0] > 0
    n = 0
    starts[0] = 0
    for pair in range(concepts.shape[0]):
        c = concepts[pair]
        for row in range(name_offsets[c], name_offsets[c + 1]):
            if held[row]:
                continue
            if fill:
                rows[n] = row
            n += 1
        starts[pair + 1] = n
    return n


@njit(nogil=True)
def largest_of_groups(scores, first, last, name_offsets, out):
    """Largest column of each concept ``first`` to ``last``: (n_rows, n_groups)."""
    start = name_offsets[first]
    for i in range(scores.shape[0]):
        for c in range(first, last):
            best = np.float32(-4.0)
            for row in range(name_offsets[c] - start, name_offsets[c + 1] - start):
                best = max(best, scores[i, row])
            out[i, c - first] = best
