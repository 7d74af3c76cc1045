"""One operator of a FastRP fit as files that tasks read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._atomic import atomic_path
from graphrep._utils._range_reader import RangeReader
from graphrep.embedding._fastrp_layout import (
    ENTRIES_AT_ONCE,
    ROWS_IN_STEP,
    Layout,
    share,
)
from graphrep.embedding._fastrp_run import node_factor
from graphrep.embedding._fastrp_state import Recipe
from graphrep.embedding._propagation import Propagator, SignStart
from graphrep.exceptions import GraphFormatError
from graphrep.graph import CSR
from graphrep.kernels import _propagation
from graphrep.kernels._row_order import order_rows
from graphrep.typing import AnyArray, IntArray

_WORK_PER_ROW = 8
_WORK_PER_BLOCK = 1 << 15
_NO_WEIGHTS = np.empty(0, np.int8)
_CSR = ("indptr", "indices", "weights")


class Operator:
    """Row-stochastic operator in files, and the start that belongs to it.

    Parameters
    ----------
    path : Path
        JSON that names the files.
    streamed : bool, default=False
        Whether to read the adjacency piece by piece past the page cache.
    n_threads : int, default=1
        How many threads read pieces of it.
    """

    def __init__(
        self, path: Path, *, streamed: bool = False, n_threads: int = 1
    ) -> None:
        names: dict[str, str] = json.loads(path.read_text("utf-8"))
        files = {key: path.parent / name for key, name in names.items()}
        for key, file in files.items():
            if not file.is_file():
                raise GraphFormatError(
                    f"the array {key!r} of an interrupted fit is gone; delete "
                    f"{path.parent} to start anew.",
                    path=file,
                )
        self.indptr: AnyArray = _mapped(files["indptr"])
        self.inverse: AnyArray = _mapped(files["inverse"])
        self.factor: AnyArray = _mapped(files["factor"])
        self._keys = files.get("keys")
        self._readers: list[list[RangeReader]] = [
            [
                RangeReader(files[key], streamed=streamed)
                for key in ("indices", "weights")
                if key in files
            ]
            for _ in range(n_threads)
        ]

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.indptr) - 1

    def keys(self, first: int, end: int) -> AnyArray:
        """Keys of some nodes."""
        if self._keys is None:
            return np.arange(first, end, dtype=np.uint64)
        keys: AnyArray = _mapped(self._keys)[first:end]
        return keys

    def start(
        self, layout: Layout, first: int = 0, end: int | None = None
    ) -> SignStart:
        """Power 0 of some rows."""
        end = self.n_nodes if end is None else end
        recipe = layout.recipe
        return SignStart(
            self.keys(first, end), np.array(self.factor[first:end]), recipe.width,
            recipe.sparsity(self.n_nodes), layout.seed,
        )  # fmt: skip

    def pieces(self, most_rows: int) -> list[tuple[int, int]]:
        """Ranges of rows of about as many entries as are read at once."""
        return row_pieces(self.indptr, most_rows, len(self._readers))

    def piece(self, slot: int, first: int, end: int) -> tuple[AnyArray, ...]:
        """Pointers, indices, weights and inverse of some rows.

        They stay valid until the next call with the same ``slot``.
        """
        low, high = int(self.indptr[first]), int(self.indptr[end])
        indptr = self.indptr[first : end + 1] - low
        indptr.setflags(write=False)
        read = [reader.read(low, high) for reader in self._readers[slot]]
        inverse = np.array(self.inverse[first:end])
        return (indptr, read[0], read[1] if read[1:] else _NO_WEIGHTS, inverse)

    def close(self) -> None:
        """Close the files."""
        for readers in self._readers:
            for reader in readers:
                reader.close()


def cut(indptr: IntArray) -> IntArray:
    """Cut rows into blocks of equal work."""
    n_rows = len(indptr) - 1
    work = int(indptr[-1] - indptr[0]) + _WORK_PER_ROW * n_rows
    n_blocks = max(1, work // _WORK_PER_BLOCK)
    cuts = np.empty(n_blocks + 1, np.int64)
    _propagation.equal_work_cuts(indptr, _WORK_PER_ROW, n_blocks, cuts)
    return cuts


def row_pieces(
    indptr: IntArray, most_rows: int = 1 << 62, n_threads: int = 1
) -> list[tuple[int, int]]:
    """Ranges of rows of about as many entries as are at hand, at least one row each."""
    size = share(ENTRIES_AT_ONCE, n_threads)
    n_rows = len(indptr) - 1
    pieces, first = [], 0
    while first < n_rows:
        goal = int(indptr[first]) + size
        end = int(np.searchsorted(indptr, goal, side="right")) - 1
        end = min(max(end, first + 1), n_rows, first + size, first + most_rows)
        whole = end - end % ROWS_IN_STEP
        if first < whole and end < n_rows:
            end = whole
        pieces.append((first, end))
        first = end
    return pieces


def save_operator(
    path: Path,
    csr: CSR,
    files: dict[str, Path] | None,
    order: IntArray | None,
    keys: AnyArray | None,
    recipe: Recipe,
) -> None:
    """Write what `Operator` reads; the JSON comes last.

    Parameters
    ----------
    path : Path
        The JSON file.
    csr : CSR
        The operator; its arrays may be mapped.
    files : dict of str to Path or None
        Files that hold the arrays of ``csr``, if some do.
    order : ndarray of int64 or None
        Order of the nodes that neighbours are brought into, if they are not.
    keys : ndarray of uint64 or None
        Keys of the nodes unless they are the row numbers.
    recipe : Recipe
        What is computed.
    """
    if files is None or order is not None:
        files = _write_csr(path, csr, order)
        mapped = {key: _mapped(file) for key, file in files.items()}
        csr = CSR(mapped["indptr"], mapped["indices"], mapped.get("weights"))
    propagator = Propagator(csr, recipe.work)
    if csr.weights is not None and propagator.weights is not csr.weights:
        files["weights"] = _save(path, "shares", propagator.weights)
    files["inverse"] = _save(path, "inverse", propagator.inverse)
    files["factor"] = _save(path, "factor", node_factor(csr, recipe))
    if keys is not None:
        files["keys"] = _save(path, "keys", keys)
    names = {
        key: file.name if file.parent == path.parent else str(file.absolute())
        for key, file in files.items()
    }
    with atomic_path(path) as part:
        part.write_text(json.dumps(names), "utf-8")


def _save(path: Path, key: str, array: AnyArray) -> Path:
    file = path.with_name(f"{path.stem}-{key}.npy")
    with atomic_path(file) as part:
        np.save(part, array)
    return file


def _write_csr(path: Path, csr: CSR, order: IntArray | None) -> dict[str, Path]:
    """Write the three arrays, neighbours in another order if one is given."""
    files = {key: path.with_name(f"{path.stem}-{key}.npy") for key in _CSR}
    place = None
    if order is not None:
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
    _save(path, "indptr", csr.indptr)
    with atomic_path(files["indices"]) as part, atomic_path(files["weights"]) as other:
        out = _new(part, len(csr.indices), csr.indices.dtype)
        weights = csr.data if csr.weighted else np.empty(0, np.float32)
        values = _new(other, len(weights), weights.dtype)
        for first, end in row_pieces(csr.indptr):
            low, high = int(csr.indptr[first]), int(csr.indptr[end])
            piece, part_of = csr.indices[low:high].copy(), weights[low:high].copy()
            if place is not None:
                indptr = csr.indptr[first : end + 1] - low
                order_rows(indptr, piece, part_of, csr.weighted, place, cut(indptr))
            out[low:high] = piece
            values[low : low + len(part_of)] = part_of
        del out, values
    if not csr.weighted:
        files.pop("weights").unlink()
    return files


def _new(path: Path, size: int, dtype: np.dtype[Any]) -> AnyArray:
    """Array of one dimension in a new file; a mapping cannot be empty."""
    if not size:
        np.save(path, np.empty(0, dtype))
        return np.empty(0, dtype)
    array: AnyArray = np.lib.format.open_memmap(path, "w+", dtype, (size,))
    return array


def _mapped(path: Path) -> AnyArray:
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
