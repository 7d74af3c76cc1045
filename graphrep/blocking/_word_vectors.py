"""Tables of word or token vectors, from wherever people have them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from graphrep._utils._optional import module_of, require
from graphrep.exceptions import (
    GraphTypeError,
    GraphValueError,
    MissingDependencyError,
)
from graphrep.io import read_vectors
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray, FloatArray

_WORD = re.compile(r"\w+")
_EXTRA = "blocking"
_SPAN = 1 << 14  # texts that are split at a time
_WORDLLAMA = (
    "weights/l2_supercat_256.safetensors",
    "tokenizers/l2_supercat_tokenizer_config.json",
)


@dataclass(frozen=True, repr=False)
class WordVectors:
    """A vector of each token, and how texts are split into tokens.

    Parameters
    ----------
    table : ndarray of float32 of shape (n_tokens, n_components)
        Vectors.
    split : callable
        Turns a list of texts into a list of arrays or lists of rows of the table.
    """

    table: FloatArray
    split: Callable[[Sequence[str]], list[Any]]

    def __repr__(self) -> str:
        n, d = self.table.shape
        return f"<WordVectors: {n:,} of {d:,} components>"

    def counts(self, texts: Sequence[str]) -> Any:
        """How often each token is in each text: csr_array of float32."""
        rows: list[Any] = []
        for start in range(0, len(texts), _SPAN):
            rows += self.split(texts[start : start + _SPAN])
        sizes = [len(row) for row in rows]
        indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        parts = [np.asarray(row, np.int64) for row in rows]
        indices = np.concatenate([np.zeros(0, np.int64), *parts])
        data = np.ones(len(indices), np.float32)
        shape = (len(rows), len(self.table))
        counts = sparse.csr_array((data, indices, indptr), shape=shape)
        counts.sum_duplicates()
        return counts


@dataclass(frozen=True)
class WordSplitter:
    """Words of a text in small letters, as rows of a vocabulary; others are skipped."""

    rows: dict[str, int]

    def __call__(self, texts: Sequence[str]) -> list[Any]:
        """Split texts."""
        get = self.rows.get
        found = [map(get, _WORD.findall(normal_form(text))) for text in texts]
        return [[row for row in line if row is not None] for line in found]


@dataclass(frozen=True)
class TokenSplitter:
    """Pieces of words, split by a tokenizer of the package tokenizers."""

    tokenizer: Any
    mapping: Any = None
    unknown: int | None = None

    def __call__(self, texts: Sequence[str]) -> list[Any]:
        """Split texts, special tokens and unknown pieces left out."""
        lines = [normal_form(text) for text in texts]
        encoded = self.tokenizer.encode_batch(lines, add_special_tokens=False)
        rows = [np.asarray(line.ids, np.int64) for line in encoded]
        if self.unknown is not None:
            rows = [row[row != self.unknown] for row in rows]
        if self.mapping is not None:
            rows = [np.asarray(self.mapping)[row] for row in rows]
        return rows


def word_vectors(source: Any) -> WordVectors:
    """Read a table of word or token vectors; nothing is downloaded.

    Parameters
    ----------
    source : WordVectors, "wordllama", model2vec StaticModel, gensim KeyedVectors, \
