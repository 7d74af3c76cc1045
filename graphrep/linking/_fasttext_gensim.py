"""Train the tables of FastTextVectors with gensim."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep._utils._optional import require
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.linking._subwords import ngrams_of
from graphrep.typing import AnyArray

_LARGEST_SEED = 2**32


def train_gensim(model: Any, lines: list[list[str]]) -> AnyArray:
    """Train with gensim's FastText; return the table of words and n-grams.

    Parameters
    ----------
    model : FastTextVectors
        With words and n-grams counted.
    lines : list of list of str
        Words of the texts.

    Returns
    -------
    ndarray of float32 of shape (n_words + n_ngrams, n_components)
        In the order of ``words_`` and ``ngrams_``.
    """
    why = "backend='gensim' trains with FastText"
    models: Any = require("gensim.models", extra="gensim", why=why)
    inner: Any = require("gensim.models.fasttext", extra="gensim", why=why)
    trained = models.FastText(
        vector_size=model.n_components,
        window=model.window,
        sg=1,
        hs=0,
        negative=model.n_negatives,
        min_n=model.min_n,
        max_n=model.max_n,
        word_ngrams=int(model.max_n > 0),
        bucket=min(model.n_buckets, 2_000_000),
        min_count=model.min_count,
        sample=model.sample or 0,
        alpha=model.learning_rate,
        min_alpha=model.learning_rate / 100,
        epochs=model.n_epochs,
        workers=resolve_n_jobs(model.n_jobs),
        seed=model.random_seed_ % _LARGEST_SEED,
    )
    trained.build_vocab(corpus_iterable=lines)
    trained.train(
        corpus_iterable=lines,
        total_examples=trained.corpus_count,
        epochs=model.n_epochs,
    )
    words = model.words_.tolist()
    table = np.zeros((len(words) + len(model.ngrams_), model.n_components), np.float32)
    rows = [trained.wv.key_to_index[word] for word in words]
    table[: len(words)] = trained.wv.vectors_vocab[rows]
    if model.max_n:
        _copy_ngrams(model, trained.wv, inner, table)
    return table


def _copy_ngrams(model: Any, wv: Any, inner: Any, table: AnyArray) -> None:
    """Copy gensim's vector of each n-gram; it hashes bytes, we hash characters."""
    words = model.words_.tolist()
    for row, word in enumerate(words):
        theirs = inner.ft_ngram_hashes(word, model.min_n, model.max_n, wv.bucket)
        _, ours = ngrams_of([word], model.min_n, model.max_n, model.n_buckets)
        if len(ours) != len(theirs):
            raise AssertionError(f"n-grams of {words[row]!r} differ from gensim's")
        at = np.searchsorted(model.ngrams_, ours) + len(words)
        table[at] = wv.vectors_ngrams[theirs]


__all__ = ["train_gensim"]
