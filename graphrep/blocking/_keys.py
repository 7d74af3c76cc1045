"""Keys of records: from names of columns, functions and kinds of tokens to blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from graphrep.blocking._blocks import Blocks, stack
from graphrep.blocking._record_texts import texts_of
from graphrep.blocking._records import Records
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.kernels import _ngrams
from graphrep.retrieval import TextFeatures
from graphrep.retrieval._text_features import _kinds, code_points, normal_form
from graphrep.typing import AnyArray, IntArray

kernels: Any = _ngrams  # kernels carry no annotations
Key: TypeAlias = "str | Callable[[Records], Any] | tuple[Any, ...]"
TOKENS, QGRAMS = "tokens", "qgrams"
_GLUE = "\x1f"  # stands between the parts of a composite key


def as_passes(keys: Any) -> list[Key]:
    """One or several keys as a list."""
    passes = keys if isinstance(keys, list) else [keys]
    if not passes:
        raise GraphValueError("keys must name at least one key; got an empty list.")
    for key in passes:
        parts = key if isinstance(key, tuple) else (key,)
        if not parts or not all(isinstance(p, str) or callable(p) for p in parts):
            raise GraphTypeError(
                "A key is the name of a column, a function of Records, 'tokens', "
                f"'qgrams', or a tuple of names and functions; got {key!r}."
            )
    return passes


def label_of(key: Key) -> str:
    """Name of a key in tables."""
    if isinstance(key, tuple):
        return " + ".join(label_of(part) for part in key)
    if isinstance(key, str):
        return key
    return str(getattr(key, "__name__", type(key).__name__))


def build_blocks(
    keys: Any, A: Records, B: Records, one_table: bool, q: int, n_jobs: int | None
) -> Blocks:
    """Blocks of all keys; the name of a block is (name of its key, key)."""
    parts = []
    for key in as_passes(keys):
        if isinstance(key, str) and key in (TOKENS, QGRAMS):
            parts.append(_token_blocks(key, A, B, one_table, q, n_jobs))
        else:
            parts.append(_key_blocks(key, A, B, one_table))
    return stack(parts, one_table)


def key_values(key: Key, records: Records) -> list[Any]:
    """Key of each record: a text, "" for none, or a tuple of several texts."""
    if isinstance(key, tuple):
        columns = [key_values(part, records) for part in key]
        for values in columns:
            if any(isinstance(v, tuple) for v in values):
                raise GraphValueError(
                    f"Part of the composite key {label_of(key)!r} gives several texts "
                    "for a record; only a key of its own may do that."
                )
        return [
            _GLUE.join(row) if all(row) else ""
            for row in zip(*columns, strict=True)
        ]  # fmt: skip
    if isinstance(key, str):
        (name,) = records.check_columns([key])
        return [normal_form(text) for text in records.columns[name]]
    return _called(key, records)


def _called(key: Any, records: Records) -> list[Any]:
    """Call a function and check what it gives."""
    values = key(records)
    if isinstance(values, str) or not hasattr(values, "__len__"):
        raise GraphTypeError(
            f"Key {label_of(key)!r} must return one text for each record; got "
            f"{type(values).__name__}."
        )
    values = list(values)
    if len(values) != len(records):
        raise GraphValueError(
            f"Key {label_of(key)!r} must return one text for each of {len(records):,} "
            f"records; got {len(values):,}."
        )
    return [_normal(value) for value in values]


def _normal(value: Any) -> Any:
    if isinstance(value, (list, tuple, set, frozenset)):
        texts = {normal_form(text) for text in texts_of(list(value))}
        return tuple(sorted(texts - {""}))
    return normal_form(texts_of([value])[0])


def _key_blocks(key: Key, A: Records, B: Records, one_table: bool) -> Blocks:
    """Blocks of records with equal keys."""
    codes: dict[str, int] = {}
    left = _coded(key_values(key, A), codes)
    right = left if one_table else _coded(key_values(key, B), codes)
    names = list(codes)
    label = label_of(key)
    width = len(names)
    first, second = (
        sparse.csr_array((np.ones(len(rows), "f4"), (rows, blocks)), (size, width))
        for (rows, blocks), size in ((left, len(A)), (right, len(B)))
    )

    def name(block: int) -> tuple[str, str]:
        return label, names[block].replace(_GLUE, " | ")

    return Blocks(first, second, one_table, name)


def _coded(values: Sequence[Any], codes: dict[str, int]) -> tuple[IntArray, IntArray]:
    """Entries (record, block); new keys are numbered as they come."""
    rows, blocks = [], []
    for row, value in enumerate(values):
        for text in value if isinstance(value, tuple) else (value,):
            if text:
                rows.append(row)
                blocks.append(codes.setdefault(text, len(codes)))
    return np.array(rows, np.int64), np.array(blocks, np.int64)


def _token_blocks(
    kind: str, A: Records, B: Records, one_table: bool, q: int, n_jobs: int | None
) -> Blocks:
    """Blocks of records that share a word or a run of characters."""
    features = TextFeatures("word" if kind == TOKENS else "char", q, n_jobs=n_jobs)
    texts = A.texts()
    if one_table:
        left = right = features.fit_transform(texts)
    else:
        more = B.texts()
        both = features.fit_transform(texts + more)
        left, right = both[: len(texts)], both[len(texts) :]
        texts = texts + more
    holders = _first_holders(left, right, one_table)

    def name(block: int) -> tuple[str, str]:
        wanted = features.vocabulary_[block]
        return kind, _spelling(texts[holders[block]], wanted, kind, q)

    return Blocks(left, right, one_table, name)


def _first_holders(left: Any, right: Any, one_table: bool) -> IntArray:
    """Lowest place of a text that has each feature, left ones first."""
    out = np.full(left.shape[1], -1, np.int64)
    tables = [left] if one_table else [left, right]
    starts = [0, left.shape[0]]
    for table, start in reversed(list(zip(tables, starts, strict=False))):
        own = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
        out[table.indices[::-1]] = own[::-1] + start
    return out


def _spelling(text: str, wanted: Any, kind: str, q: int) -> str:
    """Spell the word or run of characters of a text that has this hash."""
    text = normal_form(text)
    codes, ends = code_points([text])
    hashes: AnyArray = np.empty(kernels.most_features(ends, 0, 1), np.uint64)
    if kind == TOKENS:
        kinds = _kinds(codes)
        kernels.words(codes, ends, 0, 1, kinds, np.uint64(0), hashes)
        blank = "".join(c if kinds[ord(c)] else " " for c in text)
        spelled = blank.split(" ")
        spelled = [word for word in spelled if word]
    else:
        kernels.char_ngrams(codes, ends, 0, 1, q, np.uint64(q), hashes)
        padded = f" {text} "
        spelled = [padded[p : p + q] for p in range(max(1, len(padded) + 1 - q))]
    return spelled[int(np.flatnonzero(hashes[: len(spelled)] == wanted)[0])]
