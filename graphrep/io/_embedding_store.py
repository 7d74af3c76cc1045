"""EmbeddingStore: vectors of nodes in a directory of plain arrays, mapped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._optional import require
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import NodeIndex, Vectors
from graphrep.graph._text_column import TextColumn
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
from graphrep.kernels import _topk
from graphrep.typing import AnyArray, FloatArray, PathType

if TYPE_CHECKING:
    from graphrep.io._embedding_writer import EmbeddingWriter

EMBEDDING_FORMAT = "graphrep-embedding-store"
ROWS, COLUMNS = "rows", "columns"
BLOCK_COLUMNS = 16
_FACTS: dict[str, Any] = {
    "n_nodes": int,
    "n_components": int,
    "dtype": str,
    "layout": str,
    "ids": str,
}
_PIECE_BYTES = 1 << 26


class EmbeddingStore:
    """Vectors on disk: one matrix, or blocks of its columns, beside a manifest.

    Parameters
    ----------
    path : path-like
        Directory that the writer of `create` made.

    Attributes
    ----------
    path : Path
        The directory.
    manifest : dict
        What ``manifest.json`` says: format and version, layout, and for each file its
        type, shape, bytes and SHA-256.
    shape : tuple of (int, int)
        Number of nodes and of components.
    dtype : dtype
        float16, float32 or float64.
    layout : {"rows", "columns"}
        Whether there is one file of rows, or files of 16 columns each.

    Raises
    ------
    FileNotFoundError
        If there is no such directory.
    GraphFormatError
        If it has no manifest (a store that was not finished has none), the format is
        newer than this graphrep, or a file is missing or of another size.

    Notes
    -----
    Opening reads the manifest and the headers. Contents are trusted; `verify` reads
    them.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> with TemporaryDirectory() as folder:
    ...     path = f"{folder}/vectors.store"
    ...     with EmbeddingStore.create(path, ["a", "b"], (2, 3)) as writer:
    ...         writer.write_rows(0, 2, np.eye(2, 3))
    ...         store = writer.finish()
    ...     print(store)
    ...     store.rows(1, 2).tolist()
    EmbeddingStore('vectors.store', n_nodes=2, n_components=3, float32)
    [[0.0, 1.0, 0.0]]
    """

    def __init__(self, path: PathType) -> None:
        self.path = Path(path)
        self.manifest = read_manifest(path, EMBEDDING_FORMAT, "embedding store")
        facts = self.manifest
        check_facts(facts, _FACTS, self.path)
        self.shape: tuple[int, int] = (facts["n_nodes"], facts["n_components"])
        self.layout: str = facts["layout"]
        n, width = self.shape
        files = {"vectors.npy": (n, width)}
        if self.layout == COLUMNS:
            files = {
                block_name(low): (n, min(BLOCK_COLUMNS, width - low))
                for low in range(0, width, BLOCK_COLUMNS)
            }
        try:
            if self.layout not in (ROWS, COLUMNS) or facts["dtype"] not in _DTYPES:
                raise ValueError(f"its layout is {self.layout!r} of {facts['dtype']!r}")
            if sorted([*files, *id_files(facts["ids"])]) != sorted(facts["files"]):
                raise ValueError("its list of files is not that of such vectors")
        except ValueError as error:
            raise damaged(self.path / MANIFEST, error) from None
        self.dtype = np.dtype(facts["dtype"])
        self._parts: list[FloatArray] = []
        for name, shape in files.items():
            entry = facts["files"][name]
            if tuple(entry["shape"]) != shape or entry["dtype"] != facts["dtype"]:
                raise damaged(self.path / name, "its type or shape is not that of such "
                              "vectors")  # fmt: skip
            self._parts.append(mapped(self.path, name, entry))
        self._index = open_index(self.path, facts["ids"], facts["files"], n)

    @classmethod
    def create(
        cls,
        path: PathType,
        ids: Any,
        shape: tuple[int, int],
        dtype: Any = np.float32,
        *,
        layout: str = ROWS,
        overwrite: bool = False,
    ) -> EmbeddingWriter:
        """Begin a store; it appears under its name when the writer is finished.

        Parameters
        ----------
        path : path-like
            Directory to make.
        ids : sequence of hashable, NodeIndex or None
            Ids in row order, all integers or all texts. None numbers the rows.
        shape : tuple of (int, int)
            Number of nodes and of components.
        dtype : {float16, float32, float64}, default=float32
            Type of the values in the files.
        layout : {"rows", "columns"}, default="rows"
            "columns" keeps blocks of 16 columns as they are written, without the pass
            that merges them and the disk that it takes.
        overwrite : bool, default=False
            Whether a store that is there may be replaced.

        Returns
        -------
        EmbeddingWriter

        Raises
        ------
        FileExistsError
            If there is something that must not be replaced.
        GraphValueError
            For a shape that does not fit the ids, or an unknown type or layout.
        OSError
            If the disk has no room.
        """
        from graphrep.io._embedding_writer import EmbeddingWriter

        return EmbeddingWriter(
            path, ids, shape, dtype, layout=layout, overwrite=overwrite
        )

    @property
    def nodes(self) -> NodeIndex:
        """Ids and their rows; texts are read when one is first looked up."""
        return self._index

    @property
    def ids(self) -> AnyArray:
        """Ids in row order: int64 (mapped, or ``0 … n-1``), or objects, then read."""
        return self._index.ids

    @property
    def vectors(self) -> FloatArray:
        """The matrix, mapped, of shape (n_nodes, n_components).

        Raises
        ------
        GraphValueError
            For a store of columns, which has no such file; use `rows`.
        """
        if self.layout == COLUMNS:
            raise GraphValueError(
                f"{self.path} is kept as blocks of columns and has no file of rows. "
                "Call rows(lo, hi) for a range of rows."
            )
        return self._parts[0]

    @property
    def fingerprint(self) -> str:
        """Hash of the checksums and sizes in the manifest, 32 hexadecimal digits."""
        return fingerprint_of(self.manifest)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return (
            f"EmbeddingStore({self.path.name!r}, n_nodes={self.shape[0]}, "
            f"n_components={self.shape[1]}, {self.dtype})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (EmbeddingStore, (self.path,))  # the path, not the vectors

    def rows(self, lo: int, hi: int) -> FloatArray:
        """Vectors of the rows from ``lo`` to ``hi``, the last one left out.

        Returns
        -------
        ndarray of shape (hi - lo, n_components)
            A view of the file, or a copy put together from blocks of columns.

        Raises
        ------
        GraphValueError
            For a range that is not within the rows.
        """
        if not 0 <= lo <= hi <= len(self):
            raise GraphValueError(
                f"Rows {lo} to {hi} are not within a store of {len(self):,} vectors."
            )
        if self.layout == ROWS:
            return self._parts[0][lo:hi]
        out: FloatArray = np.empty((hi - lo, self.shape[1]), self.dtype)
        for at, part in enumerate(self._parts):
            out[:, at * BLOCK_COLUMNS : (at + 1) * BLOCK_COLUMNS] = part[lo:hi]
        return out

    def verify(self) -> None:
        """Read everything; compare checksums and look for values that are not finite.

        Raises
        ------
        GraphFormatError
            If a byte differs from what was written, a value is NaN or infinite, or an
            id stands twice. The message names the file and the reason.
        """
        verify_files(self.path, self.manifest)
        for lo, hi in self._ranges():
            row = int(_topk.first_bad_row(np.asarray(self.rows(lo, hi))))
            if row >= 0:
                raise damaged(self.path, f"row {lo + row:,} is not finite")
        try:
            check_ids(self._index)
        except GraphFormatError:
            raise
        except ValueError as error:
            raise damaged(
                self.path / id_files(self.manifest["ids"])[0], error
            ) from None

    # -- handing over ------------------------------------------------------------
    def to_vectors(self) -> Vectors:
        """`Vectors` over the mapped matrix; a store of columns is read into memory.

        Every value is looked at once: O(n_nodes · n_components).
        """
        matrix = self.rows(0, len(self)) if self.layout == COLUMNS else self.vectors
        return Vectors(matrix, self._index)

    def to_arrow(self) -> Any:
        """Stream of Arrow record batches with the columns ``id`` and ``embedding``.

        Returns
        -------
        pyarrow.RecordBatchReader
            Batches of about 64 MB; they are made while they are read.
        """
        pa = require("pyarrow", extra="io", why="EmbeddingStore.to_arrow")
        width = self.shape[1]
        value = pa.from_numpy_dtype(self.dtype.newbyteorder("="))
        kind = pa.int64() if self._index.is_integer else pa.large_string()
        schema = pa.schema([("id", kind), ("embedding", pa.list_(value, width))])

        def batches() -> Any:
            for lo, hi in self._ranges():
                flat = pa.array(np.ascontiguousarray(self.rows(lo, hi)).reshape(-1))
                vectors = pa.FixedSizeListArray.from_arrays(flat, width)
                ids = pa.array(self._ids_of(lo, hi), kind)
                yield pa.record_batch([ids, vectors], schema=schema)

        return pa.RecordBatchReader.from_batches(schema, batches())

    def to_dask(self) -> Any:
        """Lazy ``dask.array`` of shape (n_nodes, n_components), chunked by rows.

        Tasks carry the path, not the vectors: workers open the store themselves.
        """
        da = require("dask.array", extra="dask", why="EmbeddingStore.to_dask")
        rows = max(1, _PIECE_BYTES // max(1, self.shape[1] * self.dtype.itemsize))
        return da.from_array(
            _Rows(self.path.absolute(), self.shape, self.dtype),
            chunks=(rows, self.shape[1]),
            name=f"embedding-{self.fingerprint}",
            asarray=True,
            lock=False,
        )

    def to_zarr(self, path: PathType) -> None:
        """Write a zarr group with the array ``embedding``, and the ids.

        Integer ids are the array ``ids``; texts are ``ids_utf8``, their bytes, and
        ``ids_offsets``.

        Raises
        ------
        FileExistsError
            If there is something already.
        """
        zarr = require("zarr", extra="zarr", why="EmbeddingStore.to_zarr")
        target = Path(path)
        if target.exists():
            raise FileExistsError(
                f"{target}: there is something already; choose another path."
            )
        zarr.open_group(str(target), mode="w")
        column = self._index.column
        arrays: dict[str, Any] = {"ids": self.ids}
        if isinstance(column, TextColumn):
            arrays = {"ids_utf8": column.data, "ids_offsets": column.offsets}
        for name, array in arrays.items():
            out = _zarr_array(zarr, target / name, array.shape, array.dtype)
            out[:] = np.asarray(array)
        out = _zarr_array(zarr, target / "embedding", self.shape, self.dtype)
        for lo, hi in self._ranges():
            out[lo:hi] = np.asarray(self.rows(lo, hi))

    # -- private -----------------------------------------------------------------
    def _ranges(self) -> list[tuple[int, int]]:
        rows = max(1, _PIECE_BYTES // max(1, self.shape[1] * self.dtype.itemsize))
        return [(lo, min(lo + rows, len(self))) for lo in range(0, len(self), rows)]

    def _ids_of(self, lo: int, hi: int) -> Any:
        column = self._index.column
        if column is None:
            return np.arange(lo, hi)
        part = column[lo:hi]
        return part.tolist() if isinstance(part, TextColumn) else part


class _Rows:
    """What dask takes slices of: a store that is opened where it is needed."""

    ndim = 2

    def __init__(self, path: Path, shape: tuple[int, int], dtype: Any) -> None:
        self.path, self.shape, self.dtype = path, shape, dtype

    def __getitem__(self, key: Any) -> FloatArray:
        rows, columns = key
        lo, hi, step = rows.indices(self.shape[0])
        part = EmbeddingStore(self.path).rows(lo, max(lo, hi))
        return np.array(part[::step, columns])


_DTYPES = ("<f2", "<f4", "<f8")


def block_name(low: int) -> str:
    """Name of the file with the 16 columns from ``low`` on."""
    return f"columns-{low // BLOCK_COLUMNS:03d}.npy"


def _zarr_array(zarr: Any, path: Path, shape: tuple[int, ...], dtype: Any) -> Any:
    rows = max(1, _PIECE_BYTES // (dtype.itemsize * int(np.prod(shape[1:]))))
    chunks = (max(1, min(rows, shape[0])), *shape[1:])
    return zarr.open_array(str(path), mode="w", shape=shape, chunks=chunks, dtype=dtype)
