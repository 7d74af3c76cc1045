"""Rows of the embedding from the powers that lie in files by blocks of columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from graphrep._utils._arrays import aligned_empty
from graphrep._utils._closes import Closes
from graphrep._utils._pieces import ahead
from graphrep._utils._range_reader import RangeReader
from graphrep._utils._range_writer import PAGE
from graphrep.embedding._fastrp_layout import (
    PIECE_BYTES,
    ROWS_IN_STEP,
    Layout,
    block_paths,
    share,
)
from graphrep.embedding._fastrp_operator import Operator
from graphrep.embedding._fastrp_run import fuses
from graphrep.embedding._fastrp_state import Recipe, Slot
from graphrep.embedding._propagation import (
    FINISH_L2,
    FINISH_NONE,
    FINISH_SUMS,
    SignStart,
    Target,
    fixed_point,
    padded,
)
from graphrep.kernels import _propagation
from graphrep.typing import AnyArray, FloatArray, IntArray


class Room(NamedTuple):
    """Buffers of one thread that makes rows: blocks of powers, and the rows."""

    powers: FloatArray
    out: FloatArray


class Rows:
    """Makes ranges of rows of the embedding, with the bits of a fit in memory.

    Parameters
    ----------
    layout : Layout
        Where the powers lie.
    operators : list of Path
        Files of the operators.
    inputs : dict of str to Path
        Files of the blocks by their names.
    streamed : bool, default=False
        Whether to read them past the page cache.
    n_threads : int, default=1
        How many threads make ranges at a time.
    """

    def __init__(
        self,
        layout: Layout,
        operators: list[Path],
        inputs: dict[str, Path],
        *,
        streamed: bool = False,
        n_threads: int = 1,
    ) -> None:
        self.layout = layout
        self._bytes = share(PIECE_BYTES, n_threads)
        self.recipe = layout.recipe
        self.operators = [Operator(path) for path in operators]
        self._blocks = {
            key: RangeReader(path, streamed=streamed)
            for key, path in block_paths(inputs).items()
        }

    def ranges(self, first: int, end: int) -> list[tuple[int, int]]:
        """Cut rows into the ranges that are made at a time."""
        return _ranges(first, end, self._bytes, self._row_bytes())

    def room(self) -> Room:
        """Make buffers for a range."""
        recipe = self.recipe
        size = self._row_bytes()
        most = min(self.layout.n_nodes, _rows_at_once(self._bytes, size))
        return Room(
            aligned_empty((most * size // recipe.work.itemsize,), recipe.work),
            aligned_empty((most, recipe.n_columns), recipe.accumulator, PAGE),
        )

    def make(
        self, first: int, end: int, room: Room, finish: int = FINISH_NONE,
        fixed: float = 0.0,
    ) -> tuple[FloatArray, IntArray]:  # fmt: skip
        """Make a range of rows in ``room``, and the sums of their columns.

        ``finish`` is the last step of each row; under ``FINISH_SUMS`` there are sums,
        times ``fixed``.
        """
        out = room.out[: end - first]
        starts = self._read(first, end, room.powers)
        return out, self._make(first, room.powers, starts, out, finish, fixed)

    def close(self) -> None:
        """Close the files."""
        for operator in self.operators:
            operator.close()
        for block in self._blocks.values():
            block.close()

    def _powers(self) -> list[tuple[int, Slot]]:
        """Operator and slot of all powers in files, in the order of the sums."""
        return [
            (number, slot)
            for number in range(len(self.operators))
            for slot in self.recipe.slots(number)
            if slot.power
        ]

    def _row_bytes(self) -> int:
        width = padded(self.recipe.width)
        return len(self._powers()) * width * self.recipe.work.itemsize

    def _read(self, first: int, end: int, room: FloatArray) -> IntArray:
        """Read all powers of some rows; gives the start of each block in ``room``."""
        blocks = self.layout.blocks
        powers = self._powers()
        starts = np.empty((len(powers), len(blocks)), np.int64)
        at = 0
        for p, (operator, slot) in enumerate(powers):
            stage, place = self.layout.place(slot.power)
            low = place * self.layout.stride
            for b, (column, width) in enumerate(blocks):
                size = (end - first) * width
                reader = self._blocks[operator, stage, column]
                reader.read_into(low + first, low + end, room[at : at + size])
                starts[p, b] = at
                at += size
        return starts

    def _make(
        self, first: int, room: FloatArray, starts: IntArray, out: FloatArray,
        finish: int, fixed: float,
    ) -> IntArray:  # fmt: skip
        """Make some rows from what was read."""
        recipe = self.recipe
        fused = fuses(recipe)
        d = recipe.n_columns if finish == FINISH_SUMS else 0
        sums = np.zeros((1, 2 * d + 1), np.int64)
        widths = np.array([width for _, width in self.layout.blocks])
        how = (recipe.normalize, recipe.width, finish if fused else FINISH_NONE, fixed)
        for group in self._groups():
            number, slots, fresh, which = group
            if slots[0].power == 0:
                self._add_start(number, slots[0], first, out)
                continue
            last = which.stop == len(starts)
            _propagation.merge_rows(
                room, starts[which], widths,
                np.array([float(slot.weight) for slot in slots]),
                np.array([slot.column for slot in slots]), np.array(fresh),
                how if last else (*how[:2], FINISH_NONE, fixed),
                np.empty((0, 0), recipe.work), out, sums,
            )  # fmt: skip
            self._fill_isolated(number, slots[0], first, out)
        if finish != FINISH_NONE and not fused:
            cuts = np.array([0, len(out)])
            _propagation.finish_rows(out, cuts, finish, fixed, sums)
        return np.asarray(sums[0])

    def _groups(self) -> list[tuple[int, list[Slot], list[bool], slice]]:
        """Slots that are added in one go: operator, slots, which are fresh, and where.

        Rows without edges get something after each power where that is asked for.
        """
        groups: list[tuple[int, list[Slot], list[bool], slice]] = []
        at = 0
        for number in range(len(self.operators)):
            fresh = True
            open_group = False
            for slot in self.recipe.slots(number):
                if slot.power == 0 or not open_group:
                    groups.append((number, [], [], slice(at, at)))
                groups[-1][1].append(slot)
                groups[-1][2].append(fresh)
                if slot.power:
                    at += 1
                    low = groups[-1][3].start
                    groups[-1] = (*groups[-1][:3], slice(low, at))
                open_group = bool(slot.power) and self.recipe.isolated != "self"
                fresh = self.recipe.combine == "concat"
        return groups

    def _add_start(self, number: int, slot: Slot, first: int, out: FloatArray) -> None:
        """Put the power 0 into the rows."""
        target = Target(out, slot.weight, self.recipe.normalize, True, slot.column)
        self._start(number, first, len(out)).add_unit_rows(target)

    def _fill_isolated(
        self, number: int, slot: Slot, first: int, out: FloatArray
    ) -> None:
        """Give rows without edges their own row of the projection as every power."""
        if self.recipe.isolated != "self":
            return
        inverse = self.operators[number].inverse[first : first + len(out)]
        empty = np.flatnonzero(inverse == 0)
        if len(empty):
            own = Target(out, slot.weight, self.recipe.normalize, False, slot.column)
            self._start(number, first, len(out)).add_unit_rows(own, empty)

    def _start(self, number: int, first: int, n_rows: int) -> SignStart:
        return self.operators[number].start(self.layout, first, first + n_rows)


class RowsFile(Closes):
    """Rows that a task made, read by parts.

    Parameters
    ----------
    path : Path
        The file.
    streamed : bool
        Whether to read it past the page cache.
    """

    def __init__(self, path: Path, *, streamed: bool) -> None:
        self._file = RangeReader(path, streamed=streamed)

    def parts(self) -> Iterator[FloatArray]:
        """Yield all rows in order; an array is used again for the part after next."""
        shape, dtype = self._file.shape, self._file.dtype
        ranges = _ranges(0, shape[0], PIECE_BYTES, shape[1] * dtype.itemsize)
        most = max((high - low for low, high in ranges), default=0)
        rooms = [aligned_empty((most, shape[1]), dtype) for _ in range(2)]

        def read(number: int) -> FloatArray:
            low, high = ranges[number]
            rows: FloatArray = rooms[number % 2][: high - low]
            self._file.read_into(low, high, rows)
            return rows

        yield from ahead(read, len(ranges))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def after_rows(path: Path) -> AnyArray:
    """Read the array that follows the rows in the file of a task."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        file.seek(shape[0] * shape[1] * dtype.itemsize, 1)
        found: AnyArray = np.load(file, allow_pickle=False)
    return found


