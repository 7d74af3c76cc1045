"""Rows of the embedding from the powers that lie in files by blocks of columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._range_reader import RangeReader
from graphrep.embedding._fastrp_layout import ROWS_BYTES, Layout, block_paths
from graphrep.embedding._fastrp_operator import Operator
from graphrep.embedding._fastrp_run import fuses
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
from graphrep.typing import FloatArray, IntArray

_ROWS_PER_CUT = 1 << 9
_NO_SCALE = np.empty(0, np.float32)


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
    """

    def __init__(
        self,
        layout: Layout,
        operators: list[Path],
        inputs: dict[str, Path],
        *,
        streamed: bool = False,
    ) -> None:
        self.layout = layout
        self.recipe = layout.recipe
        self.operators = [Operator(path) for path in operators]
        self._blocks = {
            key: RangeReader(path, streamed=streamed)
            for key, path in block_paths(inputs).items()
        }

    def pieces(self, first: int, end: int) -> list[tuple[int, int]]:
        """Ranges of rows that are made at a time."""
        width = max(self.recipe.n_columns, padded(self.recipe.width))
        size = width * self.recipe.work.itemsize
        step = max(_ROWS_PER_CUT, ROWS_BYTES // size)
        return [(low, min(low + step, end)) for low in range(first, end, step)]

    def make(
        self, first: int, end: int, finish: int = FINISH_NONE, fixed: float = 0.0
    ) -> tuple[FloatArray, IntArray, IntArray]:
        """Rows ``first`` to ``end``, the sums of their columns, and their cuts."""
        recipe = self.recipe
        out = np.empty((end - first, recipe.n_columns), recipe.accumulator)
        cuts = _cuts(end - first)
        d = recipe.n_columns if finish == FINISH_SUMS else 0
        sums = np.zeros((len(cuts) - 1, 2 * d + 1), np.int64)
        fused = fuses(recipe)
        fresh = True
        for number, operator in enumerate(self.operators):
            fresh = True
            for slot in recipe.slots(number):
                last = slot.power == len(recipe.weights) and fused
                target = Target(
                    out, slot.weight, recipe.normalize, fresh, slot.column,
                    finish if last else FINISH_NONE, fixed,
                )  # fmt: skip
                if slot.power == 0:
                    self._own_start(operator, first, end).add_unit_rows(target)
                else:
                    self._add(number, slot.power, first, end, target, cuts, sums)
                    self._fill_isolated(operator, first, end, target)
                fresh = recipe.combine == "concat"
        if finish != FINISH_NONE and not fused:
            _propagation.finish_rows(out, cuts, finish, fixed, sums)
        return out, np.asarray(sums.sum(axis=0)), cuts

    def close(self) -> None:
        """Close the files."""
        for operator in self.operators:
            operator.close()
        for block in self._blocks.values():
            block.close()

    def _add(
        self, operator: int, power: int, first: int, end: int, target: Target,
        cuts: IntArray, sums: IntArray,
    ) -> None:  # fmt: skip
        """Add rows of one power to the target."""
        recipe = self.recipe
        stage, place = self.layout.place(power)
        rows = np.empty((end - first, padded(recipe.width)), recipe.work)
        for column, width in self.layout.blocks:
            block = self._blocks[operator, stage, column]
            low = place * self.layout.n_nodes
            rows[:, column : column + width] = block.read(low + first, low + end)
        plan = (
            float(target.coefficient), target.normalize, target.fresh, target.column,
            recipe.width, target.finish, float(target.fixed),
        )  # fmt: skip
        _propagation.add_rows(
            rows, recipe.work.type(1), cuts, plan, _NO_SCALE, target.out, sums
        )

    def _own_start(self, operator: Operator, first: int, end: int) -> SignStart:
        return operator.start(self.layout, first, end)

    def _fill_isolated(
        self, operator: Operator, first: int, end: int, target: Target
    ) -> None:
        """Give rows without edges their own row of the projection as every power."""
        if self.recipe.isolated != "self":
            return
        empty = np.flatnonzero(operator.inverse[first:end] == 0)
        if len(empty):
            own = target._replace(fresh=False, finish=FINISH_NONE)
            self._own_start(operator, first, end).add_unit_rows(own, empty)


def finish_of(recipe: Any) -> int:
    """Last step of the rows: unit length, or sums for the z-score."""
    return {None: FINISH_NONE, "l2": FINISH_L2, "zscore": FINISH_SUMS}[
        recipe.output_norm
    ]


def fixed_of(layout: Layout, most: float | None) -> float:
    """Scale of the integer sums, from the largest entry where it must be known."""
    bound = layout.recipe.bound() if most is None else most
    return fixed_point(layout.n_nodes, bound)


def _cuts(n_rows: int) -> IntArray:
    return np.append(np.arange(0, n_rows, _ROWS_PER_CUT), n_rows).astype(np.int64)
