"""How vectors are kept: as float32, or smaller as float16 or int8."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.kernels import _topk
from graphrep.typing import AnyArray, FloatArray

kernels: Any = _topk  # kernels carry no annotations
STORAGES = ("float32", "float16", "int8")
_DTYPES = {"float32": np.float32, "float16": np.float16, "int8": np.int8}
_PLAIN = 40  # exponents of float32 rows that are kept as they are
_STEPS = 127
_HALF = 15  # exponent of the largest numbers of float16
_BLOCK = 1 << 22  # numbers that are converted at a time


@dataclass(frozen=True)
class Storage:
    """A way to keep vectors, fitted to a base.

    A stored number times the unit of its row, plus the centre, is the value.

    Attributes
    ----------
    kind : {"float32", "float16", "int8"}
        Type of the stored numbers.
    centre : ndarray of float64 of shape (n_components,)
        What is subtracted before; zero but for the mean of small storages under
        "euclidean".
    exponent : int or None
        Power of two in which all rows are kept; None where each has its own unit.
    """

    kind: str
    centre: FloatArray
    exponent: int | None

    @classmethod
    def of(cls, base: AnyArray, kind: str, metric: str) -> Storage:
        """Choose centre and unit; distances need one for all rows but for int8."""
        if kind not in STORAGES:
            raise GraphValueError(
                f"storage must be one of {', '.join(map(repr, STORAGES))}; got "
                f"{kind!r}."
            )
        centre = np.zeros(base.shape[1])
        if metric != "euclidean":
            return cls(kind, centre, None)
        if kind != "float32":
            centre = base.mean(axis=0, dtype=np.float64)
        top = max(
            float(np.abs(rows - centre).max(initial=0.0)) for _, rows in blocks(base)
        )
        exponent = int(np.frexp(top)[1])
        if kind == "float32" and abs(exponent) <= _PLAIN:
            exponent = 0
        return cls(kind, centre, exponent)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored numbers."""
        return np.dtype(_DTYPES[self.kind])

    @property
    def common(self) -> float:
        """Unit in which distances are taken."""
        less = _HALF if self.kind == "float16" else 0
        return float(np.ldexp(1.0, (self.exponent or 0) - less))

    def encode(self, rows: FloatArray) -> tuple[AnyArray, FloatArray]:
        """Turn float64 rows into stored numbers and the unit of each row."""
        moved = rows - self.centre
        top = np.abs(moved).max(axis=1, initial=0.0)
        if self.kind == "int8":
            unit = np.where(top > 0, top, 1.0) / _STEPS
            return np.rint(moved / unit[:, None]).astype(np.int8), unit
        exponent = np.frexp(top)[1].astype(np.int64)
        exponent[top == 0] = 0
        if self.exponent is not None:
            exponent[:] = self.exponent
        elif self.kind == "float32":
            exponent[np.abs(exponent) <= _PLAIN] = 0
        if self.kind == "float16":
            exponent -= _HALF
        stored = np.ldexp(moved, -exponent[:, None]).astype(self.dtype)
        return stored, np.ldexp(1.0, exponent)


class StoredRows:
    """Rows in a small type that read as float64: what a search sees of them.

    Parameters
    ----------
    base : ndarray of shape (n, n_components)
        Vectors; not kept.
    storage : Storage
        How to keep them.
    """

    def __init__(self, base: AnyArray, storage: Storage) -> None:
        self.shape = base.shape
        self.storage = storage
        self.codes: AnyArray = np.empty(base.shape, storage.dtype)
        self.unit = np.empty(len(base))
        for start, rows in blocks(base):
            part = slice(start, start + len(rows))
            self.codes[part], self.unit[part] = storage.encode(rows)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: Any) -> FloatArray:
        found = self.storage.centre + self.codes[rows] * self.unit[rows, None]
        return np.asarray(found, np.float64)

    def mean(self, axis: int, dtype: Any) -> FloatArray:
        """Mean of all rows."""
        total = sum(rows.sum(axis=axis, dtype=dtype) for _, rows in blocks(self))
        return np.asarray(total / len(self))


def stored(base: AnyArray, kind: str, metric: str) -> Any:
    """Keep a copy of vectors: `StoredRows`, or an array where it says the same."""
    rows = StoredRows(base, Storage.of(base, kind, metric))
    plain = kind == "float32" and not (rows.unit != 1).any()
    return rows.codes if plain else rows


def blocks(base: Any) -> Any:
    """Give (first row, float64 rows) of a base, a block at a time."""
    step = max(1, _BLOCK // max(base.shape[1], 1))
    for start in range(0, len(base), step):
        yield start, np.asarray(base[start : start + step], np.float64)
