"""What `HubnessCorrector.fit` is given, read and checked."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_array

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.retrieval._hubness_methods import squared_lengths, unit_rows
from graphrep.retrieval._hubness_passes import Side, is_sparse
from graphrep.typing import FloatArray, IntArray


class HeldOut(NamedTuple):
    """Queries whose target is known."""

    rows: Any
    gold: IntArray  # code of the group that is right


def prepared(rows: Any, metric: str) -> Any:
    """Vectors as float32: of length 1 for cosine."""
    if metric == "cosine":
        return unit_rows(rows)
    if is_sparse(rows):
        return sparse.csr_array(rows).astype(np.float32)
    return np.ascontiguousarray(rows, np.float32)


def read_vectors(rows: Any, like: Any, metric: str, name: str) -> Any:
    """Read further vectors: as many components as ``like``, sparse where it is."""
    if getattr(rows, "shape", (1,))[:1] == (0,) or (
        isinstance(rows, (list, tuple)) and not len(rows)
    ):
        raise GraphValueError(f"{name} is empty; it needs at least one vector.")
    array: Any = check_array(
        rows, accept_sparse="csr", dtype=[np.float64, np.float32], input_name=name
    )
    if array.shape[1] != like.shape[1]:
        raise GraphValueError(
            f"{name} has {array.shape[1]} components but the targets have "
            f"{like.shape[1]}."
        )
    if is_sparse(like):
        array = sparse.csr_array(array)
    elif is_sparse(array):
        raise GraphTypeError(
            f"{name} is sparse but the targets are dense; pass {name}.toarray()."
        )
    return prepared(array, metric)


class Groups:
    """Group of each target, and the code of each label."""

    def __init__(self, labels: Any, n: int) -> None:
        self._table: dict[Any, int] | None = None
        if labels is None:
            self.codes: IntArray = np.arange(n, dtype=np.int64)
            self.size = n
            return
        values = _listed(labels, "groups", n)
        self._table = {}
        codes, self.size = [], 0
        for value in values:
            alone = value is None or value != value
            code = self.size if alone else self._table.setdefault(value, self.size)
            self.size += code == self.size
            codes.append(code)
        self.codes = np.array(codes, np.int64)

    def find(self, labels: Any, n: int, name: str) -> IntArray:
        """Codes of labels, -1 for those of no target."""
        if self._table is not None:
            table = self._table
            return np.array(
                [table.get(v, -1) for v in _listed(labels, name, n)], np.int64
            )
        rows = np.asarray(labels)
        if rows.shape != (n,) or (n and rows.dtype.kind not in "iu"):
            raise GraphTypeError(
                f"Without groups, {name} must be {n:,} rows of the targets; got an "
                f"array of shape {rows.shape} and dtype {rows.dtype}."
            )
        rows = rows.astype(np.int64)
        return np.where((rows >= 0) & (rows < self.size), rows, -1)


def _listed(labels: Any, name: str, n: int) -> list[Any]:
    values = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    if len(values) != n:
        raise GraphValueError(
            f"{name} must hold one label for each of {n:,} rows; got {len(values):,}."
        )
    return values


def read_bank(
    bank: Any, groups: Any, targets: Side, known: Groups, metric: str, name: str
) -> Side:
    """Read a bank; the targets themselves where none is given."""
    own = bank is None or (isinstance(bank, str) and bank == "self")
    if own:
        if groups is not None:
            raise GraphValueError(
                f"Groups of the {name} were given without the {name} itself."
            )
        return targets
    if isinstance(bank, str):
        raise GraphValueError(f"{name} must be vectors or 'self'; got {bank!r}.")
    rows = read_vectors(bank, targets.rows, metric, name)
    if groups is None:
        return Side(rows)
    codes = known.find(groups, rows.shape[0], f"groups of the {name}")
    # a label that no target has masks nothing
    return Side(rows, np.where(codes < 0, -1, codes))


def drawn(bank: Side, most: int | None, seed: int) -> Side:
    """Draw at most so many members of a bank, in their order."""
    n = bank.rows.shape[0]
    if most is None or n <= most:
        return bank
    rows = np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
    return Side(bank.rows[rows], None if bank.codes is None else bank.codes[rows])


def read_pairs(pairs: Any, targets: Side, known: Groups, metric: str) -> HeldOut:
    """Read (queries, labels of their targets)."""
    if not isinstance(pairs, (tuple, list)) or len(pairs) != 2:
        raise GraphTypeError(
            "pairs must be (queries, gold): vectors, and the group of the right target "
            f"of each (its row, where there are no groups); got {type(pairs).__name__}."
        )
    rows = read_vectors(pairs[0], targets.rows, metric, "the queries of pairs")
    gold = known.find(pairs[1], rows.shape[0], "gold of pairs")
    if (gold < 0).any():
        at = int(np.argmax(gold < 0))
        raise GraphValueError(
            f"gold[{at}] = {np.asarray(pairs[1], object)[at]!r} is no target."
        )
    return HeldOut(rows, gold)


def square_of(
    metric: str, rows: Any, columns: Any
) -> tuple[FloatArray, FloatArray] | None:
    """Squared lengths of both sides; None where all vectors have length 1."""
    if metric == "cosine":
        return None
    return squared_lengths(rows), squared_lengths(columns)
