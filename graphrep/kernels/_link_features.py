"""How a phrase and a concept go together: numbers that a ranker learns from."""

import numpy as np

from graphrep.kernels._jit import njit

CUES = 32
"""Most words whose presence is compared one by one."""

(
    CHAR, WORD, DENSE, DENSE_MEAN, TOTAL, QUERY_COVER, NAME_COVER, OWN_COVER,
    FAMILY_COVER, NUMBERS_MISSING, NUMBERS_ADDED, QUERY_WORDS, NAME_WORDS, WORD_RATIO,
    EXACT, UNKNOWN, PREFERRED, LABELLED, CHAR_GAP, WORD_GAP, DENSE_GAP, TOTAL_GAP,
    CHAR_RANK, WORD_RANK, DENSE_RANK, TOTAL_RANK, MASS, PARENT_MASS, GRANDPARENT_MASS,
    SIBLING_GAP, PARENT_TOTAL, BEST_TOTAL, DEPTH, CHILDREN, NAMES, NEAR_COVER,
    NEAR_FAMILY, CUE,
) = range(38)  # fmt: skip
"""Columns of the features; those of the cues follow from ``CUE`` on."""

_LEVELS = 3  # of ancestors whose words count
_FAMILY = 48  # most ancestors


@njit(nogil=True)
def _words_of(c, name_offsets, w_indptr, w_indices, position, held):
    """Bits of the words of the query that names of a concept hold."""
    bits = np.uint64(0)
    for row in range(name_offsets[c], name_offsets[c + 1]):
        if held[row]:
            continue
        for at in range(w_indptr[row], w_indptr[row + 1]):
            p = position[w_indices[at]]
            if p:
                bits |= np.uint64(1) << np.uint64(p - 1)
    return bits


@njit(nogil=True)
def _near_words_of(c, name_offsets, w_indptr, w_indices, near, held):
    """Bits of the words of the query that words of a concept's names are like."""
    bits = np.uint64(0)
    for row in range(name_offsets[c], name_offsets[c + 1]):
        if not held[row]:
            for at in range(w_indptr[row], w_indptr[row + 1]):
                bits |= near[w_indices[at]]
    return bits


@njit(nogil=True)
def _share(bits, idf, total):
    """Share of the weight of the words of a query."""
    out = np.float32(0.0)
    for i in range(idf.shape[0]):
        if bits >> np.uint64(i) & np.uint64(1):
            out += idf[i]
    return out / total if total > 0 else np.float32(0.0)


@njit(nogil=True)
def _dot(row, indptr, indices, data, query):
    out = np.float32(0.0)
    for at in range(indptr[row], indptr[row + 1]):
        out += data[at] * query[indices[at]]
    return out


@njit(nogil=True)
def _family(c, up, ups, found):
    """List the ancestors of a concept, nearest first, each once; return how many."""
    first = 0
    found[0] = c
    end = 1
    for _ in range(_LEVELS):
        stop = end
        for i in range(first, stop):
            for at in range(up[found[i]], up[found[i] + 1]):
                p = ups[at]
                known = False
                for j in range(end):
                    if found[j] == p:
                        known = True
                        break
                if not known and end < found.shape[0]:
                    found[end] = p
                    end += 1
        first = stop
    return end - 1


