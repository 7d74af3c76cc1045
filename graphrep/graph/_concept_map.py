"""ConceptMap: which concepts of one terminology stand for which of another."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from graphrep._utils._optional import require
from graphrep.exceptions import GraphValueError
from graphrep.graph._ids import id_array
from graphrep.typing import AnyArray, NodeIds

_FLAG_KINDS = "iub"


class ConceptMap:
    """Statements "source is mapped to target", one a row, immutable.

    Parameters
    ----------
    sources, targets : sequence of hashable of length n_rows
        Ids; integers stay integers. The target ``""`` says that there is none.
    predicates : sequence of str or str, default="skos:exactMatch"
        How target and source stand to each other, as CURIEs of SKOS where one fits
        (``skos:broadMatch``: the target is broader).
    confidence : array-like of float of shape (n_rows,) or None, default=None
        Between 0 and 1; NaN where it is not known.
    flags : mapping of str to sequence of length n_rows, or None, default=None
        Further columns: whole numbers or texts.
    source_title, target_title : str or None, default=None
        Systems that the ids are of.

    Attributes
    ----------
    sources, targets : ndarray of int64 or object of shape (n_rows,)
        Ids.
    predicates : ndarray of object of shape (n_rows,)
        Texts.
    confidence : ndarray of float64 of shape (n_rows,), or None
        As given.
    flags : dict of str to ndarray
        As given.

    Raises
    ------
    GraphValueError
        For columns of different lengths and a confidence outside 0 to 1.

    Examples
    --------
    >>> links = ConceptMap(["0010", "0011"], ["A000", "A001"])
    >>> links.targets_of("0011")
    ['A001']
    """

    def __init__(
        self,
        sources: NodeIds,
        targets: NodeIds,
        *,
        predicates: Sequence[str] | str = "skos:exactMatch",
        confidence: Any = None,
        flags: Mapping[str, Any] | None = None,
        source_title: str | None = None,
        target_title: str | None = None,
    ) -> None:
        self.sources: AnyArray = id_array(sources)
        self.targets: AnyArray = id_array(targets)
        size = len(self.sources)
        if isinstance(predicates, str):
            predicates = [predicates] * size
        self.predicates: AnyArray = np.empty(len(predicates), object)
        self.predicates[:] = predicates
        self.confidence: AnyArray | None = None
        if confidence is not None:
            self.confidence = np.array(confidence, np.float64)
            if bool(np.any((self.confidence < 0) | (self.confidence > 1))):
                raise GraphValueError("confidence must lie between 0 and 1, or be NaN.")
        self.flags: dict[str, AnyArray] = {
            name: _flag(values) for name, values in (flags or {}).items()
        }
        self.source_title, self.target_title = source_title, target_title
        for name, column in self._columns().items():
            if len(column) != size:
                raise GraphValueError(
                    f"{name} has {len(column):,} rows; sources has {size:,}."
                )
            column.setflags(write=False)
        self._rows: dict[Hashable, list[int]] | None = None

    def __len__(self) -> int:
        return len(self.sources)

    def __iter__(self) -> Iterator[tuple[Hashable, str, Hashable]]:
        columns = (self.sources, self.predicates, self.targets)
        return zip(*(c.tolist() for c in columns), strict=True)

    def __repr__(self) -> str:
        systems = ""
        if self.source_title or self.target_title:
            systems = f", {self.source_title or '?'} to {self.target_title or '?'}"
        return f"ConceptMap({len(self):,} rows{systems})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ConceptMap):
            return NotImplemented
        one, two = self._columns(), other._columns()
        return one.keys() == two.keys() and all(
            _equal(one[name], two[name]) for name in one
        )

    __hash__ = None  # type: ignore[assignment]

    def targets_of(self, source: Hashable) -> list[Hashable]:
        """Targets of an id in the order of rows, without repeats; O(1) once indexed.

        Empty where the id is not mapped, or mapped to nothing.
        """
        if self._rows is None:
            self._rows = {}
            for row, key in enumerate(self.sources.tolist()):
                self._rows.setdefault(key, []).append(row)
        rows = self._rows.get(source, [])
        found = dict.fromkeys(self.targets[rows].tolist())
        found.pop("", None)
        return list(found)

    def where(self, **flags: Any) -> ConceptMap:
        """Rows whose flags have these values, such as ``no_map=0``.

        Raises
        ------
        GraphValueError
            For a flag that is not there.
        """
        keep = np.ones(len(self), bool)
        for name, value in flags.items():
            if name not in self.flags:
                raise GraphValueError(
                    f"There is no flag {name!r}; there are "
                    f"{', '.join(self.flags) or 'none'}."
                )
            keep &= self.flags[name] == value
        return self.take(np.flatnonzero(keep))

    def take(self, rows: AnyArray) -> ConceptMap:
        """Take some rows, in the order asked."""
        confidence = None if self.confidence is None else self.confidence[rows]
        return ConceptMap(
            self.sources[rows],
            self.targets[rows],
            predicates=self.predicates[rows].tolist(),
            confidence=confidence,
            flags={name: column[rows] for name, column in self.flags.items()},
            source_title=self.source_title,
            target_title=self.target_title,
        )

    def to_frame(self) -> Any:
        """Columns as a pandas frame."""
        pandas = require("pandas", extra="pandas", why="A frame of mappings")
        names = {"sources": "source", "targets": "target", "predicates": "predicate"}
        columns = self._columns().items()
        return pandas.DataFrame({names.get(name, name): c for name, c in columns})

    def _columns(self) -> dict[str, AnyArray]:
        out = {
            "sources": self.sources,
            "targets": self.targets,
            "predicates": self.predicates,
        }
        if self.confidence is not None:
            out["confidence"] = self.confidence
        return {**out, **self.flags}


def _flag(values: Any) -> AnyArray:
    array = np.array(values)
    if array.dtype.kind in _FLAG_KINDS:
        return array
    texts: AnyArray = np.empty(len(array), object)
    texts[:] = list(values)
    return texts


def _equal(one: AnyArray, two: AnyArray) -> bool:
    if one.dtype.kind == "f" and two.dtype.kind == "f":
        return bool(np.array_equal(one, two, equal_nan=True))
    return bool(np.array_equal(one, two))
