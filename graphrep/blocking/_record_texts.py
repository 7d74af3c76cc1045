"""Values of tables as texts: one way for every library and every type."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from graphrep._utils._optional import module_of
from graphrep.exceptions import GraphTypeError
from graphrep.typing import AnyArray

_MISSING = frozenset({"<NA>", "NaT"})  # what pandas and numpy print for them
_LARGEST_WHOLE = 1e15  # above it a float is written as Python writes it
_MIDNIGHT = "T00:00:00"
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")


def texts_of(values: Any) -> AnyArray:
    """Values of one column as texts, "" for missing ones: ndarray of object.

    Parameters
    ----------
    values : sequence, ndarray, or column of pandas, polars or pyarrow
        Numbers lose a needless ``.0``, times a needless midnight; lists are joined
        by blanks.
    """
    values = plain_values(values)
    if isinstance(values, np.ndarray) and values.ndim == 1:
        if values.dtype.kind in "iu":
            return _objects(list(map(str, values.tolist())))
        if values.dtype.kind == "f":
            return _objects(_texts_of_floats(values))
        if values.dtype.kind == "b":
            return np.where(values, "true", "false").astype(object)
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    kinds = set(map(type, listed))
    if kinds <= {str}:
        return _objects(listed)
    if kinds <= {str, type(None)}:
        return _objects(["" if v is None else v for v in listed])
    return _objects([v if type(v) is str else text_of(v) for v in listed])


def plain_values(column: Any) -> Any:
    """Turn a column of any library into a list or ndarray that has the same values."""
    library = module_of(column)
    if isinstance(column, np.ndarray):
        return column if column.dtype.kind not in "mM" else list(column)
    if library == "pandas":
        return column.to_numpy() if column.dtype.kind in "iufb" else column.tolist()
    if library == "polars":
        plain = column.dtype.is_numeric() and not column.null_count()
        return column.to_numpy() if plain else column.to_list()
    if library == "pyarrow":
        return _values_of_arrow(column)
    if isinstance(column, (str, bytes)) or not hasattr(column, "__iter__"):
        raise GraphTypeError(
            f"A column must be a sequence of values; got {type(column).__name__} "
            f"{column!r:.80}. Put it into a list."
        )
    return column if isinstance(column, (list, tuple)) else list(column)


def without_zeros(texts: list[str]) -> list[str]:
    """Drop the ``.0`` of whole numbers in a column of decimals of a text file.

    So the same table gives the same texts from a file and from memory: programs write
    whole numbers so in a column of floats, which is any column where one is missing.
    """
    first = next(filter(None, texts), "")
    if not _DECIMAL.fullmatch(first):
        return texts
    if not all(text == "" or _DECIMAL.fullmatch(text) for text in texts):
        return texts
    return [text.removesuffix(".0") for text in texts]


def text_of(value: Any) -> str:
    """One value as a text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return _text_of_float(value)
    if isinstance(value, Decimal):
        return _text_of_decimal(value)
    if isinstance(value, (set, frozenset)):
        return " ".join(sorted(filter(None, map(text_of, value))))
    if isinstance(value, (list, tuple, np.ndarray)):
        return " ".join(filter(None, map(text_of, value)))
    if isinstance(value, Mapping):
        return " ".join(filter(None, map(text_of, value.values())))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    if isinstance(value, np.datetime64) or hasattr(value, "isoformat"):
        text = text.removesuffix(_MIDNIGHT)
    return "" if text in _MISSING else text


def whole_ids(values: Any) -> Any:
    """Ids as they are; floats become integers where all of them are whole."""
    values = plain_values(values)
    if isinstance(values, np.ndarray):
        if values.dtype.kind != "f":
            return values
        values = values.tolist()
    if values and all(isinstance(v, float) and v.is_integer() for v in values):
        return [int(v) for v in values]
    return values


def _text_of_float(value: Any) -> str:
    if math.isnan(value):
        return ""
    if abs(value) < _LARGEST_WHOLE and value == int(value):
        return str(int(value))
    return str(value)


def _text_of_decimal(value: Decimal) -> str:
    if value.is_nan():
        return ""
    if value.is_finite() and abs(value) < _LARGEST_WHOLE:
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def _texts_of_floats(values: AnyArray) -> list[str]:
    """Shortest texts that read back as the numbers, whatever their width."""
    if values.dtype.itemsize == 8:
        return ["" if v != v else _text_of_float(v) for v in values.tolist()]
    return [_text_of_float(v) for v in values]


def _values_of_arrow(column: Any) -> Any:
    """Texts and numbers of a column of Arrow in one go, others one by one."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if text or (number and not column.null_count):
        chunked = isinstance(column, pa.ChunkedArray)
        options = {} if chunked else {"zero_copy_only": False}
        return column.to_numpy(**options)
    return column.to_pylist()


def _objects(values: Sequence[Any]) -> AnyArray:
    out = np.empty(len(values), object)
    out[:] = values
    return out


def join_text(texts: Sequence[str]) -> dict[str, AnyArray]:
    """Bytes of all texts, and where each one ends; any text of Python will do."""
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return {"bytes": np.frombuffer(b"".join(parts), np.uint8), "ends": ends}


def split_text(arrays: Mapping[str, AnyArray]) -> list[str]:
    """Undo `join_text`."""
    data, ends = arrays["bytes"].tobytes(), arrays["ends"].tolist()
    return [
        data[start:end].decode("utf-8", "surrogatepass")
        for start, end in zip([0, *ends], ends, strict=False)
    ]
