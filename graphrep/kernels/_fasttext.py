"""Skip-gram of words that are the mean of their own row and of their n-grams' rows.

Sentences are trained in rounds. In a round every sentence reads the same state of the
tables and writes what it wants to change into memory of its own; then rows are shared
out among threads, and each row takes its changes in the order of the sentences. So
the result does not depend on the number of threads.

A word and all of its contexts are one step: the contexts (label 1) and a pool of
negatives (label 0) that the contexts share, weighted so that each context has as many
of them as was asked for.
"""

from collections import namedtuple

import numpy as np

from graphrep.kernels._hash import hash64, mix64
from graphrep.kernels._jit import njit, prange

Corpus = namedtuple("Corpus", "tokens starts")
"""Words (int32) of all sentences, and where each sentence starts (n + 1)."""

Subwords = namedtuple("Subwords", "indptr rows")
"""Rows of the input table that each word is the mean of."""

Rule = namedtuple("Rule", "seed window n_negatives first_rate last_rate n_total")
"""Seed (uint64), window, negatives of a context, first and last learning rate, and the
number of sentences over which it falls from one to the other."""

Noise = namedtuple("Noise", "accept alias keep")
"""Alias table of the negatives and the chance of keeping each word."""

Buffers = namedtuple("Buffers", "kept sizes hidden change targets steps used")

ENOUGH = 8
"""Visits to a row in one round whose changes are added up; more are averaged."""

POOL = 2
"""Negatives drawn for a word, in multiples of those that each context is to have."""

_ROUND = np.uint64(0x46545854)
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_UNIT = np.float32(1.0 / (1 << 24))
_FAST = {"reassoc", "contract", "nsz"}


def make_buffers(n_slots, longest, window, n_negatives, width):
    """Make the private memory of ``n_slots`` sentences of at most ``longest`` words."""
    most = 2 * window + POOL * n_negatives
    return Buffers(
        np.zeros((n_slots, longest), np.int32),
        np.zeros(n_slots, np.int64),
        np.zeros((n_slots, longest, width), np.float32),
        np.zeros((n_slots, longest, width), np.float32),
        np.zeros((n_slots, longest, most), np.int32),
        np.zeros((n_slots, longest, most), np.float32),
        np.zeros((n_slots, longest), np.int32),
    )


@njit(nogil=True)
def ngram_hashes(codes, ends, min_n, max_n, key, counts, out):
    """Write the hash of every n-gram of each word, ``<`` before and ``>`` after it.

    ``counts`` gets how many each word has. Returns the total; an ``out`` of length 0
    only counts.
    """
    at = 0
    for i in range(ends.shape[0]):
        start = ends[i - 1] if i else 0
        size = ends[i] - start + 2
        before = at
        for p in range(size):
            h = key
            for q in range(p, min(size, p + max_n)):
                c = np.uint64(60) if q == 0 else np.uint64(62)
                if 0 < q < size - 1:
                    c = np.uint64(codes[start + q - 1])
                h = hash64(h, c)
                n = q - p + 1
                if n >= min_n:
                    if out.shape[0]:
                        out[at] = h
                    at += 1
        counts[i] = at - before
    return at


@njit(nogil=True, fastmath=_FAST)
def _dot(a, b):
    total = np.float32(0)
    for k in range(a.shape[0]):
        total += a[k] * b[k]
    return total


@njit(nogil=True, fastmath=_FAST)
def _add(share, a, out):
    for k in range(a.shape[0]):
        out[k] += share * a[k]


@njit(nogil=True, parallel=True)
def means(indptr, rows, table, out):
    """Write the mean of the rows of each word; zeros where it has none."""
    for w in prange(indptr.shape[0] - 1):
        out[w] = 0
        size = indptr[w + 1] - indptr[w]
        if size:
            share = np.float32(1.0 / size)
            for at in range(indptr[w], indptr[w + 1]):
                _add(share, table[rows[at]], out[w])


@njit(nogil=True)
def _draw(noise, bits):
    """Draw a row of the alias table from 64 random bits."""
    n = np.uint64(noise.accept.shape[0])
    i = np.int64(((bits >> _HALF) * n) >> _HALF)
    chance = np.float32((bits & _LOW) >> np.uint64(8)) * _UNIT
    return np.int32(i) if chance < noise.accept[i] else noise.alias[i]


@njit(nogil=True)
def _keep(corpus, noise, buffers, w, sentence, key):
    """Copy the words of a sentence that sub-sampling leaves."""
    size = 0
    for at in range(corpus.starts[sentence], corpus.starts[sentence + 1]):
        word = corpus.tokens[at]
        chance = np.float32(hash64(key, np.uint64(at)) >> np.uint64(40)) * _UNIT
        if chance < noise.keep[word]:
            buffers.kept[w, size] = word
            size += 1
    return size


