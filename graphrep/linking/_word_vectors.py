"""Vectors of words, from wherever people have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._optional import module_of
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Vectors
from graphrep.linking._fasttext import FastTextVectors
from graphrep.typing import AnyArray, FloatArray

Found = tuple[FloatArray, AnyArray]


class TableWords:
    """Words of a table; others have no vector.

    Parameters
    ----------
    words : sequence of str
        Words. One that is looked up is found as it is written, else in small letters.
    table : array-like of shape (n_words, n_components)
        Their vectors.
    """

    def __init__(self, words: Sequence[Any], table: Any) -> None:
        self.words = [str(word) for word in words]
        self.table = np.asarray(table, np.float32)
        if self.table.ndim != 2 or not self.table.size:
            raise GraphValueError(
                f"Word vectors must be a table with a row for each word; got shape "
                f"{self.table.shape}."
            )
        if len(self.words) != len(self.table):
            raise GraphValueError(
                f"There are {len(self.words):,} words but {len(self.table):,} vectors."
            )
        if not np.isfinite(self.table).all():
            raise GraphValueError("Word vectors hold a NaN or infinite value.")
        self.n_components = self.table.shape[1]
        self._rows = {word: row for row, word in enumerate(self.words)}
        for row, word in enumerate(self.words):
            self._rows.setdefault(word.lower(), row)

    def look_up(self, words: Sequence[str]) -> Found:
        """Vectors of words (zeros where unknown), and which are known."""
        rows = np.array([self._rows.get(word, -1) for word in words], np.int64)
        out = np.zeros((len(words), self.n_components), np.float32)
        out[rows >= 0] = self.table[rows[rows >= 0]]
        return out, rows >= 0


class LearntWords:
    """Words of a fitted estimator that knows parts of words.

    Parameters
    ----------
    model : FastTextVectors
        Fitted; anything with ``transform`` of words.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.n_components = int(model.transform(["a"]).shape[1])

    def look_up(self, words: Sequence[str]) -> Found:
        """Vectors of words (zeros where unknown), and which are known."""
        out = np.asarray(self.model.transform(words), np.float32)
        return out, np.any(out, axis=1)


class GensimWords:
    """Words of gensim's FastText, which knows parts of words."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.n_components = int(model.vector_size)

    def look_up(self, words: Sequence[str]) -> Found:
        """Vectors of words (zeros where unknown), and which are known."""
        out = np.zeros((len(words), self.n_components), np.float32)
        for row, word in enumerate(words):
            out[row] = self.model.get_vector(word)
        return out, np.any(out, axis=1)


class JoinedWords:
    """Vectors of several sources side by side, each scaled to the same spread.

    Parameters
    ----------
    parts : sequence of word tables
        A word is known if one of them knows it.
    """

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = list(parts)
        self.n_components = sum(part.n_components for part in self.parts)
        self.scales = [1.0] * len(self.parts)

    def scale_to(self, words: Sequence[str]) -> None:
        """Make the root mean square of the components of known words 1 in each part."""
        self.scales = []
        for part in self.parts:
            vectors, known = part.look_up(words)
            total = np.square(vectors[known], dtype=np.float64).sum()
            size = max(1, vectors[known].size)
            self.scales.append(float(np.sqrt(size / total)) if total > 0 else 1.0)

    def look_up(self, words: Sequence[str]) -> Found:
        """Vectors of words (zeros where unknown), and which are known."""
        found = [part.look_up(words) for part in self.parts]
        scaled = [
            vectors * np.float32(scale)
            for (vectors, _), scale in zip(found, self.scales, strict=True)
        ]
        return np.hstack(scaled), np.any([known for _, known in found], axis=0)


def word_vectors(
    source: Any, texts: Sequence[str], *, seed: int, tokenizer: Any, n_jobs: int | None
) -> JoinedWords:
    """Read word vectors, learning those that are to be learnt.

    Parameters
    ----------
    source : "fasttext", FastTextVectors, mapping, KeyedVectors, (words, array), \
Vectors, path, or list of these
        Several are put side by side. A FastTextVectors that is fitted is used as it is.
    texts : sequence of str
        What "fasttext" and estimators that are not fitted learn from.
    seed : int
        Seed of "fasttext".
    tokenizer : callable or None
        Of "fasttext".
    n_jobs : int or None
        Of "fasttext".

    Returns
    -------
    JoinedWords

    Raises
    ------
    GraphTypeError
        For anything else.
    GraphValueError
        For a path that is not there and tables that are empty or not finite.
    """
    several = isinstance(source, list) or (
        isinstance(source, tuple) and not _is_pair(source)
    )
    sources = list(source) if several else [source]
    if not sources:
        raise GraphValueError("word_vectors is an empty list.")
    read = []
    for one in sources:
        if isinstance(one, str) and one == "fasttext":
            one = FastTextVectors(tokenizer=tokenizer, n_jobs=n_jobs, random_state=seed)
        read.append(_read(one, texts))
    return JoinedWords(read)


def _is_pair(source: tuple[Any, ...]) -> bool:
    return len(source) == 2 and np.ndim(source[1]) == 2


def _read(source: Any, texts: Sequence[str]) -> Any:
    if isinstance(source, tuple) and _is_pair(source):
        return TableWords(*source)
    if isinstance(source, Mapping):
        if not source:
            raise GraphValueError("The mapping of words to vectors is empty.")
        table = np.stack([np.asarray(v, np.float32) for v in source.values()])
        return TableWords(list(source), table)
    if isinstance(source, Vectors):
        return TableWords(source.node_ids.tolist(), source.matrix)
    if module_of(source) == "gensim" and hasattr(source, "key_to_index"):
        if hasattr(source, "vectors_ngrams"):
            return GensimWords(source)
        return TableWords(source.index_to_key, source.vectors)
    if hasattr(source, "transform") and hasattr(source, "fit"):
        return LearntWords(_fitted(source, texts))
    if isinstance(source, str) or hasattr(source, "__fspath__"):
        return _of_path(Path(source))
    raise GraphTypeError(
        f"Word vectors were expected; got {type(source).__name__}. Pass 'fasttext', a "
        "FastTextVectors, a mapping of words to vectors, gensim KeyedVectors, a pair "
        "(words, array), or the path of a file of vectors."
    )


def _fitted(model: Any, texts: Sequence[str]) -> Any:
    from sklearn.base import clone
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError:
        return clone(model).fit(texts)
    return model


def _of_path(path: Path) -> TableWords:
    from graphrep.io import read_vectors

    if not path.exists():
        raise GraphValueError(
            f"There are no word vectors at {str(path)!r}; pass 'fasttext', or the path "
            "of a file of vectors of words."
        )
    vectors = read_vectors(path, id_dtype="str")
    return TableWords(vectors.node_ids.tolist(), vectors.matrix)


__all__ = [
    "GensimWords",
    "JoinedWords",
    "LearntWords",
    "TableWords",
    "word_vectors",
]
