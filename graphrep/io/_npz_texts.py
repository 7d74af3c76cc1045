"""Texts in .npz files: the bytes of all, and where each one ends."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from graphrep.exceptions import GraphFormatError
from graphrep.typing import AnyArray, PathType


def join_texts(texts: Iterable[str]) -> tuple[AnyArray, AnyArray]:
    """Bytes of all texts joined (uint8), and where each one ends (int64)."""
    parts = [text.encode() for text in texts]
    joined = np.frombuffer(b"".join(parts), np.uint8)
    return joined, np.cumsum([len(part) for part in parts], dtype=np.int64)


def split_texts(
    joined: AnyArray, ends: AnyArray, path: PathType, name: str = "ids"
) -> AnyArray:
    """Undo `join_texts`; ``name`` is what the arrays are called in errors."""
    starts = np.concatenate([np.zeros(1, np.int64), ends.reshape(-1)])
    in_order = ends.dtype.kind == "i" and bool(np.all(np.diff(starts) >= 0))
    if joined.dtype != np.uint8 or not in_order or starts[-1] != joined.size:
        raise GraphFormatError(
            f"{name}_ends does not cut the {joined.size:,} bytes of {name}_utf8 into "
            f"{name}.",
            path=path,
        )
    data = joined.tobytes()
    out = np.empty(len(ends), object)
    bounds = starts.tolist()
    try:
        for row in range(len(ends)):
            out[row] = data[bounds[row] : bounds[row + 1]].decode()
    except UnicodeDecodeError as error:
        raise GraphFormatError(
            f"Text {row} in {name}_utf8 is not UTF-8: {error}.", path=path
        ) from None
    return out