@njit(nogil=True)
def _targets(rule, noise, buffers, w, i, size, key):
    """List contexts and negatives of a word; return how many there are of both."""
    kept, targets, steps = buffers.kept, buffers.targets, buffers.steps
    bits = hash64(key, np.uint64(i))
    reach = 1 + np.int64(((bits & _LOW) * np.uint64(rule.window)) >> _HALF)
    n_contexts = 0
    for j in range(max(0, i - reach), min(size, i + reach + 1)):
        if j != i:
            targets[w, i, n_contexts] = kept[w, j]
            steps[w, i, n_contexts] = 1
            n_contexts += 1
    used = n_contexts
    key = mix64(bits)
    weight = np.float32(n_contexts / POOL)
    for n in range(POOL * rule.n_negatives if n_contexts else 0):
        word = _draw(noise, hash64(key, np.uint64(n)))
        fresh = True
        for e in range(n_contexts):
            fresh = fresh and targets[w, i, e] != word
        if fresh:
            targets[w, i, used] = word
            steps[w, i, used] = weight
            used += 1
    return n_contexts, used


@njit(nogil=True)
def _sentence(corpus, subwords, rule, noise, buffers, u, v, w, sentence, epoch, rate):
    """Find what one sentence wants to change."""
    key = mix64(rule.seed ^ hash64(_ROUND, np.uint64(epoch)))
    key = hash64(key, np.uint64(sentence))
    size = _keep(corpus, noise, buffers, w, sentence, key)
    key = mix64(key)
    for i in range(size):
        word = buffers.kept[w, i]
        hidden, change = buffers.hidden[w, i], buffers.change[w, i]
        hidden[:] = 0
        change[:] = 0
        first, end = subwords.indptr[word], subwords.indptr[word + 1]
        share = np.float32(1.0 / (end - first))
        for at in range(first, end):
            _add(share, u[subwords.rows[at]], hidden)
        n_contexts, used = _targets(rule, noise, buffers, w, i, size, key)
        for t in range(used):
            row = v[buffers.targets[w, i, t]]
            score = min(max(_dot(hidden, row), np.float32(-30)), np.float32(30))
            label = np.float32(1 if t < n_contexts else 0)
            chance = np.float32(1) / (np.float32(1) + np.exp(-score))
            step = rate * buffers.steps[w, i, t] * (label - chance)
            buffers.steps[w, i, t] = step
            _add(step, row, change)
        buffers.used[w, i] = used
    buffers.sizes[w] = size


@njit(nogil=True)
def _count(subwords, buffers, n_now, visits_u, visits_v, part, n_parts):
    """Count the visits to the rows of one part."""
    for w in range(n_now):
        for i in range(buffers.sizes[w]):
            word = buffers.kept[w, i]
            for at in range(subwords.indptr[word], subwords.indptr[word + 1]):
                if subwords.rows[at] % n_parts == part:
                    visits_u[subwords.rows[at]] += 1
            for t in range(buffers.used[w, i]):
                if buffers.targets[w, i, t] % n_parts == part:
                    visits_v[buffers.targets[w, i, t]] += 1


@njit(nogil=True)
def _apply(subwords, buffers, n_now, u, v, visits_u, visits_v, part, n_parts):
    """Add the changes to the rows of one part."""
    enough = np.float32(ENOUGH)
    for w in range(n_now):
        for i in range(buffers.sizes[w]):
            word = buffers.kept[w, i]
            for at in range(subwords.indptr[word], subwords.indptr[word + 1]):
                row = subwords.rows[at]
                if row % n_parts == part:
                    share = min(np.float32(1), enough / np.float32(visits_u[row]))
                    _add(share, buffers.change[w, i], u[row])
            for t in range(buffers.used[w, i]):
                row = buffers.targets[w, i, t]
                if row % n_parts == part:
                    share = min(np.float32(1), enough / np.float32(visits_v[row]))
                    _add(share * buffers.steps[w, i, t], buffers.hidden[w, i], v[row])


@njit(nogil=True)
def _forget(subwords, buffers, n_now, visits_u, visits_v, part, n_parts):
    """Set the counts back to zero."""
    for w in range(n_now):
        for i in range(buffers.sizes[w]):
            word = buffers.kept[w, i]
            for at in range(subwords.indptr[word], subwords.indptr[word + 1]):
                if subwords.rows[at] % n_parts == part:
                    visits_u[subwords.rows[at]] = 0
            for t in range(buffers.used[w, i]):
                if buffers.targets[w, i, t] % n_parts == part:
                    visits_v[buffers.targets[w, i, t]] = 0


@njit(parallel=True)
def train(
    corpus, subwords, rule, noise, buffers, u, v, order, first, epoch, visits_u,
    visits_v, n_parts,
):  # fmt: skip
    """Train on the sentences of ``order``, in groups of as many as there are buffers.

    ``first`` is the number of the first of them among all of all epochs; ``visits_u``
    and ``visits_v`` (int32, a row each) are zero before and after; rows are shared out
    among ``n_parts`` threads.
    """
    n_slots = buffers.kept.shape[0]
    for begin in range(0, order.shape[0], n_slots):
        n_now = min(n_slots, order.shape[0] - begin)
        done = (first + begin) / rule.n_total
        rate = np.float32(
            max(
                rule.last_rate,
                rule.first_rate + (rule.last_rate - rule.first_rate) * done,
            )
        )
        for w in prange(n_now):
            _sentence(
                corpus, subwords, rule, noise, buffers, u, v, w, order[begin + w],
                epoch, rate,
            )  # fmt: skip
        for part in prange(n_parts):
            _count(subwords, buffers, n_now, visits_u, visits_v, part, n_parts)
            _apply(subwords, buffers, n_now, u, v, visits_u, visits_v, part, n_parts)
            _forget(subwords, buffers, n_now, visits_u, visits_v, part, n_parts)
