"""IdTable: node ids as they come out of text, numbered by first appearance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import NodeIndex
from graphrep.kernels import _id_table as kernels
from graphrep.typing import AnyArray, IntArray

_FIRST_SLOTS = 1 << 12
_FIRST_BYTES = 1 << 16
_MOST_LOAD = 0.6
_SLOT_BYTES = 16
TEXT, INTEGER = "text", "int64"

Tokens = tuple[AnyArray, AnyArray, AnyArray]


class IdTable:
    """Distinct ids in order of first appearance, as bytes; no Python object an id.

    Memory: 16 bytes a slot at a load of 30 to 60 %, 8 bytes and the text an id.
    """

    def __init__(self) -> None:
        self.count = 0
        self.frozen = False
        self._table = np.zeros((_FIRST_SLOTS, 2), np.uint64)
        self._arena = np.empty(_FIRST_BYTES, np.uint8)
        self._offsets = np.zeros(_FIRST_SLOTS, np.int64)

    def number(self, data: AnyArray, tokens: Tokens, n_tokens: int) -> IntArray:
        """Return a number for each token; -1: no partner, -2: unknown."""
        if not self.frozen:
            self._make_room(n_tokens, len(data))
        small = self.count + n_tokens < np.iinfo(np.int32).max
        out: IntArray = np.empty(n_tokens, np.int32 if small else np.int64)
        self.count, _ = kernels.number_tokens(
            data, tokens, 0, n_tokens, self.frozen, self._table, self._arena,
            self._offsets, self.count, out,
        )  # fmt: skip
        return out

    def needed(self, n_tokens: int, n_bytes: int) -> int:
        """Bytes that making room for so many new ids would take at its peak."""
        wanted = self.count + n_tokens
        slots = len(self._table)
        while wanted > _MOST_LOAD * slots:
            slots *= 2
        sizes = [
            (_SLOT_BYTES, len(self._table), slots),
            (8, len(self._offsets), wanted + 1),
            (1, len(self._arena), int(self._offsets[self.count]) + n_bytes),
        ]
        return sum(
            unit * (have if need <= have else have + max(need, 2 * have))
            for unit, have, need in sizes
        )

    def part(self, start: int, stop: int) -> tuple[AnyArray, IntArray]:
        """Bytes of some ids one after another, and where each begins and ends."""
        offsets = self._offsets[start : stop + 1]
        low = int(offsets[0])
        inside = np.ones(int(offsets[-1]) - low, bool)
        inside[offsets[1:] - low - 1] = False  # the separators
        data = self._arena[low : int(offsets[-1])][inside]
        return data, offsets - low - np.arange(len(offsets))

    def index(self, id_dtype: str | None) -> tuple[NodeIndex, IntArray | None]:
        """Index of the ids, and the row of each number if two ids became one.

        Integers if every id is a canonical one or ``id_dtype`` is INTEGER; then 7
        and 007 are one node.
        """
        values = np.empty(self.count, np.int64)
        strict = id_dtype != INTEGER
        bad = 0
        if id_dtype != TEXT:
            bad = kernels.read_integers(
                self._arena, self._offsets, self.count, strict, values
            )
        if not strict:
            return self._merged(values, bad)
        if bad < 0 and self.count:
            return NodeIndex(values), None
        self._tell_blanks()
        texts = np.empty(self.count, object)
        texts[:] = self.texts()
        return NodeIndex(texts), None

    def texts(self) -> list[str]:
        """Return the ids as texts."""
        if not self.count:
            return []
        end = self._offsets[self.count] - 1
        return self._arena[:end].tobytes().decode().split("\n")

    def text(self, number: int) -> str:
        """Return one id as text."""
        start, end = self._offsets[number], self._offsets[number + 1] - 1
        return self._arena[start:end].tobytes().decode()

    def _merged(self, values: IntArray, bad: int) -> tuple[NodeIndex, IntArray | None]:
        if bad >= 0:
            raise GraphValueError(
                f"Node id {self.text(bad)!r} does not fit int64. Leave id_dtype away "
                "to keep such ids as texts."
            )
        unique, first, inverse = np.unique(
            values, return_index=True, return_inverse=True
        )
        if len(unique) == len(values):
            return NodeIndex(values), None
        order = np.argsort(first, kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        return NodeIndex(unique[order]), rank[inverse]

    def _tell_blanks(self) -> None:
        blank = kernels.count_blank_edges(self._arena, self._offsets, self.count)
        if blank:
            warn_user(
                f"{blank:,} node ids begin or end with a space and are kept so. Strip "
                "them in the file if that is not meant."
            )

    def _make_room(self, n_tokens: int, n_bytes: int) -> None:
        wanted = self.count + n_tokens
        slots = len(self._table)
        while wanted > _MOST_LOAD * slots:
            slots *= 2
        if slots > len(self._table):
            table = np.zeros((slots, 2), np.uint64)
            kernels.move_slots(self._table, table)
            self._table = table
        if wanted + 1 > len(self._offsets):
            self._offsets = _enlarged(self._offsets, wanted + 1, self.count + 1)
        used = int(self._offsets[self.count])
        if used + n_bytes > len(self._arena):
            self._arena = _enlarged(self._arena, used + n_bytes, used)


def encode_ids(ids: Sequence[Any]) -> tuple[AnyArray, int]:
    """Ids, one a line, as bytes; and how many there are."""
    texts = []
    for node in ids:
        if isinstance(node, bool) or not isinstance(node, (str, int, np.integer)):
            raise GraphTypeError(
                f"nodes must hold texts or integers, as a text file does; got {node!r}."
            )
        texts.append(str(node))
    data = "".join(f"{text}\n" for text in texts).encode()
    return np.frombuffer(bytearray(data), np.uint8), len(texts)


def _enlarged(array: AnyArray, least: int, used: int) -> AnyArray:
    new = np.empty(max(least, 2 * len(array)), array.dtype)
    new[:used] = array[:used]
    return new
