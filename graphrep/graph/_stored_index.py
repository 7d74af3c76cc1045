"""StoredIndex: ids of nodes that stay in their files until one is looked up."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from graphrep.graph._node_index import NodeIndex, sorted_ids, table_of_ids
from graphrep.graph._text_column import TextColumn
from graphrep.typing import AnyArray, IntArray


class StoredIndex(NodeIndex):
    """Index over ids that were checked when they were written.

    Parameters
    ----------
    ids : ndarray of int64 of shape (n_nodes,), TextColumn or int
        The ids in row order, distinct; an int stands for ``0 … n-1``. Both kinds of
        columns may be memory-mapped.

    Notes
    -----
    Making one reads nothing. The first look-up of an id sorts integers, or makes a
    Python object and an entry in a dictionary for every text.
    """

    __slots__ = ("_column", "_loaded", "_lookup", "_order")

    def __init__(self, ids: AnyArray | TextColumn | int) -> None:
        self._column = None if isinstance(ids, int) else ids
        self._size = ids if isinstance(ids, int) else len(ids)
        self._loaded: AnyArray | None = None
        self._lookup: dict[Hashable, int] | None = None
        self._order: tuple[IntArray, IntArray] | None = None

    @property
    def column(self) -> AnyArray | TextColumn | None:
        """Ids as they are stored; None for ``0 … n-1``."""
        return self._column

    @property
    def is_range(self) -> bool:
        """Whether the ids are ``0 … n-1`` in order."""
        return self._column is None

    @property
    def is_integer(self) -> bool:
        """Whether all ids are integers."""
        return not isinstance(self._column, TextColumn)

    def keys(self) -> AnyArray:
        """64-bit key of each id; texts are hashed where they lie."""
        if not isinstance(self._column, TextColumn):
            return super().keys()
        from graphrep.kernels._hash import hash_texts

        out = np.empty(self._size, np.uint64)
        data = self._column.data if len(self._column.data) else np.zeros(1, np.uint8)
        hash_texts(data, self._column.offsets[1:], out)
        return out

    @property
    def _ids(self) -> AnyArray | None:  # type: ignore[override]
        if isinstance(self._column, TextColumn):
            if self._loaded is None:
                texts = np.empty(self._size, object)
                texts[:] = self._column.tolist()
                texts.setflags(write=False)
                self._loaded = texts
            return self._loaded
        return self._column

    @property
    def _table(self) -> dict[Hashable, int] | None:  # type: ignore[override]
        if self.is_integer:
            return None
        if self._lookup is None:
            assert self._ids is not None
            self._lookup = table_of_ids(self._ids)
        return self._lookup

    @property
    def _sorted(self) -> tuple[IntArray, IntArray] | None:  # type: ignore[override]
        if self._column is None or isinstance(self._column, TextColumn):
            return None
        if self._order is None:
            self._order = sorted_ids(self._column)
        return self._order

    def __reduce__(self) -> tuple[Any, ...]:
        return (NodeIndex, (self._size if self._column is None else self.ids,))
