"""Train skip-gram with gensim's Word2Vec on our walks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from graphrep._utils._optional import require
from graphrep.embedding._skip_gram_run import _CHUNK, Corpus, Options, Tables
from graphrep.embedding._walk_tables import draw_walks
from graphrep.exceptions import GraphValueError
from graphrep.kernels import _walks as kernels
from graphrep.typing import AnyArray

_LARGEST_SEED = 2**32


class Sentences:
    """Walks as lists of row numbers in text, drawn anew whenever they are iterated.

    Parameters
    ----------
    corpus : Corpus
        The walks.
    options : Options
        How many and how long.
    """

    def __init__(self, corpus: Corpus, options: Options) -> None:
        self._corpus = corpus
        self._options = options

    def __iter__(self) -> Iterator[list[str]]:
        """Iterate over the walks of one epoch."""
        corpus, length = self._corpus, self._options.walk_length
        names = [str(row) for row in range(corpus.n_nodes)]
        for number in range(self._options.walks_per_node):
            order = kernels.start_order(corpus.seed, number, len(corpus.starts))
            for first in range(0, len(order), _CHUNK):
                starts = corpus.starts[order[first : first + _CHUNK]]
                rounds = np.full(len(starts), number)
                out, sizes = draw_walks(
                    corpus.graph, corpus.rule, corpus.seed, starts, rounds, length
                )
                for walk, size in zip(out.tolist(), sizes.tolist(), strict=True):
                    yield [names[row] for row in walk[:size]]


def train_gensim(
    corpus: Corpus,
    options: Options,
    tables: Tables,
    n_components: int,
    frozen: AnyArray | None,
    n_threads: int,
) -> int:
    """Train tables in place with gensim; return the number of tokens.

    Parameters
    ----------
    corpus, options, tables
        As for `graphrep.embedding._skip_gram_run.train`.
    n_components : int
        Dimension.
    frozen : ndarray of bool or None
        Must be None: gensim cannot hold rows.
    n_threads : int
        gensim's ``workers``; only one gives the same result on every call.
    """
    gensim: Any = require(
        "gensim.models", extra="gensim", why="backend='gensim' trains with Word2Vec"
    )
    if frozen is not None:
        raise GraphValueError(
            "partial_fit needs backend='graphrep': gensim cannot keep old vectors."
        )
    model = gensim.Word2Vec(
        vector_size=n_components,
        window=options.window,
        sg=1,
        hs=0,
        negative=options.n_negatives,
        ns_exponent=options.noise_exponent,
        sample=options.sample or 0,
        min_count=1,
        alpha=options.learning_rate,
        min_alpha=options.min_learning_rate,
        epochs=options.n_epochs,
        workers=n_threads,
        seed=corpus.seed % _LARGEST_SEED,
    )
    sentences = Sentences(corpus, options)
    model.build_vocab(sentences)
    model.train(sentences, total_examples=model.corpus_count, epochs=options.n_epochs)
    rows = np.array([int(name) for name in model.wv.index_to_key])
    tables.u[rows, :n_components] = model.wv.vectors
    tables.v[rows, :n_components] = model.syn1neg
    return int(model.corpus_total_words * options.n_epochs)
