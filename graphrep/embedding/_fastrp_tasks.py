"""Tasks of a FastRP fit by column blocks: each reads files and writes one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numba import get_num_threads

from graphrep._tasks import pure_task
from graphrep._utils._arrays import aligned_empty
from graphrep._utils._pieces import for_pieces
from graphrep._utils._range_reader import RangeReader
from graphrep._utils._range_writer import PAGE, RangeWriter
from graphrep.embedding._fastrp_layout import PIECE_BYTES, Layout, share
from graphrep.embedding._fastrp_operator import Operator
from graphrep.embedding._fastrp_rows import (
    Rows,
    RowsFile,
    after_rows,
    fixed_of,
    rows_name,
    sums_of,
)
from graphrep.embedding._fastrp_run import fuses
from graphrep.embedding._propagation import FINISH_NONE, FINISH_SUMS, Layer, SignStart
from graphrep.kernels import _propagation
from graphrep.typing import AnyArray

_NO_SCALE = np.empty(0, np.float32)


@pure_task(version=2)
def propagate_block(
    out: Path,
    *,
    operator: Path,
    source: Path | None = None,
    layout: dict[str, Any],
    stage: int,
    first: int,
    width: int,
    streamed: bool = False,
) -> None:
    """Propagate a block of columns through the powers of one stage.

    The file has a row for each node and saved power, power after power. One power is
    in memory: the next goes to the file as it is made, and is read from there when it
    is complete.
    """
    cut = Layout.from_dict(layout)
    n_threads = get_num_threads()
    files = Operator(operator, streamed=streamed, n_threads=n_threads)
    n, work = files.n_nodes, cut.recipe.work
    before, last = cut.stages[stage]
    x: Layer | SignStart = (
        files.start(cut).part(first, width)
        if source is None
        else Layer(_last_power(source, n, cut), _NO_SCALE)
    )
    shape = (len(cut.saved(stage)) * cut.stride, width)
    with closing(files), RangeWriter(out, shape, work, streamed=streamed) as file:
        for power in range(before + 1, last + 1):
            at = cut.place_in(stage, power) * cut.stride
            _propagate(files, x, file, at, n_threads)
            if power < last:
                if isinstance(x, SignStart):
                    x = Layer.empty(n, width, work)
                file.read_into(at, x.data)


@pure_task(version=1)
def make_rows(
    out: Path,
    *,
    layout: dict[str, Any],
    first: int,
    end: int,
    streamed: bool = False,
    **inputs: Path,
) -> None:
    """Make some rows of the embedding, not yet standardised, and what that needs.

    The file holds the rows, then the integer sums of their columns and squares where
    the size of their entries is known, else the largest entry.
    """
    n_threads = get_num_threads()
    rows = _rows(layout, inputs, n_threads, streamed=streamed)
    recipe = rows.recipe
    known = fuses(recipe)
    fixed = fixed_of(rows.layout, None) if known else 0.0
    finish = FINISH_SUMS if known else FINISH_NONE
    rooms = [rows.room() for _ in range(n_threads)]
    totals = np.zeros((n_threads, 2 * recipe.n_columns + 1), np.int64)
    most = np.zeros(n_threads)
    shape = (end - first, recipe.n_columns)
    made = RangeWriter(out, shape, recipe.accumulator, streamed=streamed)
    with closing(rows), made as file:

        def make(slot: int, low: int, high: int) -> None:
            part, sums = rows.make(low, high, rooms[slot], finish, fixed)
            if known:
                totals[slot] += sums
            else:
                most[slot] = max(most[slot], _propagation.absolute_max(part))
            file.write(low - first, part)

        for_pieces(make, rows.ranges(first, end), n_threads)
        file.append(totals.sum(axis=0) if known else most.max(keepdims=True))


@pure_task(version=2)
def column_sums(
    out: Path, *, layout: dict[str, Any], number: int, **inputs: Path
) -> None:
    """Add up the columns and their squares over the rows of one file, as integers."""
    cut = Layout.from_dict(layout)
    most = max(float(after_rows(path)[0]) for path in inputs.values())
    total = np.zeros(2 * cut.recipe.n_columns + 1, np.int64)
    with RowsFile(inputs[rows_name(number)], streamed=False) as file:
        for part in file.parts():
            total += sums_of(part, fixed_of(cut, most))
    _save(out, total)


def _rows(
    layout: dict[str, Any], inputs: dict[str, Path], n_threads: int, *, streamed: bool
) -> Rows:
    cut = Layout.from_dict(layout)
    operators = [inputs[f"operator{i}"] for i in range(cut.recipe.n_operators)]
    return Rows(cut, operators, inputs, streamed=streamed, n_threads=n_threads)


def _propagate(
    files: Operator, x: Layer | SignStart, file: RangeWriter, at: int, n_threads: int
) -> None:  # fmt: skip
    """Write the next power of a block: one pass over the adjacency.

    Each thread reads a piece of it, computes and writes what comes of it.
    """
    if isinstance(x, SignStart) and x.dense:
        x = x.as_layer()
    if isinstance(x, SignStart):
        kernel: Any = _propagation.propagate_signs_piece
        operand: tuple[Any, ...] = x.operand()
    else:
        kernel, operand = _propagation.propagate_piece, (x.data, x.scale)
    width, work = file.shape[1], file.dtype
    pieces = files.pieces(
        max(1, share(PIECE_BYTES, n_threads) // (width * work.itemsize))
    )
    most = max(end - first for first, end in pieces)
    rooms = [aligned_empty((most, width), work, PAGE) for _ in range(n_threads)]

    def propagate(slot: int, first: int, end: int) -> None:
        y = rooms[slot][: end - first]
        kernel(*files.piece(slot, first, end), *operand, y)
        file.write(at + first, y)

    for_pieces(propagate, pieces, n_threads)


def _last_power(source: Path, n_nodes: int, layout: Layout) -> AnyArray:
    """Read the last power in a file of the stage before, aligned."""
    with RangeReader(source) as file:
        layer = Layer.empty(n_nodes, file.shape[1], layout.recipe.work)
        first = len(file) - layout.stride
        file.read_into(first, first + n_nodes, layer.data)
    return layer.data


def _save(out: Path, array: AnyArray) -> None:
    with out.open("wb") as file:
        np.save(file, array)