@njit(nogil=True)
def pair_features(
    lo, hi, offsets, concepts, starts, rows, dense, held, exact,
    q_char_indptr, q_char_indices, q_char_data,
    q_word_indptr, q_word_indices, q_word_data, q_unknown, q_unknown_numbers, rarest,
    near_offsets, near_weights, near_indptr, near_words,
    char_indptr, char_indices, char_data, word_indptr, word_indices, word_data,
    word_idf, word_cue, word_number, name_offsets, name_preferred, name_labelled,
    name_words, up, ups, down, depth, n_char, out, best_rows,
):  # fmt: skip
    """Compare queries ``lo`` to ``hi`` with each of their concepts.

    Parameters
    ----------
    offsets, concepts : int64, int32
        Pairs of each query.
    starts, rows, dense : int64, int64, float32
        Names of each pair and the cosine of each by dense vectors.
    exact : float32 (n_pairs,)
        How far the dictionary holds the phrase to be the concept's, 0 for not.
    q_unknown, q_unknown_numbers : int32 (n_queries,)
        Words, and numbers among them, that no name has; they weigh ``rarest`` each.
    near_offsets, near_weights : int64 (n_queries + 1,), float32
        Words of each query, known or not, and their weights.
    near_indptr, near_words : int64, int32
        Known words that each of these is, or is like.
    word_idf, word_cue, word_number : float32, int8, bool (n_words,)
        Weight, number of the cue or -1, and whether it is a number.
    name_preferred, name_labelled : bool (n_names,)
    out : float32 (n_pairs, CUE + CUES)
    best_rows : int64 (n_pairs,)
        The name that is most like the phrase, -1 for none.
    """
    query_char = np.zeros(n_char, np.float32)
    query_word = np.zeros(word_idf.shape[0], np.float32)
    position = np.zeros(word_idf.shape[0], np.uint8)
    idf = np.zeros(64, np.float32)
    ancestors = np.empty(_FAMILY, np.int64)
    n_concepts = name_offsets.shape[0] - 1
    stamp = np.full(n_concepts, -1, np.int64)
    cache = np.empty(n_concepts, np.uint64)
    near = np.zeros(word_idf.shape[0], np.uint64)
    near_cache = np.empty(n_concepts, np.uint64)
    for q in range(lo, hi):
        for at in range(q_char_indptr[q], q_char_indptr[q + 1]):
            query_char[q_char_indices[at]] = q_char_data[at]
        n_words = 0
        total = np.float32(q_unknown[q]) * rarest
        query_cues, numbers = np.uint64(0), np.uint64(0)
        for at in range(q_word_indptr[q], q_word_indptr[q + 1]):
            w = q_word_indices[at]
            query_word[w] = q_word_data[at]
            total += word_idf[w]
            if word_cue[w] >= 0:
                query_cues |= np.uint64(1) << np.uint64(word_cue[w])
            if n_words < 64:
                idf[n_words] = word_idf[w]
                if word_number[w]:
                    numbers |= np.uint64(1) << np.uint64(n_words)
                n_words += 1
                position[w] = n_words
        all_words = n_words + q_unknown[q]
        start = near_offsets[q]
        asked = near_weights[start : min(near_offsets[q + 1], start + 64)]
        asked_total = np.float32(0.0)
        for i in range(asked.shape[0]):
            asked_total += asked[i]
            bit = np.uint64(1) << np.uint64(i)
            for at in range(near_indptr[start + i], near_indptr[start + i + 1]):
                near[near_words[at]] |= bit
        for pair in range(offsets[q], offsets[q + 1]):
            c = concepts[pair]
            f = out[pair]
            f[:] = 0.0
            best, best_row = np.float32(-1e9), np.int64(-1)
            n_names = starts[pair + 1] - starts[pair]
            for at in range(starts[pair], starts[pair + 1]):
                row = rows[at]
                a = _dot(row, char_indptr, char_indices, char_data, query_char)
                b = _dot(row, word_indptr, word_indices, word_data, query_word)
                d = dense[at]
                f[CHAR], f[WORD] = max(f[CHAR], a), max(f[WORD], b)
                f[DENSE] = max(f[DENSE], d)
                f[DENSE_MEAN] += d / n_names
                s = (a + b + d) / np.float32(3.0)
                if s > best or (s == best and name_words[row] < name_words[best_row]):
                    best, best_row = s, row
            best_rows[pair] = best_row
            f[TOTAL] = max(best, np.float32(-1.0))
            f[EXACT] = exact[pair]
            f[QUERY_WORDS] = all_words
            f[UNKNOWN] = np.float32(q_unknown[q]) * rarest / total if total > 0 else 0.0
            name_cues = np.uint64(0)
            if best_row >= 0:
                held_weight, name_weight = np.float32(0.0), np.float32(0.0)
                matched, added = np.uint64(0), 0
                for at in range(word_indptr[best_row], word_indptr[best_row + 1]):
                    w = word_indices[at]
                    name_weight += word_idf[w]
                    if word_cue[w] >= 0:
                        name_cues |= np.uint64(1) << np.uint64(word_cue[w])
                    if position[w]:
                        held_weight += word_idf[w]
                        matched |= np.uint64(1) << np.uint64(position[w] - 1)
                    elif word_number[w]:
                        added += 1
                f[QUERY_COVER] = _share(matched, idf[:n_words], total)
                f[NAME_COVER] = held_weight / name_weight if name_weight > 0 else 0.0
                missing = q_unknown_numbers[q]
                left = numbers & ~matched
                while left:
                    missing += 1
                    left &= left - np.uint64(1)
                f[NUMBERS_MISSING] = missing
                f[NUMBERS_ADDED] = added
                f[NAME_WORDS] = name_words[best_row]
                f[WORD_RATIO] = np.log(
                    (1.0 + name_words[best_row]) / np.float32(1.0 + all_words)
                )
                f[PREFERRED] = name_preferred[best_row]
                f[LABELLED] = name_labelled[best_row]
            if stamp[c] != q:
                stamp[c] = q
                cache[c] = _words_of(
                    c, name_offsets, word_indptr, word_indices, position, held
                )
                near_cache[c] = _near_words_of(
                    c, name_offsets, word_indptr, word_indices, near, held
                )
            bits, near_bits = cache[c], near_cache[c]
            f[OWN_COVER] = _share(bits, idf[:n_words], total)
            f[NEAR_COVER] = _share(near_bits, asked, asked_total)
            n = _family(c, up, ups, ancestors)
            for i in range(1, n + 1):
                p = ancestors[i]
                if stamp[p] != q:
                    stamp[p] = q
                    cache[p] = _words_of(
                        p, name_offsets, word_indptr, word_indices, position, held
                    )
                    near_cache[p] = _near_words_of(
                        p, name_offsets, word_indptr, word_indices, near, held
                    )
                bits |= cache[p]
                near_bits |= near_cache[p]
            f[FAMILY_COVER] = _share(bits, idf[:n_words], total)
            f[NEAR_FAMILY] = _share(near_bits, asked, asked_total)
            f[DEPTH] = depth[c]
            f[CHILDREN] = np.log1p(np.float32(down[c + 1] - down[c]))
            f[NAMES] = np.log1p(np.float32(n_names))
            for i in range(CUES):
                one = np.uint64(i)
                f[CUE + i] = np.float32(query_cues >> one & np.uint64(1)) - np.float32(
                    name_cues >> one & np.uint64(1)
                )
        for at in range(q_char_indptr[q], q_char_indptr[q + 1]):
            query_char[q_char_indices[at]] = 0.0
        for at in range(q_word_indptr[q], q_word_indptr[q + 1]):
            query_word[q_word_indices[at]] = 0.0
            position[q_word_indices[at]] = 0
        for at in range(near_indptr[near_offsets[q]], near_indptr[near_offsets[q + 1]]):
            near[near_words[at]] = 0


