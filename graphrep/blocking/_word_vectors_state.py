"""Tables of word vectors as plain arrays, and back."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import Any

import numpy as np

from graphrep._utils._optional import require
from graphrep.blocking._word_vectors import (
    TokenSplitter,
    WordSplitter,
    WordVectors,
    word_vectors,
    wordllama_files,
)
from graphrep.exceptions import GraphTypeError, ModelFileError
from graphrep.typing import AnyArray

_PACKAGE = "wordllama"
_CHUNK = 1 << 22


def words_state(
    words: WordVectors, source: Any
) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """Arrays and values that `words_of_state` takes back.

    Parameters
    ----------
    words : WordVectors
        The table.
    source : object
        What it was read from. Of "wordllama" the release and a digest are kept, for the
        package can be had again; of everything else the whole table.

    Raises
    ------
    GraphTypeError
        If texts are split by code of the user.
    """
    if isinstance(source, str) and source == _PACKAGE:
        return {}, {"kind": _PACKAGE, "release": version(_PACKAGE), "sha256": _digest()}
    split = words.split
    if isinstance(split, WordSplitter):
        parts = [word.encode("utf-8", "surrogatepass") for word in split.rows]
        return {
            "table": words.table,
            "words": np.frombuffer(b"".join(parts), np.uint8),
            "ends": np.cumsum([len(part) for part in parts], dtype=np.int64),
            "rows": np.fromiter(split.rows.values(), np.int64, len(parts)),
        }, {"kind": "words"}
    if isinstance(split, TokenSplitter):
        text = split.tokenizer.to_str().encode()
        arrays = {"table": words.table, "tokenizer": np.frombuffer(text, np.uint8)}
        if split.mapping is not None:
            arrays["mapping"] = np.asarray(split.mapping, np.int64)
        return arrays, {"kind": "tokens", "unknown": split.unknown}
    raise GraphTypeError(
        f"Word vectors whose texts are split by {type(split).__name__} cannot be "
        "saved. Pass a mapping of words to vectors, a path, or a model of model2vec or "
        "gensim."
    )


def words_of_state(arrays: dict[str, AnyArray], values: dict[str, Any]) -> WordVectors:
    """Undo `words_state`.

    Raises
    ------
    MissingDependencyError
        If the package that is needed is not installed.
    ModelFileError
        If its vectors are not those that the weights were learnt for.
    """
    if values["kind"] == _PACKAGE:
        return _of_package(values)
    table = np.asarray(arrays["table"])
    if table.ndim != 2 or table.dtype != np.float32:
        raise ValueError(f"word vectors of shape {table.shape} and {table.dtype}")
    if values["kind"] == "words":
        ends = arrays["ends"].tolist()
        starts = [0, *ends[:-1]]
        text = arrays["words"].tobytes()
        words = [
            text[start:end].decode("utf-8", "surrogatepass")
            for start, end in zip(starts, ends, strict=True)
        ]
        _check_rows(arrays["rows"], len(table))
        rows = dict(zip(words, arrays["rows"].tolist(), strict=True))
        return WordVectors(table, WordSplitter(rows))
    if values["kind"] != "tokens":
        raise ValueError(f"word vectors of the kind {str(values['kind'])[:80]!r}")
    tokenizers = require(
        "tokenizers", extra="blocking", why="Loading this StaticEncoder"
    )
    try:
        told = arrays["tokenizer"].tobytes().decode()
        tokenizer = tokenizers.Tokenizer.from_str(told)
    except Exception as error:  # tokenizers raises no class of its own
        raise ValueError(f"the tokenizer is damaged ({error})") from None
    mapping = arrays.get("mapping")
    if mapping is not None:
        _check_rows(mapping, len(table))
    return WordVectors(table, TokenSplitter(tokenizer, mapping, values["unknown"]))


def _of_package(values: dict[str, Any]) -> WordVectors:
    words = word_vectors(_PACKAGE)  # says what to install where it is missing
    if _digest() != values["sha256"]:
        raise ModelFileError(
            f"The weights were learnt for the vectors of {_PACKAGE} "
            f"{str(values['release'])[:20]}, and those of the installed "
            f"{version(_PACKAGE)} are others. Install that release, or fit again."
        )
    return words


def _digest() -> str:
    """SHA-256 of the vectors and the tokenizer of the installed package."""
    digest = hashlib.sha256()
    for path in wordllama_files():
        with path.open("rb") as file:
            while block := file.read(_CHUNK):
                digest.update(block)
    return digest.hexdigest()


def _check_rows(rows: AnyArray, size: int) -> None:
    if rows.dtype.kind not in "iu" or (
        len(rows) and not 0 <= rows.min() <= rows.max() < size
    ):
        raise ValueError(f"words have rows beyond the {size:,} vectors")
