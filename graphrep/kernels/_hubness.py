"""Loops of hubness correction: masks, ranks among a bank, ranks of held-out pairs.

Callers validate. Scores are float32 tiles, codes and rows int64.
"""

import numpy as np

from graphrep.kernels._jit import njit


@njit(nogil=True)
def mask_groups(scores, row_codes, column_codes):
    """Set the scores of pairs of one group to -inf, in place."""
    for r in range(scores.shape[0]):
        code = row_codes[r]
        for c in range(scores.shape[1]):
            if column_codes[c] == code:
                scores[r, c] = -np.inf


@njit(nogil=True)
def count_above(bank, scores, slack, lengths, out):
    """Count for each target how many of the bank score above each query.

    ``bank`` (n_targets, n_bank) is sorted rising along its rows, ``scores`` is
    (n_targets, n_queries), ``out`` int64 likewise. A member counts where its score is
    higher by more than ``slack`` of the target times ``lengths`` of the query.
    """
    size = bank.shape[1]
    for t in range(bank.shape[0]):
        for q in range(scores.shape[1]):
            low, high = 0, size
            least = scores[t, q] + slack[t] * lengths[q]
            while low < high:
                middle = (low + high) // 2
                if bank[t, middle] <= least:
                    low = middle + 1
                else:
                    high = middle
            out[t, q] = size - low


@njit(nogil=True)
def push_ranked(ranks, scores, start, best_rank, best_score, index):
    """Insert targets in the sorted lists of each query.

    ``ranks`` (int64) and ``scores`` are (n_targets, n_queries); the lists
    (n_queries, k) rise in rank, fall in score among equals, rise in row among those.
    Rows come in rising order.
    """
    k = best_rank.shape[1]
    for t in range(ranks.shape[0]):
        for q in range(ranks.shape[1]):
            rank, score = ranks[t, q], scores[t, q]
            at = k
            while at > 0 and (
                rank < best_rank[q, at - 1]
                or (rank == best_rank[q, at - 1] and score > best_score[q, at - 1])
            ):
                at -= 1
            if at == k:
                continue
            for p in range(k - 1, at, -1):
                best_rank[q, p] = best_rank[q, p - 1]
                best_score[q, p] = best_score[q, p - 1]
                index[q, p] = index[q, p - 1]
            best_rank[q, at] = rank
            best_score[q, at] = score
            index[q, at] = start + t


@njit(nogil=True)
def group_ranks(scores, parts, gates, strengths, codes, n_groups, gold, out):
    """Rank the gold group of each query under each strength of a correction.

    ``scores`` float32 (n_queries, n_targets), ``parts`` float32 (n_parts, n_targets)
    are subtracted where ``gates`` (n_queries, n_parts) is 1, times each of
    ``strengths``. A group scores as its best row; of equal groups the lower code
    stands first. ``out`` int64 (n_strengths, n_queries) counts from 1.
    """
    best = np.empty(n_groups, np.float32)
    for q in range(scores.shape[0]):
        for s in range(strengths.shape[0]):
            best[:] = -np.inf
            for t in range(scores.shape[1]):
                value = scores[q, t]
                for p in range(parts.shape[0]):
                    value -= strengths[s] * gates[q, p] * parts[p, t]
                if value > best[codes[t]]:
                    best[codes[t]] = value
            mine = best[gold[q]]
            rank = 1
            for g in range(n_groups):
                if best[g] > mine or (best[g] == mine and g < gold[q]):
                    rank += 1
            out[s, q] = rank
