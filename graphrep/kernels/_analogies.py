"""Ranks of the answers to analogies, a tile of candidates at a time.

A question (a, b, c) is answered with the node x of the highest score, which follows
from the cosines of x with the three words alone. So a tile holds cosines of words
with candidates, and the scores of thousands of questions are formed from it in
passing. Callers validate.
"""

import numpy as np

from graphrep.kernels._jit import njit

COS_ADD, COS_MUL, LR_COS = 0, 1, 2
_HALF = np.float32(0.5)
_ONE = np.float32(1.0)


@njit(nogil=True)
def _score(method, xa, xb, xc, eps):
    """Score one candidate by its cosines; the same bits wherever it stands.

    For "LR_COS" ``xa`` is the probability that x is of the class of the answer.
    """
    if method == COS_ADD:
        return xb - xa + xc
    if method == COS_MUL:
        top = ((_ONE + xb) * _HALF) * ((_ONE + xc) * _HALF)
        return top / ((_ONE + xa) * _HALF + eps)
    return xa * xc


@njit(nogil=True)
def best_answers(
    method, cosines, questions, good_at, good, bad_at, bad, eps, best, tied, above
):
    """Find the score of the best answer of each question, and start the counts.

    ``good`` and ``bad`` (CSR) are columns of ``cosines``: the answers, and the
    candidates that are left out. ``tied`` (n, 2) starts with minus the left-out
    candidates of the same score and the answers of it, ``above`` with minus the
    left-out ones above.
    """
    for q in range(questions.shape[0]):
        a, b, c = questions[q, 0], questions[q, 1], questions[q, 2]
        top = np.float32(-np.inf)
        for p in range(good_at[q], good_at[q + 1]):
            j = good[p]
            value = _score(method, cosines[a, j], cosines[b, j], cosines[c, j], eps)
            if value > top:
                top = value
                tied[q, 1] = 1
            elif value == top:
                tied[q, 1] += 1
        best[q] = top
        for p in range(bad_at[q], bad_at[q + 1]):
            j = bad[p]
            value = _score(method, cosines[a, j], cosines[b, j], cosines[c, j], eps)
            if value > top:
                above[q] -= 1
            elif value == top:
                tied[q, 0] -= 1


@njit(nogil=True)
def count_tile(method, cosines, width, questions, eps, best, tied, above):
    """Count the candidates of a tile that score above, or just as, the best answer.

    ``cosines`` (n_words, tile) holds ``width`` candidates.
    """
    for q in range(questions.shape[0]):
        xa = cosines[questions[q, 0]]
        xb = cosines[questions[q, 1]]
        xc = cosines[questions[q, 2]]
        top = best[q]
        more = 0
        same = 0
        if method == COS_ADD:
            for j in range(width):
                value = xb[j] - xa[j] + xc[j]
                more += value > top
                same += value == top
        elif method == COS_MUL:
            for j in range(width):
                value = ((_ONE + xb[j]) * _HALF) * ((_ONE + xc[j]) * _HALF)
                value = value / ((_ONE + xa[j]) * _HALF + eps)
                more += value > top
                same += value == top
        else:
            for j in range(width):
                value = xa[j] * xc[j]
                more += value > top
                same += value == top
        above[q] += more
        tied[q] += same