def rows_name(number: int) -> str:
    """Name of a file of rows among the inputs of a task."""
    return f"rows{number}"


def sums_of(rows: FloatArray, fixed: float) -> IntArray:
    """Add up the columns and squares of rows that are complete."""
    sums = np.zeros((1, 2 * rows.shape[1] + 1), np.int64)
    cuts = np.array([0, len(rows)])
    _propagation.finish_rows(rows, cuts, FINISH_SUMS, fixed, sums)
    return np.asarray(sums[0])


def finish_of(recipe: Recipe) -> int:
    """Last step of the rows: unit length, or sums for the z-score."""
    return {None: FINISH_NONE, "l2": FINISH_L2, "zscore": FINISH_SUMS}[
        recipe.output_norm
    ]


def fixed_of(layout: Layout, most: float | None) -> float:
    """Scale of the integer sums, from the largest entry where it must be known."""
    bound = layout.recipe.bound() if most is None else most
    return fixed_point(layout.n_nodes, bound)


def _ranges(first: int, end: int, size: int, row_bytes: int) -> list[tuple[int, int]]:
    step = _rows_at_once(size, row_bytes)
    return [(low, min(low + step, end)) for low in range(first, end, step)]


def _rows_at_once(size: int, row_bytes: int) -> int:
    n_rows = max(1, size // row_bytes)
    whole = next((step for step in (PAGE // 4, ROWS_IN_STEP) if n_rows >= step), 1)
    return n_rows - n_rows % whole  # numbers of 4 bytes: rows that fill pages
