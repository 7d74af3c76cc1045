"""GraphStore: a graph in a directory of plain arrays, mapped and not read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Graph
from graphrep.graph._csr import CSR, index_dtype
from graphrep.io._id_sink import check_ids, id_files, open_index
from graphrep.io._store_files import (
    MANIFEST,
    check_facts,
    damaged,
    fingerprint_of,
    mapped,
    read_manifest,
    verify_files,
)
from graphrep.kernels import _csr as csr_kernels
from graphrep.kernels import _edge_sort as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray, PathType

GRAPH_FORMAT = "graphrep-graph-store"
_SIZES = ("n_nodes", "n_edges", "nnz", "n_loops", "n_merged", "max_degree")
_FACTS: dict[str, Any] = dict.fromkeys(_SIZES, int) | {
    "directed": bool,
    "weighted": bool,
    "sorted": bool,
    "ids": str,
}
_PIECE_ENTRIES = 1 << 22


class GraphStore:
    """A graph on disk: compressed sparse rows in ``.npy`` files beside a manifest.

    Parameters
    ----------
    path : path-like
        Directory that `write_graph_store` made.

    Attributes
    ----------
    path : Path
        The directory.
    manifest : dict
        What ``manifest.json`` says: format and version, sizes, and for each file its
        type, shape, bytes and SHA-256.
    n_nodes, n_edges, nnz : int
        Nodes, edges (an undirected one counts once), and stored entries.
    directed, weighted : bool
        Kind of the graph.
    indptr : memmap of int64 of shape (n_nodes + 1,)
        Row pointers.
    indices : memmap of int32 (int64 from 2**31 nodes) of shape (nnz,)
        Neighbours, sorted within each row.
    weights : memmap of float32 or float64 of shape (nnz,), or None
        Weights, None where all are one.

    Raises
    ------
    FileNotFoundError
        If there is no such directory.
    GraphFormatError
        If it has no manifest (a store that was not finished has none), the format is
        newer than this graphrep, or a file is missing or of another size.

    Notes
    -----
    Opening reads the manifest and the headers, a few kB whatever the size. Contents are
    trusted; `verify` reads them.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from graphrep.io import write_graph_store
    >>> with TemporaryDirectory() as folder:
    ...     store = write_graph_store(iter([([5, 5], [7, 8])]), f"{folder}/g.store")
    ...     print(store)
    ...     store.graph().neighbors(5)
    GraphStore('g.store', n_nodes=3, n_edges=2, undirected, unweighted)
    [7, 8]
    """

    def __init__(self, path: PathType) -> None:
        self.path = Path(path)
        self.manifest = read_manifest(path, GRAPH_FORMAT, "graph store")
        check_facts(self.manifest, _FACTS, self.path)
        facts = self.manifest
        self.n_nodes: int = facts["n_nodes"]
        self.n_edges: int = facts["n_edges"]
        self.nnz: int = facts["nnz"]
        self.directed: bool = facts["directed"]
        self.weighted: bool = facts["weighted"]
        try:
            names = ["indptr.npy", "indices.npy", *id_files(facts["ids"])]
            names += ["weights.npy"] if self.weighted else []
            if sorted(names) != sorted(facts["files"]):
                raise ValueError("its list of files is not that of such a graph")
        except ValueError as error:
            raise damaged(self.path / MANIFEST, error) from None
        self.indptr: IntArray = self._map("indptr.npy", (self.n_nodes + 1,), "<i8")
        width = np.dtype(index_dtype(self.n_nodes)).newbyteorder("<").str
        self.indices: IntArray = self._map("indices.npy", (self.nnz,), width)
        self.weights: FloatArray | None = None
        if self.weighted:
            self.weights = self._map("weights.npy", (self.nnz,), "<f4", "<f8")
        ends = int(self.indptr[0]), int(self.indptr[-1])
        if ends != (0, self.nnz):
            raise damaged(
                self.path / "indptr.npy",
                f"it runs from {ends[0]} to {ends[1]} instead of 0 to {self.nnz}",
            )
        self._index = open_index(self.path, facts["ids"], facts["files"], self.n_nodes)

    @property
    def ids(self) -> AnyArray:
        """Ids in row order: int64 (mapped, or ``0 … n-1``), or objects, then read."""
        return self._index.ids

    @property
    def fingerprint(self) -> str:
        """Hash of the checksums and sizes in the manifest, 32 hexadecimal digits."""
        return fingerprint_of(self.manifest)

    def row_range(
        self, lo: int, hi: int
    ) -> tuple[IntArray, IntArray, FloatArray | None]:
        """Give views of the rows from ``lo`` to ``hi``, the last one left out.

        Returns
        -------
        indptr : ndarray of int64 of shape (hi - lo + 1,)
            As stored: the first entry of the range is ``indptr[0]``.
        indices : ndarray of shape (n_entries,)
        weights : ndarray of shape (n_entries,) or None

        Raises
        ------
        GraphValueError
            For a range that is not within the rows.
        """
        if not 0 <= lo <= hi <= self.n_nodes:
            raise GraphValueError(
                f"Rows {lo} to {hi} are not within a graph of {self.n_nodes:,} nodes."
            )
        indptr = self.indptr[lo : hi + 1]
        part = slice(int(indptr[0]), int(indptr[-1]))
        weights = None if self.weights is None else self.weights[part]
        return indptr, self.indices[part], weights

    def graph(self) -> Graph:
        """Graph over the mapped arrays; nothing is read, copied or checked.

        Ids that are integers stay mapped; texts become Python objects when one is
        first looked up or shown, about 100 bytes each.
        """
        weights = None if self.weights is None else np.asarray(self.weights)
        graph = Graph.__new__(Graph)
        csr = CSR(np.asarray(self.indptr), np.asarray(self.indices), weights)
        graph._take(csr, self._index, None)
        graph._directed = self.directed
        graph._n_loops = self.manifest["n_loops"]
        graph.n_merged = self.manifest["n_merged"]
        return graph

    def verify(self) -> None:
        """Read everything; compare checksums and look at what the rows promise.

        Raises
        ------
        GraphFormatError
            If a byte differs from what was written, a pointer decreases, a row is not
            sorted, a neighbour is out of range, a weight is no finite number above 0,
            the counts of an undirected graph's rows and columns differ, or an id stands
            twice. The message names the file and the reason.

        Notes
        -----
        Memory is 8 bytes a node for an undirected graph, and what sorting ids takes.
        """
        verify_files(self.path, self.manifest)
        self._verify_rows()
        try:
            check_ids(self._index)
        except GraphFormatError:
            raise
        except ValueError as error:
            raise damaged(self.path / "ids", error) from None

    def __repr__(self) -> str:
        return (
            f"GraphStore({self.path.name!r}, n_nodes={self.n_nodes}, "
            f"n_edges={self.n_edges}, {'' if self.directed else 'un'}directed, "
            f"{'' if self.weighted else 'un'}weighted)"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (GraphStore, (self.path,))  # the path, not the arrays

    # -- private -----------------------------------------------------------------
    def _map(self, name: str, shape: tuple[int, ...], *dtypes: str) -> AnyArray:
        entry = self.manifest["files"][name]
        try:
            if tuple(entry["shape"]) != shape or entry["dtype"] not in dtypes:
                raise ValueError("its type or shape is not that of such a graph")
        except ValueError as error:
            raise damaged(self.path / name, error) from None
        return mapped(self.path, name, entry)

    def _verify_rows(self) -> None:
        counts = np.zeros(0 if self.directed else self.n_nodes, np.int64)
        lo = loops = 0
        while lo < self.n_nodes:
            most = int(self.indptr[lo]) + _PIECE_ENTRIES
            hi = int(np.searchsorted(self.indptr, most, side="right")) - 1
            hi = min(max(hi, lo + 1), self.n_nodes)
            loops += self._verify_range(lo, hi, counts)
            lo = hi
        if len(counts) and not np.array_equal(counts, np.diff(self.indptr)):
            row = int(np.flatnonzero(counts != np.diff(self.indptr))[0])
            raise damaged(
                self.path / "indices.npy",
                f"the graph is undirected but row {row:,} and its column differ in "
                "length",
            )
        if loops != self.manifest["n_loops"]:
            raise damaged(self.path / MANIFEST, f"there are {loops:,} loops")

    def _verify_range(self, lo: int, hi: int, counts: IntArray) -> int:
        """Check some rows; count their columns and return the number of loops."""
        indptr, indices, weights = self.row_range(lo, hi)
        local = np.asarray(indptr) - int(indptr[0])
        piece = np.asarray(indices)
        code, at, is_sorted, repeated = csr_kernels.check_structure(
            local, piece, self.n_nodes
        )
        if code == csr_kernels.DECREASING:
            raise damaged(self.path / "indptr.npy", f"row {lo + at:,} has no end")
        if code != csr_kernels.OK or not is_sorted or repeated:
            what = "out of range" if code != csr_kernels.OK else "not in order"
            raise damaged(
                self.path / "indices.npy",
                f"a neighbour in the rows {lo:,} to {hi:,} is {what}",
            )
        if weights is not None:
            bad, negative, zeros, _ = csr_kernels.check_weights(np.asarray(weights))
            if bad >= 0 or negative >= 0 or zeros:
                raise damaged(
                    self.path / "weights.npy",
                    f"a weight in the rows {lo:,} to {hi:,} is no number above 0",
                )
        if len(counts):
            kernels.count_columns(piece, counts)
        return int(kernels.count_diagonal(local, piece, lo))
