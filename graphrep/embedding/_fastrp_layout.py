"""How the powers of a FastRP fit lie in files: column blocks, and powers by stage."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from graphrep.embedding._fastrp_state import Recipe
from graphrep.embedding._propagation import padded
from graphrep.kernels._gather import LANES

ENTRIES_AT_ONCE = 1 << 20
"""Most entries of the adjacency that a thread of a task reads at a time."""

PIECE_BYTES = 1 << 22
"""Most bytes of powers that a thread of a task makes, or makes rows from, at a time."""


ROWS_IN_STEP = 64
"""Powers start at a multiple of so many rows in their files: at a page of the disk."""


def share(most: int, n_threads: int) -> int:
    """Size of a thread's pieces: the most for four threads, then less, for a limit."""
    return max(1, most // 32, min(most, 4 * most // n_threads))


@dataclass(frozen=True)
class Layout:
    """Cut of a fit into blocks of columns and stages of powers.

    Attributes
    ----------
    recipe : Recipe
        What is computed.
    n_nodes : int
        Number of nodes.
    seed : int
        Seed of the projection.
    block : int
        Columns of a block, a multiple of 16.
    powers : int
        Propagations of one task.
    """

    recipe: Recipe
    n_nodes: int
    seed: int
    block: int
    powers: int

    @property
    def blocks(self) -> list[tuple[int, int]]:
        """First column and width of each block of an operator."""
        width = padded(self.recipe.width)
        return [
            (first, min(self.block, width - first))
            for first in range(0, width, self.block)
        ]

    @property
    def stages(self) -> list[tuple[int, int]]:
        """Power before each stage, and its last one."""
        last = len(self.recipe.weights)
        return [
            (first, min(first + self.powers, last))
            for first in range(0, last, self.powers)
        ]

    def saved(self, stage: int) -> list[int]:
        """Powers in the files of a stage: weighted ones, and the last to go on from."""
        first, last = self.stages[stage]
        weights = self.recipe.weights
        return [p for p in range(first + 1, last + 1) if weights[p - 1] or p == last]

    @property
    def stride(self) -> int:
        """Rows of a file from one power to the next."""
        return -(-self.n_nodes // ROWS_IN_STEP) * ROWS_IN_STEP

    def place_in(self, stage: int, power: int) -> int:
        """Place in the files of a stage that a power is written to.

        One that is not saved takes the place of the next that is.
        """
        return next(i for i, p in enumerate(self.saved(stage)) if p >= power)

    def place(self, power: int) -> tuple[int, int]:
        """Stage of a power, and its place in the stage's files."""
        stage = (power - 1) // self.powers
        return stage, self.saved(stage).index(power)

    @property
    def read_again(self) -> list[int]:
        """Stages whose files the rows of the embedding are made from."""
        weights = self.recipe.weights
        return [
            s
            for s, (first, last) in enumerate(self.stages)
            if any(weights[first:last])
        ]  # fmt: skip

    def bytes_of(self, stage: int) -> int:
        """Size of the files of a stage, all blocks and operators."""
        row = padded(self.recipe.width) * self.recipe.work.itemsize
        return len(self.saved(stage)) * self.recipe.n_operators * self.stride * row

    def most_bytes(self) -> int:
        """Most scratch that is there at once."""
        kept = most = 0
        before = 0  # files that only the next stage reads
        again = set(self.read_again)
        for stage in range(len(self.stages)):
            size = self.bytes_of(stage)
            most = max(most, kept + before + size)
            kept += size if stage in again else 0
            before = 0 if stage in again else size
        return most

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON has it."""
        recipe = {**asdict(self.recipe), "weights": list(self.recipe.weights)}
        return {**vars(self), "recipe": recipe}

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Layout:
        """Undo `to_dict`."""
        recipe = {**raw["recipe"], "weights": tuple(raw["recipe"]["weights"])}
        return cls(**{**raw, "recipe": Recipe(**recipe)})


def block_name(operator: int, stage: int, first: int) -> str:
    """Name of a block's file among the inputs of a task."""
    return f"o{operator}_s{stage}_c{first}"


def block_paths(inputs: dict[str, Path]) -> dict[tuple[int, int, int], Path]:
    """Undo `block_name` for all inputs of a task that are blocks."""
    found = {}
    for name, path in inputs.items():
        parts = name.split("_")
        if len(parts) == 3 and name.startswith("o"):
            operator, stage, first = (int(part[1:]) for part in parts)
            found[operator, stage, first] = path
    return found


__all__ = [
    "ENTRIES_AT_ONCE",
    "LANES",
    "PIECE_BYTES",
    "ROWS_IN_STEP",
    "Layout",
    "block_name",
    "block_paths",
    "share",
]
