"""Texts from arenas into lines of a file: the writing side of edge lists."""

from graphrep.kernels._jit import njit


@njit(inline="always")
def _copy(arena, offsets, i, out, p):
    for q in range(offsets[i], offsets[i + 1]):
        out[p] = arena[q]
        p += 1
    return p


@njit(nogil=True)
def join_lines(rows, columns, texts, weights, codes, delimiter, out):
    """Write one line for every edge; return the bytes written.

    ``texts`` and ``weights`` are (arena, offsets); ``codes`` says which text is the
    weight of an edge and is empty where there are no weights.
    """
    arena, offsets = texts
    w_arena, w_offsets = weights
    p = 0
    for e in range(rows.shape[0]):
        p = _copy(arena, offsets, rows[e], out, p)
        out[p] = delimiter
        p = _copy(arena, offsets, columns[e], out, p + 1)
        if codes.shape[0]:
            out[p] = delimiter
            p = _copy(w_arena, w_offsets, codes[e], out, p + 1)
        out[p] = 10
        p += 1
    return p
