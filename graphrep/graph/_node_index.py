"""NodeIndex: which row is which node, both ways, in the order given."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, cast

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph._ids import (
    close_matches,
    id_array,
    id_bytes,
    integer_array,
    listed,
    shown,
)
from graphrep.typing import AnyArray, IntArray, NodeIds

_MOST_COMPARED = 200_000  # ids that a search for close matches may look at


class NodeIndex:
    """Ordered, unique ids of nodes and the row of each.

    Integers are kept as one int64 array (the ids ``0 … n-1`` as nothing but their
    count), everything else as an array of objects.

    Parameters
    ----------
    ids : sequence of hashable, ndarray or int
        The ids in row order; an int ``n`` stands for ``0 … n-1``.

    Raises
    ------
    GraphValueError
        If an id is missing (None, NaN), stands twice, or an integer and a text
        read the same (``1`` and ``"1"``).
    GraphTypeError
        If an id is not hashable.

    Notes
    -----
    ``index`` costs O(1) for ``0 … n-1`` and texts and O(log n) for other integers.
    Making the index costs O(n) for texts and O(n log n) for other integers.

    Examples
    --------
    >>> index = NodeIndex(["a", "c", "b"])
    >>> index.index("c"), index[2], len(index)
    (1, 'b', 3)
    """

    __slots__ = ("_ids", "_size", "_sorted", "_table")

    def __init__(self, ids: NodeIds | int) -> None:
        self._table: dict[Hashable, int] | None = None
        self._sorted: tuple[IntArray, IntArray] | None = None
        self._ids: AnyArray | None = None
        if isinstance(ids, (int, np.integer)) and not isinstance(ids, bool):
            self._size = _checked_size(int(ids))
            return
        array = id_array(cast("NodeIds", ids))
        self._size = len(array)
        if array.dtype == object:
            self._ids = array
            self._table = table_of_ids(array)
            _refuse_twins(self._table)
        elif not _is_range(array):
            self._ids = array
            self._sorted = sorted_ids(array)
        if self._ids is not None:
            self._ids.setflags(write=False)

    # -- reading -----------------------------------------------------------------
    @property
    def ids(self) -> AnyArray:
        """Ids in row order, int64 or object, read-only."""
        if self._ids is None:
            array = np.arange(self._size, dtype=np.int64)
            array.setflags(write=False)
            return array
        return self._ids

    @property
    def is_range(self) -> bool:
        """Whether the ids are ``0 … n-1`` in order."""
        return self._ids is None

    @property
    def is_integer(self) -> bool:
        """Whether all ids are integers."""
        return self._ids is None or self._ids.dtype != object

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.ids.tolist())

    def __getitem__(self, row: int) -> Hashable:
        if not -self._size <= row < self._size:
            raise IndexError(f"Row {row} is outside a graph of {self._size} nodes.")
        if self._ids is None:
            return int(row) % self._size
        value = self._ids[row]
        return int(value) if self.is_integer else cast("Hashable", value)

    def __contains__(self, node: object) -> bool:
        try:
            return self._find(node) >= 0
        except TypeError:
            return False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NodeIndex):
            return NotImplemented
        if len(self) != len(other) or self.is_integer != other.is_integer:
            return False
        if self.is_range and other.is_range:
            return True
        return bool(np.all(self.ids == other.ids))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if self.is_range:
            return f"NodeIndex({self._size})"
        head = ", ".join(shown(i) for i in self.ids[:4].tolist())
        return f"NodeIndex([{head}{', …' if len(self) > 4 else ''}], n={len(self):,})"

    # -- looking up --------------------------------------------------------------
    def index(self, node: Hashable) -> int:
        """Row of one node.

        Raises
        ------
        NodeNotFoundError
            If the node is not there; the message names close matches.
        """
        row = self._find(node)
        if row < 0:
            raise NodeNotFoundError(self._missing_message(node))
        return row

    def indexer(self, nodes: NodeIds) -> IntArray:
        """Rows of many nodes, int64, in the order asked."""
        rows = self.find(nodes)
        bad = np.flatnonzero(rows < 0)
        if len(bad):
            missing = listed(nodes)[int(bad[0])]
            raise NodeNotFoundError(self._missing_message(missing))
        return rows

    def find(self, nodes: NodeIds) -> IntArray:
        """Rows of many nodes, int64, in the order asked; -1 for those not there."""
        integers = integer_array(nodes) if self.is_integer else None
        if integers is not None:
            return self._find_integers(integers)
        nodes = listed(nodes)
        find = self._find if self._table is None else self._find_in_table
        return np.fromiter(map(find, nodes), np.int64, len(nodes))

    def take(self, rows: IntArray) -> NodeIndex:
        """Ids of some rows as a new index."""
        return NodeIndex(self.ids[rows])

    def rank(self) -> IntArray | None:
        """Rows in canonical order: sorted ids; None when they lie so already.

        Integers sort by value. Other ids sort by their hash key, then by type and
        text, so that every hashable id has a place.
        """
        if self.is_range:
            return None
        if self.is_integer:
            ids = self.ids
            return None if bool(np.all(ids[1:] > ids[:-1])) else np.argsort(ids)
        keys = self.keys()
        order = np.argsort(keys, kind="stable")
        if len(keys) > 1 and bool(np.any(np.diff(keys[order]) == 0)):  # equal hashes
            texts = [f"{type(i).__name__}:{i!r}" for i in self.ids]
            order = np.array(sorted(order, key=lambda r: (keys[r], texts[r])), np.int64)
        return None if bool(np.all(order[1:] > order[:-1])) else order

    def keys(self) -> AnyArray:
        """64-bit key of each id (uint64), a function of the id alone.

        Integers are their own key; a text is hashed by its UTF-8 bytes, a tuple or
        frozenset by its members, any other id by its type's name and its ``repr``
        (which should therefore not show an address).
        """
        if self.is_integer:
            return self.ids.view(np.uint64)
        from graphrep.kernels._hash import hash_texts

        parts = [id_bytes(i) for i in self.ids]
        ends = np.cumsum([len(p) for p in parts], dtype=np.int64)
        data = np.frombuffer(b"".join(parts) or b"\x00", np.uint8)
        out = np.empty(len(parts), np.uint64)
        hash_texts(data, ends, out)
        for row, node in enumerate(self.ids):
            if type(node) is int and -(2**63) <= node < 2**63:
                out[row] = node % 2**64
        return out

    # -- private -----------------------------------------------------------------
    def _find(self, node: object) -> int:
        if self._table is not None:
            return self._find_in_table(node)
        if isinstance(node, (bool, np.bool_)) or not isinstance(
            node, (int, np.integer)
        ):
            return -1
        if self.is_range:
            return int(node) if 0 <= node < self._size else -1
        if not -(2**63) <= node < 2**63:
            return -1
        return int(self._find_integers(np.array([node], np.int64))[0])

    def _find_in_table(self, node: object) -> int:
        assert self._table is not None
        return self._table.get(node, -1)

    def _find_integers(self, wanted: IntArray) -> IntArray:
        if self.is_range:
            return np.where((wanted >= 0) & (wanted < self._size), wanted, -1)
        if self._size == 0:
            return np.full(len(wanted), -1, np.int64)
        assert self._sorted is not None
        values, order = self._sorted
        at = np.minimum(np.searchsorted(values, wanted), self._size - 1)
        return np.where(values[at] == wanted, order[at], -1)

    def _missing_message(
        self, node: object, kind: str = "Node", whole: str = "graph", all: str = "nodes"
    ) -> str:
        text = f"{kind} {shown(node)} is not in the {whole} ({self._size:,} {all})."
        if self.is_range:
            return f"{text} Its ids are the row numbers 0 to {self._size - 1}."
        if self.is_integer:
            if isinstance(node, str):
                return f"{text} Its ids are integers, not texts."
            return text
        if isinstance(node, str) and self._size <= _MOST_COMPARED:
            texts = [i for i in self.ids.tolist() if isinstance(i, str)]
            close = close_matches(node, texts)
            if close:
                return f"{text} Close matches: {', '.join(map(shown, close))}."
        first = ", ".join(shown(i) for i in self.ids[:3].tolist())
        return f"{text} Its first ids are {first}."

    def __reduce__(self) -> tuple[Any, ...]:
        return (NodeIndex, (self._size if self._ids is None else self._ids,))


def _checked_size(size: int) -> int:
    if size < 0:
        raise GraphValueError(f"A graph cannot have {size:,} nodes; pass 0 or more.")
    return size


def _is_range(array: IntArray) -> bool:
    n = len(array)
    if n and (array[0] != 0 or array[-1] != n - 1):
        return False
    return bool(np.array_equal(array, np.arange(n)))


def table_of_ids(array: AnyArray) -> dict[Hashable, int]:
    """Row of each id; an id that stands twice is refused."""
    try:
        table = {node: row for row, node in enumerate(array.tolist())}
    except TypeError as error:
        raise GraphTypeError(f"Every node id must be hashable: {error}.") from None
    if len(table) != len(array):
        seen: set[Hashable] = set()
        for row, node in enumerate(array.tolist()):
            if node in seen:
                raise _duplicate(node, row)
            seen.add(node)
    return table


def sorted_ids(array: IntArray) -> tuple[IntArray, IntArray]:
    """Ids in order and the row of each; an id that stands twice is refused."""
    order = np.argsort(array, kind="stable")
    values = array[order]
    same = np.flatnonzero(values[1:] == values[:-1])
    if len(same):
        raise _duplicate(int(values[same[0]]), int(order[same[0] + 1]))
    return values, order


def _duplicate(node: Hashable, row: int) -> GraphValueError:
    return GraphValueError(
        f"Node id {shown(node)} stands twice, the second time at position {row}. "
        "Ids must be unique."
    )


def _refuse_twins(table: dict[Hashable, int]) -> None:
    """Refuse an integer and a text that read the same: 1 and '1'."""
    kinds = {type(i) for i in table}
    if str not in kinds or int not in kinds:
        return
    for node in table:
        if type(node) is int and str(node) in table:
            raise GraphValueError(
                f"Node ids {node!r} and {str(node)!r} are different nodes that read "
                "the same. Make all ids texts or all integers."
            )
