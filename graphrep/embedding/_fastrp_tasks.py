"""Tasks of a FastRP fit by column blocks: each reads files and writes one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np

from graphrep._tasks import pure_task
from graphrep.embedding._fastrp_layout import LANES, Layout
from graphrep.embedding._fastrp_operator import Operator
from graphrep.embedding._fastrp_rows import Rows, fixed_of
from graphrep.embedding._propagation import FINISH_SUMS, Layer, SignStart
from graphrep.kernels import _propagation
from graphrep.typing import AnyArray

_NO_SCALE = np.empty(0, np.float32)


@pure_task(version=1)
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

    The file has a row for each node and saved power, power after power.
    """
    cut = Layout.from_dict(layout)
    files = Operator(operator, streamed=streamed)
    before, last = cut.stages[stage]
    saved = cut.saved(stage)
    x: Layer | SignStart = (
        files.start(cut).part(first, width)
        if source is None
        else Layer(_last_power(source, files.n_nodes, cut), _NO_SCALE)
    )
    free: list[Layer] = []
    with out.open("wb") as file:
        shape = (len(saved) * files.n_nodes, width)
        _write_header(file, shape, cut.recipe.work)
        for power in range(before + 1, last + 1):
            y = free.pop() if free else Layer.empty(
                files.n_nodes, width, cut.recipe.work
            )  # fmt: skip
            _propagate(files, x, y)
            if power in saved:
                file.write(y.data.reshape(-1).view(np.uint8).data)
            if isinstance(x, Layer):
                free.append(x)
            x = y
    files.close()


@pure_task(version=1)
def largest_entry(
    out: Path,
    *,
    layout: dict[str, Any],
    first: int,
    end: int,
    streamed: bool = False,
    **inputs: Path,
) -> None:
    """Find the largest absolute entry of some rows of the embedding."""
    rows = _rows(layout, inputs, streamed)
    most = 0.0
    for low, high in rows.pieces(first, end):
        part, _, _ = rows.make(low, high)
        most = max(most, float(_propagation.absolute_max(part)))
    rows.close()
    _save(out, np.array([most]))


@pure_task(version=1)
def column_sums(
    out: Path,
    *,
    layout: dict[str, Any],
    first: int,
    end: int,
    streamed: bool = False,
    **inputs: Path,
) -> None:
    """Add up the columns and their squares over some rows, as integers.

    Inputs whose names start with ``most`` hold the largest entries, where they have
    to be known for the scale of the integers.
    """
    rows = _rows(layout, inputs, streamed)
    fixed = fixed_of(rows.layout, largest(inputs))
    total = np.zeros(2 * rows.recipe.n_columns + 1, np.int64)
    for low, high in rows.pieces(first, end):
        _, sums, _ = rows.make(low, high, FINISH_SUMS, fixed)
        total += sums
    rows.close()
    _save(out, total)


def largest(inputs: dict[str, Path]) -> float | None:
    """Largest of the entries in files whose names start with ``most``."""
    files = [path for name, path in inputs.items() if name.startswith("most")]
    if not files:
        return None
    return max(float(np.load(path, allow_pickle=False)[0]) for path in files)


def _rows(layout: dict[str, Any], inputs: dict[str, Path], streamed: bool) -> Rows:
    cut = Layout.from_dict(layout)
    operators = [inputs[f"operator{i}"] for i in range(cut.recipe.n_operators)]
    return Rows(cut, operators, inputs, streamed=streamed)


def _propagate(files: Operator, x: Layer | SignStart, y: Layer) -> None:
    """Write the next power of a block: one pass over the adjacency."""
    if isinstance(x, SignStart) and x.dense:
        x = x.as_layer()
    if isinstance(x, SignStart):
        kernel: Any = _propagation.propagate_signs
        operand: tuple[Any, ...] = (*x.codes(), x.factor)
    else:
        kernel, operand = _propagation.propagate, (x.data, x.scale)
    plan = (0.0, False, False, 0, y.data.shape[1], 0, 0.0)
    nothing = np.empty((0, 0), y.data.dtype)
    for first, end in files.pieces():
        *matrix, cuts = files.piece(first, end)
        sums = np.zeros((len(cuts) - 1, 1), np.int64)
        with numba.parallel_chunksize(1):
            kernel(
                *matrix, *operand, cuts, True, y.data[first:end], _NO_SCALE, plan,
                nothing, sums,
            )  # fmt: skip


def _last_power(source: Path, n_nodes: int, layout: Layout) -> AnyArray:
    """Read the last power in a file of the stage before, aligned."""
    mapped: Any = np.load(source, mmap_mode="r", allow_pickle=False)
    layer = Layer.empty(n_nodes, mapped.shape[1], layout.recipe.work)
    layer.data[:] = mapped[len(mapped) - n_nodes :]
    return layer.data


def _write_header(file: Any, shape: tuple[int, int], dtype: np.dtype[Any]) -> None:
    assert shape[1] % LANES == 0
    np.lib.format.write_array_header_1_0(
        file, {"descr": dtype.str, "fortran_order": False, "shape": shape}
    )


def _save(out: Path, array: AnyArray) -> None:
    with out.open("wb") as file:
        np.save(file, array)