mapping of str to vector, or path
        "wordllama" reads the table of 32,000 tokens and 256 components and its
        tokenizer out of the installed package of that name, without running it. A path
        is a folder that model2vec saved, or a file of vectors of words (GloVe or
        word2vec text, word2vec binary, and what else `graphrep.io.read_vectors` takes).

    Returns
    -------
    WordVectors

    Raises
    ------
    MissingDependencyError
        If the package that is needed is not installed.
    GraphValueError
        For a path that is not there, or an empty table.
    GraphTypeError
        For anything else.
    """
    found = _read(source)
    if found.table.ndim != 2 or not found.table.size:
        raise GraphValueError(
            f"Word vectors must be a table with a row for each word; got shape "
            f"{found.table.shape}."
        )
    if not np.isfinite(found.table).all():
        raise GraphValueError("Word vectors hold a NaN or infinite value.")
    return found


def _read(source: Any) -> WordVectors:
    if isinstance(source, WordVectors):
        return source
    library = module_of(source)
    if library == "model2vec":
        return _of_model2vec(source)
    if library == "gensim" and hasattr(source, "key_to_index"):
        return _of_words(source.index_to_key, source.vectors)
    if isinstance(source, Mapping):
        if not source:
            raise GraphValueError("The mapping of words to vectors is empty.")
        table = np.stack([np.asarray(v, np.float32) for v in source.values()])
        return _of_words(list(source), table)
    if source == "wordllama":
        return _of_wordllama()
    if isinstance(source, str) or hasattr(source, "__fspath__"):
        return _of_path(Path(source))
    raise GraphTypeError(
        f"Word vectors were expected; got {type(source).__name__}. Pass 'wordllama', a "
        "model2vec StaticModel, gensim KeyedVectors, a mapping of words to vectors, or "
        "a path."
    )


def _of_words(words: Sequence[Any], table: AnyArray) -> WordVectors:
    """Words in small letters; of several that are then the same the first counts."""
    rows: dict[str, int] = {}
    for row, word in enumerate(words):
        rows.setdefault(normal_form(str(word)), row)
    return WordVectors(np.asarray(table, np.float32), WordSplitter(rows))


def _of_path(path: Path) -> WordVectors:
    if not path.exists():
        raise GraphValueError(
            f"There are no word vectors at {str(path)!r}. Names of models are not "
            "looked up on the network; pass 'wordllama', or the path of a file or of a "
            "folder saved by model2vec."
        )
    if path.is_dir():
        model2vec = require("model2vec", extra=_EXTRA, why=f"Reading {str(path)!r}")
        return _of_model2vec(model2vec.StaticModel.from_pretrained(path))
    vectors = read_vectors(path, id_dtype="str")
    return _of_words(vectors.node_ids.tolist(), vectors.matrix)


def _of_model2vec(model: Any) -> WordVectors:
    table = np.asarray(model.embedding, np.float32)
    mapping = getattr(model, "token_mapping", None)
    weights = getattr(model, "weights", None)
    if weights is not None:  # of tokens, where several of them share a vector
        rows = np.arange(len(weights)) if mapping is None else np.asarray(mapping)
        table = table[rows] * np.asarray(weights, np.float32)[:, None]
        mapping = None
    unknown = getattr(model, "unk_token_id", None)
    return WordVectors(table, TokenSplitter(model.tokenizer, mapping, unknown))


def wordllama_files() -> list[Path]:
    """Find vectors and tokenizer in the installed package wordllama.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    GraphValueError
        If its release has other files.
    """
    spec = find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise MissingDependencyError(
            "The vectors 'wordllama' need the package wordllama, which is not "
            'installed. Install it with: pip install "graphrep[blocking]"',
            name="wordllama",
        )
    paths = [Path(spec.origin).parent / name for name in _WORDLLAMA]
    for path in paths:
        if not path.is_file():
            raise GraphValueError(
                f"This release of wordllama has no {path.name}; install the one that "
                'goes with: pip install "graphrep[blocking]"'
            )
    return paths


def _of_wordllama() -> WordVectors:
    weights, tokens = wordllama_files()
    why = "Reading the vectors of wordllama"
    numpy_files = require("safetensors.numpy", extra=_EXTRA, why=why)
    tokenizers = require("tokenizers", extra=_EXTRA, why=why)
    table = next(iter(numpy_files.load_file(weights).values()))
    tokenizer = tokenizers.Tokenizer.from_file(str(tokens))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return WordVectors(np.asarray(table, np.float32), TokenSplitter(tokenizer))
