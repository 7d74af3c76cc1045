"""Train skip-gram tables on random walks: counts, noise, groups of walks, passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphrep._utils._arrays import aligned_empty
from graphrep.embedding._walk_tables import draw_walks
from graphrep.kernels import _skipgram as kernels
from graphrep.kernels import _walks as walk_kernels
from graphrep.kernels._alias import alias_table
from graphrep.kernels._sgns import LANES, STRIDE, TILE
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from graphrep.embedding._walk_files import WalkFiles

_SHARED_NEGATIVES = 80
"""Negatives that a walk draws for all of its centres; more where a centre has many."""

_CHUNK = 1 << 15
"""Walks between two reports of progress, about."""

Steps = Callable[[int], Iterable[int]]


class Options(NamedTuple):
    """Parameters of the training, as the estimators name them."""

    walk_length: int
    walks_per_node: int
    window: int
    n_negatives: int
    n_epochs: int
    learning_rate: float
    min_learning_rate: float
    sample: float | None
    noise_exponent: float
    mode: str
    round_size: int


class Corpus(NamedTuple):
    """The walks to train on, described and not stored.

    Attributes
    ----------
    graph : WalkGraph
        Arrays that walks are drawn from.
    rule : WalkRule
        How a step is drawn.
    n_nodes : int
        Number of nodes.
    seed : int
        Seed of the walks.
    starts : ndarray of int64
        Nodes that walks start from.
    """

    graph: Any
    rule: Any
    n_nodes: int
    seed: int
    starts: IntArray


class Tables(NamedTuple):
    """Input and output vectors, rows padded to whole vectors of the processor."""

    u: FloatArray
    v: FloatArray


class Trained(NamedTuple):
    """What a training was and cost."""

    n_tokens: int
    round_size: int


def padded_width(n_components: int) -> int:
    """Columns of a table in memory."""
    return -(-n_components // LANES) * LANES


def first_tables(n_nodes: int, n_components: int, seed: int) -> Tables:
    """Make tables as word2vec starts them: U(-1/2d, 1/2d) and zero."""
    shape = n_nodes, padded_width(n_components)
    u, v = aligned_empty(shape, np.float32), aligned_empty(shape, np.float32)
    kernels.initialize(np.uint64(seed), n_components, u)
    v[:] = 0
    return Tables(u, v)


def count_tokens(
    corpus: Corpus, options: Options, files: WalkFiles | None = None
) -> IntArray:
    """Count how often one pass of walks comes to each node, at least once each."""
    counts = np.zeros(corpus.n_nodes, np.int64)
    if files is not None:
        for first in range(0, corpus.n_nodes, _CHUNK):
            out = files.rows(0, first, min(first + _CHUNK, corpus.n_nodes))
            counts += np.bincount(out[out >= 0], minlength=corpus.n_nodes)
        return np.maximum(counts, 1)
    order = walk_kernels.start_order(corpus.seed, 0, corpus.n_nodes)
    length = options.walk_length
    for first in range(0, len(order), _CHUNK):
        starts = order[first : first + _CHUNK]
        rounds = np.zeros(len(starts), np.int64)
        out, _ = draw_walks(
            corpus.graph, corpus.rule, corpus.seed, starts, rounds, length
        )
        counts += np.bincount(out[out >= 0], minlength=corpus.n_nodes)
    return np.maximum(counts, 1)


def make_noise(
    counts: IntArray, options: Options, frozen: AnyArray | None
) -> kernels.Noise:
    """Prepare the draw of negatives, and the chances that tokens are kept."""
    weights = counts.astype(np.float64) ** options.noise_exponent
    accept = np.empty(len(counts), np.float32)
    alias = np.empty(len(counts), np.int32)
    alias_table(weights, accept, alias)
    keep = np.empty(0, np.float32)
    if options.sample is not None:
        ratio = options.sample * counts.sum() / counts
        keep = np.minimum(1.0, np.sqrt(ratio) + ratio).astype(np.float32)
    frozen = np.empty(0, np.uint8) if frozen is None else frozen.astype(np.uint8)
    return kernels.Noise(accept, alias, keep, frozen)


def n_shared(options: Options) -> int:
    """Count the negatives that a walk draws."""
    return max(_SHARED_NEGATIVES, 4 * options.n_negatives)


def train(
    corpus: Corpus,
    options: Options,
    tables: Tables,
    *,
    frozen: AnyArray | None = None,
    n_threads: int,
    steps: Steps,
    files: WalkFiles | None = None,
) -> Trained:
    """Train tables in place.

    Parameters
    ----------
    corpus : Corpus
        The walks.
    options : Options
        Parameters.
    tables : Tables
        Vectors to go on from.
    frozen : ndarray of bool or None
        Rows that keep their vectors.
    n_threads : int
        Threads; under ``mode="deterministic"`` the result does not depend on it.
    steps : callable
        Called with the number of chunks; what it gives is iterated, one for each.
    files : WalkFiles or None, default=None
        All walks from all nodes, pass by pass; None draws them here.

    Returns
    -------
    Trained
        Tokens trained on and walks in a group.
    """
    counts = count_tokens(corpus, options, files)
    noise = make_noise(counts, options, frozen)
    given: IntArray = np.empty((0, options.walk_length), np.int32)
    hogwild = options.mode == "hogwild"
    size = walks_at_once(options, n_threads)
    buffers = kernels.make_buffers(
        size, options.walk_length, n_shared(options), options.window,
        options.n_negatives, tables.u.shape[1],
    )  # fmt: skip
    n_starts = len(corpus.starts)
    n_passes = options.n_epochs * options.walks_per_node
    model = kernels.SkipGram(
        np.uint64(corpus.seed), options.window, options.n_negatives,
        options.learning_rate, options.min_learning_rate, n_passes * n_starts,
    )  # fmt: skip
    arguments = corpus.graph, corpus.rule, model, noise, buffers, *tables
    visits = np.zeros((corpus.n_nodes, 2), np.int32)
    chunk = _chunk_of(size)
    per_pass = max(1, -(-n_starts // chunk))
    n_tokens = 0
    order = corpus.starts
    for step in steps(n_passes * per_pass):
        number, part = divmod(step, per_pass)
        if part == 0:
            shuffled = walk_kernels.start_order(corpus.seed, number, n_starts)
            order = corpus.starts[shuffled]
        starts = order[part * chunk : (part + 1) * chunk]
        first = number * n_starts + part * chunk
        if files is not None:
            given = files.rows(number, part * chunk, part * chunk + len(starts))
        walks = starts, first, number, given
        if hogwild:
            n_tokens += kernels.train_hogwild(*arguments, *walks, visits)
        else:
            n_tokens += kernels.train_rounds(*arguments, *walks, visits, n_threads)
    return Trained(int(n_tokens), size)


def _chunk_of(size: int) -> int:
    """Count the walks between two reports, whole groups of them."""
    return -(-_CHUNK // size) * size


def _slot_bytes(options: Options) -> int:
    """Bytes of a walk in flight beside its rows: where they are, and its scores."""
    rows = options.walk_length + n_shared(options) + 1
    tiles = -(-(options.n_negatives + 1) // TILE)
    contexts = 2 * options.window + 2
    table = 8 << (2 * rows - 1).bit_length()
    return table + 8 * contexts + STRIDE * tiles * (12 + 4 * contexts)


def walks_at_once(options: Options, n_threads: int) -> int:
    """Count the walks in flight: those of a round, or one a thread."""
    return n_threads if options.mode == "hogwild" else options.round_size


def training_memory(
    n_nodes: int, n_components: int, options: Options, n_threads: int
) -> dict[str, int]:
    """Bytes of the tables, of the walks in flight and of what counts need."""
    width = padded_width(n_components)
    rows = 2 * options.walk_length + n_shared(options) + 1
    size = walks_at_once(options, n_threads)
    return {
        "vectors": 2 * n_nodes * width * 4,
        "walks_in_flight": size * (rows * (width * 4 + 28) + _slot_bytes(options)),
        "counts": min(_chunk_of(size), n_nodes) * options.walk_length * 12
        + n_nodes * 40,
    }
