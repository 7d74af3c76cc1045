"""FastTextVectors: vectors of words and of parts of words, learnt from texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._parallel import numba_threads
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions, fit_context
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.kernels import _alias as alias_kernels
from graphrep.kernels import _fasttext as kernels
from graphrep.kernels._skipgram import initialize
from graphrep.linking._subwords import ngrams_of, rows_of_known, with_own_rows
from graphrep.linking._taxonomy import texts_of
from graphrep.linking._tokenizer import Tokenizer, split_all
from graphrep.retrieval import top_k
from graphrep.typing import FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

_LONGEST = 64  # words of a text that are trained at a time
_SLOTS = 64
_NOISE_EXPONENT = 0.75


class FastTextVectors(BaseEstimator):
    """Vectors of words from skip-gram with n-grams of characters (FastText).

    A word is the mean of a vector of its own and of those of its n-grams, so a word
    that was never seen has a vector too. Made for the texts of a terminology, whose
    words are rare elsewhere: names, synonyms and definitions.

    Parameters
    ----------
    n_components : int, default=100
        Dimension.
    window : int, default=5
        Farthest context; the reach of each word is drawn from 1 to this.
    n_negatives : int, default=10
        Negatives for each context.
    min_n, max_n : int, default=3, 6
        Shortest and longest n-gram, marks at both ends of the word included;
        ``max_n=0`` takes none.
    n_buckets : int, default=2_000_000
        Hash buckets of n-grams. Only those that words of the texts fall into are kept,
        so a large number costs nothing.
    min_count : int, default=1
        Rarer words get no vector of their own and are not trained on.
    n_epochs : int, default=5
        Passes over the texts.
    learning_rate : float, default=0.05
        At the beginning; it falls linearly to a hundredth.
    sample : float or None, default=1e-3
        Words more frequent than this share are left out at random; None keeps all.
    tokenizer : callable or None, default=None
        Turns a text into a list of words; None takes runs of letters and digits in
        small letters.
    backend : {"graphrep", "gensim"}, default="graphrep"
        "gensim" trains with the package of that name (``n_jobs=1`` is reproducible).
    n_jobs : int or None, default=None
        Threads; the result of "graphrep" does not depend on them.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same vectors every time.

    Attributes
    ----------
    words_ : ndarray of str objects of shape (n_words,)
        Words, the most frequent first, ties in alphabetical order.
    counts_ : ndarray of int64 of shape (n_words,)
        How often each stands in the texts.
    vectors_ : ndarray of float32 of shape (n_words, n_components)
        Their vectors.
    random_seed_ : int
        The seed that was used.

    See Also
    --------
    Text2Node : Maps phrases to the nodes of a taxonomy, with these vectors.

    Notes
    -----
    After Bojanowski et al. [1]_, equation 2 with the mean in place of the sum, as
    their program has it. Deviations: negatives are drawn once for a word and shared by
    its contexts, weighted so that the expected loss is the same; sentences are trained
    in rounds of 64 from one state of the tables, and more than 8 changes of a row in
    one round are averaged; texts are cut every 64 words; n-grams that no word of the
    texts has count nothing for other words (theirs have random vectors).

    O(tokens · epochs · components · (n-grams + negatives)) time;
    O((words + n-grams) · components) memory.

    References
    ----------
    .. [1] P. Bojanowski, E. Grave, A. Joulin, T. Mikolov. Enriching Word Vectors with
       Subword Information. TACL 2017. https://doi.org/10.1162/tacl_a_00051

    Examples
    --------
    >>> texts = ["claw hammer", "sledge hammer", "hand saw", "band saw"] * 20
    >>> model = FastTextVectors(8, n_epochs=2, random_state=0).fit(texts)
    >>> model.transform(["hammer", "hammers"]).shape
    (2, 8)
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "window": [Interval(Integral, 1, None, closed="left")],
        "n_negatives": [Interval(Integral, 1, None, closed="left")],
        "min_n": [Interval(Integral, 1, None, closed="left")],
        "max_n": [Interval(Integral, 0, None, closed="left")],
        "n_buckets": [Interval(Integral, 1, 2**62, closed="left")],
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "n_epochs": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "sample": [Interval(Real, 0, None, closed="neither"), None],
        "tokenizer": [callable, None],
        "backend": [StrOptions({"graphrep", "gensim"})],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        n_components: int = 100,
        *,
        window: int = 5,
        n_negatives: int = 10,
        min_n: int = 3,
        max_n: int = 6,
        n_buckets: int = 2_000_000,
        min_count: int = 1,
        n_epochs: int = 5,
        learning_rate: float = 0.05,
        sample: float | None = 1e-3,
        tokenizer: Tokenizer | None = None,
        backend: str = "graphrep",
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.window = window
        self.n_negatives = n_negatives
        self.min_n = min_n
        self.max_n = max_n
        self.n_buckets = n_buckets
        self.min_count = min_count
        self.n_epochs = n_epochs
        self.learning_rate = learning_rate
        self.sample = sample
        self.tokenizer = tokenizer
        self.backend = backend
        self.n_jobs = n_jobs
        self.random_state = random_state

    # -- learning ----------------------------------------------------------------
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the vectors of the words of texts.

        Parameters
        ----------
        X : sequence of str, or Terminology
            Texts; of a terminology its names and definitions.
        y : None
            Ignored.

        Returns
        -------
        object
            The estimator itself.

        Raises
        ------
        GraphValueError
            If no word stands ``min_count`` times.
        GraphTypeError
            If a text is no str.
        """
        if 0 < self.max_n < self.min_n:
            raise GraphValueError(
                f"max_n={self.max_n} is below min_n={self.min_n}; use max_n=0 for no "
                "n-grams."
            )
        lines = split_all(texts_of(X), self.tokenizer)
        self._count_words(lines)
        self.random_seed_ = draw_seed(self.random_state)
        if self.backend == "gensim":
            from graphrep.linking._fasttext_gensim import train_gensim

            self.input_ = train_gensim(self, lines)
        else:
            self._train(lines)
        self._finish()
        return self

    def _count_words(self, lines: list[list[str]]) -> None:
        counts = Counter(word for line in lines for word in line)
        kept = [(-n, word) for word, n in counts.items() if n >= self.min_count]
        if not kept:
            raise GraphValueError(
                f"No word of the {len(lines):,} texts stands min_count="
                f"{self.min_count} times; there is nothing to learn from."
            )
        kept.sort()
        self.words_ = np.array([word for _, word in kept], object)
        self.counts_ = np.array([-n for n, _ in kept], np.int64)
        self.__dict__.pop("_rows", None)
        sizes, buckets = self._ngrams(self.words_.tolist())
        self.ngrams_ = np.unique(buckets)
        rows = rows_of_known(sizes, buckets, self.ngrams_, len(kept))
        self._subwords = kernels.Subwords(*with_own_rows(*rows, np.arange(len(kept))))

    def _ngrams(self, words: Sequence[str]) -> tuple[IntArray, IntArray]:
        if not self.max_n:
            return np.zeros(len(words), np.int64), np.zeros(0, np.int64)
        return ngrams_of(words, self.min_n, self.max_n, self.n_buckets)

    def _train(self, lines: list[list[str]]) -> None:
        corpus = self._corpus(lines)
        n_words, n_texts = len(self.words_), len(corpus.starts) - 1
        seed = np.uint64(self.random_seed_)
        rule = kernels.Rule(
            seed, self.window, self.n_negatives, self.learning_rate,
            self.learning_rate / 100, max(1, n_texts * self.n_epochs),
        )  # fmt: skip
        longest = int(np.diff(corpus.starts).max(initial=1))
        buffers = kernels.make_buffers(
            _SLOTS, longest, self.window, self.n_negatives, self.n_components
        )
        noise = self._noise()
        with numba_threads(self.n_jobs) as n_threads:
            u = np.empty((n_words + len(self.ngrams_), self.n_components), np.float32)
            initialize(seed, self.n_components, u)
            u *= 2  # U(-1/d, 1/d)
            v = np.zeros((n_words, self.n_components), np.float32)
            visits = np.zeros(len(u), np.int32), np.zeros(len(v), np.int32)
            draw = np.random.default_rng(self.random_seed_)
            for epoch in range(self.n_epochs):
                kernels.train(
                    corpus, self._subwords, rule, noise, buffers, u, v,
                    draw.permutation(n_texts), n_texts * epoch, epoch, *visits,
                    n_threads,
                )  # fmt: skip
        if not np.isfinite(u).all():
            raise GraphValueError(
                f"The vectors are not finite; lower learning_rate={self.learning_rate}."
            )
        self.input_ = u

    def _corpus(self, lines: list[list[str]]) -> kernels.Corpus:
        table = self._table()
        tokens: list[int] = []
        starts = [0]
        for line in lines:
            rows = [table[word] for word in line if word in table]
            for first in range(0, len(rows), _LONGEST):
                tokens += rows[first : first + _LONGEST]
                starts.append(len(tokens))
        return kernels.Corpus(np.array(tokens, np.int32), np.array(starts, np.int64))

    def _noise(self) -> kernels.Noise:
        n = len(self.counts_)
        accept, alias = np.empty(n, np.float32), np.empty(n, np.int32)
        alias_kernels.alias_table(self.counts_**_NOISE_EXPONENT, accept, alias)
        keep = np.ones(n, np.float32)
        if self.sample is not None:
            share = self.sample / (self.counts_ / self.counts_.sum())
            keep = np.minimum(1, np.sqrt(share) + share).astype(np.float32)
        return kernels.Noise(accept, alias, keep)

    def _finish(self) -> None:
        vectors = np.empty((len(self.words_), self.n_components), np.float32)
        with numba_threads(self.n_jobs):
            kernels.means(*self._subwords, self.input_, vectors)
        del self._subwords
        self.vectors_ = vectors  # last: it tells that the fit is complete

    # -- looking up --------------------------------------------------------------
    def transform(self, X: Sequence[str]) -> FloatArray:
        """Vectors of words.

        Parameters
        ----------
        X : sequence of str
            Words as the tokenizer gives them.

        Returns
        -------
        ndarray of float32 of shape (n_words, n_components)
            Of a word that was not in the texts the mean of the vectors of its n-grams;
            zeros where none of them was.
        """
        check_is_fitted(self)
        if isinstance(X, str):
            raise GraphTypeError(f"A list of words was expected; got the text {X!r}.")
        words = [str(word) for word in X]
        table = self._table()
        rows = np.array([table.get(word, -1) for word in words], np.int64)
        out = np.zeros((len(words), self.n_components), np.float32)
        out[rows >= 0] = self.vectors_[rows[rows >= 0]]
        new = np.flatnonzero(rows < 0)
        if len(new):
            sizes, buckets = self._ngrams([words[i] for i in new])
            found = rows_of_known(sizes, buckets, self.ngrams_, len(self.words_))
            means = np.empty((len(new), self.n_components), np.float32)
            with numba_threads(self.n_jobs):
                kernels.means(*found, self.input_, means)
            out[new] = means
        return out

    def fit_transform(self, X: Any, y: Any = None) -> FloatArray:
        """Learn from texts and return the vectors of their words, ``vectors_``."""
        self.fit(X)
        return self.vectors_

    def most_similar(self, word: str, k: int = 10) -> list[tuple[str, float]]:
        """Words of the texts whose vectors are nearest to a word's, by cosine.

        Parameters
        ----------
        word : str
            Any word; itself it is left out.
        k : int, default=10
            How many.

        Returns
        -------
        list of (word, cosine)
            Nearest first.
        """
        query = self.transform([word])
        exclude = np.array([self._table().get(word, -1)])
        rows, scores = top_k(query, self.vectors_, k, exclude=exclude)
        pairs = zip(self.words_[rows[0]], scores[0].tolist(), strict=True)
        return [(str(near), score) for near, score in pairs]

    def _table(self) -> dict[str, int]:
        if "_rows" not in self.__dict__:
            self._rows = {word: row for row, word in enumerate(self.words_.tolist())}
        return self._rows

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "vectors_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_rows", None)
        return state


__all__ = ["FastTextVectors"]