@njit(nogil=True)
def _ranks(values, order, out):
    """Logarithm of one more than how many values are larger."""
    rank, last = 0, np.float32(np.inf)
    for i in range(order.shape[0]):
        v = values[order[i]]
        if v < last:
            rank, last = i, v
        out[order[i]] = np.log1p(np.float32(rank))


@njit(nogil=True)
def list_features(lo, hi, offsets, concepts, up, ups, temperature, n_concepts, out):
    """Fill in what a pair's place among the other pairs of its query says."""
    stamp = np.full(n_concepts, -1, np.int64)
    near = np.empty(n_concepts, np.float32)  # mass of a concept and its children
    far = np.empty(n_concepts, np.float32)  # and of its grandchildren
    first = np.empty(n_concepts, np.float32)  # best totals of its children
    second = np.empty(n_concepts, np.float32)
    total_of = np.empty(n_concepts, np.float32)
    for q in range(lo, hi):
        a, b = offsets[q], offsets[q + 1]
        if a == b:
            continue
        for value, gap, rank in (
            (CHAR, CHAR_GAP, CHAR_RANK), (WORD, WORD_GAP, WORD_RANK),
            (DENSE, DENSE_GAP, DENSE_RANK), (TOTAL, TOTAL_GAP, TOTAL_RANK),
        ):  # fmt: skip
            values = out[a:b, value].copy()
            order = np.argsort(-values)
            _ranks(values, order, out[a:b, rank])
            best = values[order[0]]
            for pair in range(a, b):
                out[pair, gap] = best - out[pair, value]
        best = out[a:b, TOTAL].max()
        mass = np.exp((out[a:b, TOTAL] - best) / np.float32(temperature))
        mass /= mass.sum()
        for pair in range(a, b):
            out[pair, BEST_TOTAL] = best
            c = concepts[pair]
            _open(c, q, stamp, near, far, first, second, total_of)
            near[c] += mass[pair - a]
            far[c] += mass[pair - a]
            total_of[c] = out[pair, TOTAL]
            for at in range(up[c], up[c + 1]):
                p = ups[at]
                _open(p, q, stamp, near, far, first, second, total_of)
                near[p] += mass[pair - a]
                far[p] += mass[pair - a]
                t = out[pair, TOTAL]
                if t > first[p]:
                    first[p], second[p] = t, first[p]
                elif t > second[p]:
                    second[p] = t
                for up_at in range(up[p], up[p + 1]):
                    g = ups[up_at]
                    _open(g, q, stamp, near, far, first, second, total_of)
                    far[g] += mass[pair - a]
        for pair in range(a, b):
            c = concepts[pair]
            t = out[pair, TOTAL]
            out[pair, MASS] = near[c]
            out[pair, PARENT_MASS] = out[pair, GRANDPARENT_MASS] = 0.0
            sibling, parent = np.float32(-1.0), np.float32(-1.0)
            for at in range(up[c], up[c + 1]):
                p = ups[at]
                out[pair, PARENT_MASS] = max(out[pair, PARENT_MASS], near[p])
                parent = max(parent, total_of[p])
                sibling = max(sibling, second[p] if first[p] == t else first[p])
                for up_at in range(up[p], up[p + 1]):
                    g = ups[up_at]
                    out[pair, GRANDPARENT_MASS] = max(
                        out[pair, GRANDPARENT_MASS], far[g]
                    )
            out[pair, SIBLING_GAP] = t - sibling
            out[pair, PARENT_TOTAL] = parent


@njit(nogil=True)
def _open(c, q, stamp, near, far, first, second, total_of):
    """Start the sums of a concept anew for a query."""
    if stamp[c] != q:
        stamp[c] = q
        near[c] = far[c] = 0.0
        first[c] = second[c] = total_of[c] = -1.0
