"""The safetensors format: named arrays in one file that can be mapped, no code.

A file is the length of a header (8 bytes, little-endian), the header (JSON: name ->
dtype, shape, data_offsets, and texts under ``__metadata__``) and the values.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.io._compression import open_output
from graphrep.typing import AnyArray, PathType

_DTYPES = {
    "BOOL": "|b1",
    "U8": "|u1",
    "I8": "|i1",
    "U16": "<u2",
    "I16": "<i2",
    "F16": "<f2",
    "U32": "<u4",
    "I32": "<i4",
    "F32": "<f4",
    "U64": "<u8",
    "I64": "<i8",
    "F64": "<f8",
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_LENGTH = struct.Struct("<Q")
_LARGEST_HEADER = 100_000_000
_ALIGNMENT = 8
_METADATA = "__metadata__"


def write_safetensors(
    path: PathType,
    arrays: Mapping[str, AnyArray],
    metadata: Mapping[str, str] | None = None,
    *,
    overwrite: bool = True,
) -> None:
    """Write named arrays in the safetensors format, atomically.

    Parameters
    ----------
    path : path-like
        File to write.
    arrays : dict of str to ndarray
        Arrays of integers, floats (16 to 64 bits) or booleans, in any memory order.
    metadata : dict of str to str or None, default=None
        Texts to keep with them.
    overwrite : bool, default=True
        Whether a file that is there may be replaced.

    Raises
    ------
    GraphTypeError
        For an array of another type, or metadata that are no texts.
    """
    # The widest types first: then every array begins at a multiple of its item size.
    kinds = {name: _dtype_name(name, array) for name, array in arrays.items()}
    names = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header = _header(names, arrays, kinds, metadata)
    with open_output(path, overwrite=overwrite) as file:
        file.write(_LENGTH.pack(len(header)))
        file.write(header)
        for name in names:
            little = np.ascontiguousarray(arrays[name], dtype=_DTYPES[kinds[name]])
            if little.size:
                file.write(little.reshape(-1).view(np.uint8).data)


def read_safetensors(
    path: PathType, *, mmap: bool = True
) -> tuple[dict[str, AnyArray], dict[str, str]]:
    """Read the arrays and the metadata of a safetensors file.

    Parameters
    ----------
    path : path-like
        File to read.
    mmap : bool, default=True
        Map the values read-only instead of reading them into memory.

    Returns
    -------
    arrays : dict of str to ndarray
        The arrays, in the order of their values in the file.
    metadata : dict of str to str
        The texts kept with them.

    Raises
    ------
    GraphFormatError
        If the file is cut off, or its header is damaged, too large, names an array
        twice or a type that is not known, or its ranges overlap or leave holes.
    """
    if not Path(path).stat().st_size:
        raise GraphFormatError("The safetensors file is empty.", path=path)
    if mmap:
        data: AnyArray = np.memmap(path, np.uint8, mode="r")
    else:
        data = np.fromfile(path, np.uint8)
    return parse_safetensors(data, path)


def parse_safetensors(
    data: AnyArray, path: PathType
) -> tuple[dict[str, AnyArray], dict[str, str]]:
    """Give the arrays and metadata of the bytes of a file, as views where possible.

    ``data`` are uint8; ``path`` is named in errors, those of `read_safetensors`.
    """
    header, start = _read_header(data, path)
    metadata = _checked_metadata(header.pop(_METADATA, {}), path)
    spans = {name: _check_entry(name, entry, path) for name, entry in header.items()}
    _check_cover(spans, len(data) - start, path)
    arrays = {}
    for name in sorted(spans, key=lambda name: (spans[name][2], spans[name][3])):
        dtype, shape, begin, end = spans[name]
        arrays[name] = _view(data[start + begin : start + end], dtype, shape)
    return arrays, metadata


def _dtype_name(name: str, array: AnyArray) -> str:
    little = array.dtype.newbyteorder("<").str
    if little not in _NAMES:
        raise GraphTypeError(
            f"Array {name!r} has dtype {array.dtype}, which safetensors files cannot "
            "hold. Convert it to integers, floats or booleans."
        )
    return _NAMES[little]


def _header(
    names: list[str],
    arrays: Mapping[str, AnyArray],
    kinds: Mapping[str, str],
    metadata: Mapping[str, str] | None,
) -> bytes:
    header: dict[str, Any] = {}
    if metadata:
        if not all(isinstance(t, str) for pair in metadata.items() for t in pair):
            raise GraphTypeError("Metadata of a safetensors file must be texts.")
        header[_METADATA] = dict(sorted(metadata.items()))
    at = 0
    for name in names:
        if name == _METADATA:
            raise GraphValueError(f"An array cannot be called {_METADATA!r}.")
        end = at + arrays[name].nbytes
        header[name] = {
            "dtype": kinds[name],
            "shape": list(arrays[name].shape),
            "data_offsets": [at, end],
        }
        at = end
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    if len(text) > _LARGEST_HEADER:
        raise GraphValueError(
            f"The header would take {len(text):,} bytes; safetensors files allow "
            f"{_LARGEST_HEADER:,}."
        )
    return text


def _read_header(data: AnyArray, path: PathType) -> tuple[dict[str, Any], int]:
    size = len(data)
    if size < _LENGTH.size:
        raise GraphFormatError(
            f"The file has {size} bytes, too few for a safetensors file.", path=path
        )
    length = _LENGTH.unpack(data[: _LENGTH.size].tobytes())[0]
    if length > min(_LARGEST_HEADER, size - _LENGTH.size):
        raise GraphFormatError(
            f"The header is said to take {length:,} bytes of a file of {size:,}; this "
            "is no safetensors file, or it was cut off.",
            path=path,
        )
    try:
        text = data[_LENGTH.size : _LENGTH.size + length].tobytes().decode()
        header = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise GraphFormatError(
            f"The header of the safetensors file is damaged: {error}.", path=path
        ) from None
    if not isinstance(header, dict):
        raise GraphFormatError(
            "The header of the safetensors file is no JSON object.", path=path
        )
    return header, _LENGTH.size + length


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands twice")
    return out


def _checked_metadata(metadata: Any, path: PathType) -> dict[str, str]:
    if not isinstance(metadata, dict) or not all(
        isinstance(text, str) for text in metadata.values()
    ):
        raise GraphFormatError(
            "The metadata of the safetensors file are no texts.", path=path
        )
    return metadata


def _check_entry(
    name: str, entry: Any, path: PathType
) -> tuple[str, tuple[int, ...], int, int]:
    """Return (dtype, shape, begin, end) of one array, or say what is wrong."""

    def wrong(what: str) -> GraphFormatError:
        return GraphFormatError(f"Array {name!r} {what}.", path=path)

    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise wrong("is not described by dtype, shape and data_offsets")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in _DTYPES:
        raise wrong(f"has dtype {kind!r}; known are {', '.join(_DTYPES)}")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise wrong("has a shape or offsets that are no lists of whole numbers")
    needed = math.prod(shape) * np.dtype(_DTYPES[kind]).itemsize
    if offsets[1] - offsets[0] != needed:
        raise wrong(f"of shape {shape} and dtype {kind} has the range {offsets}")
    return _DTYPES[kind], tuple(shape), offsets[0], offsets[1]


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and all(
        type(value) is int and 0 <= value < 2**63 for value in values
    )


def _check_cover(
    spans: Mapping[str, tuple[Any, ...]], size: int, path: PathType
) -> None:
    """See that the ranges lie one after another and fill the file."""
    at = 0
    for name, (_, _, begin, end) in sorted(spans.items(), key=lambda s: s[1][2:]):
        if begin != at:
            kind = "overlaps the one before" if begin < at else "leaves a hole"
            raise GraphFormatError(
                f"The range of array {name!r} {kind}: it begins at byte {begin}, the "
                f"last ended at {at}.",
                path=path,
            )
        at = end
    if at != size:
        raise GraphFormatError(
            f"The file holds {size:,} bytes of values but its header describes "
            f"{at:,}; was it cut off?",
            path=path,
        )


def _view(raw: AnyArray, dtype: str, shape: tuple[int, ...]) -> AnyArray:
    kind = np.dtype(dtype)
    if raw.ctypes.data % kind.itemsize:  # files of others may be unaligned
        raw = np.array(raw)
    array = raw.view(kind).reshape(shape)
    return array if kind.isnative else array.astype(kind.newbyteorder("="))
