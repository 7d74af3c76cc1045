"""SparseIndex: exact nearest neighbours among sparse rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse

from graphrep._utils._numbers import positive_int
from graphrep._utils._parallel import resolve_n_jobs
from graphrep._utils._pieces import for_pieces
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.kernels import (
    _aligned,
    _common_columns,
    _csr,
    _sparse_tiles,
    _sparse_topk,
)
from graphrep.retrieval._arguments import as_rows, read_groups, settled
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

kernels: Any = _sparse_topk  # kernels carry no annotations
columns: Any = _common_columns
csr: Any = _csr
tiles: Any = _sparse_tiles
aligned: Any = _aligned
_COLUMNS = ("column_indptr", "column_rows", "column_data")
_SPAN = 1024  # queries that one thread takes at a time, at most
_SPAN_OF_TILE = 128  # the same, where the base is one tile
_SPAN_PLACES = 1 << 20  # of their lists of the k best
_FEW = 8  # rows for each entry to read, above which lists are all that is read
_COMMON = 64  # a column is common with an entry in one of so many rows
_COMMON_BYTES = 8  # of common columns, most for each entry of the base
_TINY = 1e-30  # values of which 255ths are no normal numbers
_LEAST_COPY = 1 << 22  # bytes of common columns that need no reason


class _Common(NamedTuple):
    """Common features as bytes, for the kernels of tiles."""

    place: IntArray  # number of each feature among the common ones, or -1
    n_common: int
    values: AnyArray
    longest: float  # length of the longest row of the base


class SparseIndex:
    """Sparse rows that can be asked for those with the largest dot product.

    Parameters
    ----------
    base : sparse matrix or array of shape (n_base, n_features)
        Values must not be negative. With rows of length 1 scores are cosines. Arrays
        of the right types, float32 and int32, are not copied.

    Raises
    ------
    GraphTypeError
        If base is not sparse.
    GraphValueError
        For negative, NaN or infinite values.

    Notes
    -----
    Exact. A query with few entries to read adds up the lists of its features. Others
    go through the base in tiles: lists of rare features are added entry by entry, those
    of common ones 64 rows at once, from a copy with one byte a row; the sums are off by
    less than is known, and the rows that can be among the k best are scored in full.
    Rows that share no feature with a query are never returned.

    The copy takes as much memory as the entries of the base, 8 bytes each, at most; it
    is made when it is needed first. Each thread works in memory of
    O(n_base + n_features + 1024 k).

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> index = SparseIndex(csr_array([[1.0, 0.0], [0.6, 0.8]]))
    >>> rows, scores = index.query(csr_array([[0.0, 1.0]]), k=2)
    >>> rows.tolist(), scores.tolist()
    ([[1, -1]], [[0.800000011920929, 0.0]])
    """

    def __init__(self, base: Any) -> None:
        self._base = _checked(base, "base")
        self._columns = _columns_of(self._base)
        self._largest = np.empty(self._base.shape[1], np.float32)
        kernels.largest_values(self._columns[0], self._columns[2], self._largest)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, AnyArray], n_features: int) -> Self:
        """Take an index together again of what `to_arrays` gave, without a copy.

        The arrays may be memory-mapped. They are trusted: only their sizes are checked.
        One with gaps or turned round is copied.
        """
        arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        shape = (len(arrays["indptr"]) - 1, n_features)
        base = _rows_of(shape, arrays["data"], arrays["indices"], arrays["indptr"])
        index = cls.__new__(cls)
        index._base = base
        indptr, rows, values = (arrays[name] for name in _COLUMNS)
        index._columns = (indptr, rows, values)
        index._largest = arrays["largest"]
        if "common_bytes" in arrays:
            place, longest = arrays["common_place"], float(arrays["longest"][0])
            n_common = int(place.max(initial=-1)) + 1
            common = _Common(place, n_common, arrays["common_bytes"], longest)
            index.__dict__["_common"] = common
        n_entries = int(base.indptr[-1])
        given = base.data, base.indices, *index._columns, index._largest
        sizes = [len(part) for part in given]
        both = [n_entries] * 2
        if sizes != [*both, n_features + 1, *both, n_features]:
            raise GraphValueError(
                f"Arrays of an index of {n_entries:,} entries over {n_features:,} "
                f"features do not fit: they have {sizes} entries."
            )
        return index

    def to_arrays(self, *, common: bool = False) -> dict[str, AnyArray]:
        """Rows and columns of the index as flat arrays, for a file.

        With ``common``, also the copy of common features that an exact search makes
        when it is needed first: for arrays that many processes map.
        """
        base = self._base
        out = {
            "indptr": base.indptr, "indices": base.indices, "data": base.data,
            **dict(zip(_COLUMNS, self._columns, strict=True)),
            "largest": self._largest,
        }  # fmt: skip
        if common:
            copy = self._common
            out |= {
                "common_bytes": copy.values, "common_place": copy.place,
                "longest": np.array([copy.longest]),
            }  # fmt: skip
        return out

    def __len__(self) -> int:
        return int(self._base.shape[0])

    def __repr__(self) -> str:
        n, d = self._base.shape
        return f"SparseIndex(n={n:,}, n_features={d:,}, entries={self._base.nnz:,})"

    def query(
        self, queries: Any, k: int = 10, *, exclude: Any = None,
        max_postings: int | None = None, groups: Any = None,
        n_jobs: int | None = None,
    ) -> tuple[IntArray, FloatArray]:  # fmt: skip
        """Find the k rows of the base with the largest dot product with each query.

        Parameters
        ----------
        queries : sparse matrix or array of shape (n_queries, n_features)
            Rows to look up.
        k : int, default=10
            Number of rows, or of groups; cut to those that there are.
        exclude : array-like of int of shape (n_queries,) or None, default=None
            For each query one row of the base to leave out, such as itself; -1 leaves
            out none.
        max_postings : int or None, default=None
            Most entries of the lists of features to read for a query. One with more
            reads those of its rarest features, one feature at least, and the 4 k rows
            that are best by these are scored in full: time then grows with the number
            of queries, not with its product with the rows, and rows may be missed.
            None reads all that can matter: exact.
        groups : array-like of int of shape (n_base,) or None, default=None
            Group of each row, from 0 on, such as the concept that a name belongs to:
            the k best groups are found instead of the k best rows, each by its best
            row. Rows of group -1 are never found.
        n_jobs : int or None, default=None
            Threads; the result does not depend on it.

        Returns
        -------
        rows : ndarray of int64 of shape (n_queries, k)
            Best first, ties by the lower row; -1 where no more rows share a feature.
            A product that is too small for float32 counts as none.
        scores : ndarray of float32 of shape (n_queries, k)
            Dot products; 0 where the row is -1.

        Raises
        ------
        GraphTypeError
            If queries are not sparse.
        GraphValueError
            For negative, NaN or infinite values, queries of another width, ``k < 1``,
            rows outside the base, and scores beyond float32.
        """
        rows = _checked(queries, "queries")
        if rows.shape[1] != self._base.shape[1]:
            raise GraphValueError(
                f"queries have {rows.shape[1]:,} features but base has "
                f"{self._base.shape[1]:,}."
            )
        k = positive_int(k, "k")
        most = np.int64(2**62)
        if max_postings is not None:
            most = np.int64(positive_int(max_postings, "max_postings"))
        n = rows.shape[0]
        left_out = as_rows(exclude, n, len(self))
        group_of, n_groups = read_groups(groups, len(self))
        k = min(k, len(self) if group_of is None else n_groups)
        found, scores = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
        base = self._base
        asked = (rows.indptr, rows.indices, rows.data)
        own = (base.indptr, base.indices, base.data)
        ends = (group_of, n_groups, found, scores)
        n_read = np.empty(n, np.int64)
        kernels.count_postings(rows.indptr, rows.indices, self._columns[0], n_read)
        by_lists = (n_read > most) | (n_read * _FEW <= len(self))
        common = None if by_lists.all() else self._common

        def work(slot: int, lists: bool, some: IntArray) -> None:
            if lists or common is None:
                kernels.sparse_top_k(
                    some, *asked, *self._columns, *own, left_out, k, most, *ends
                )
            else:
                tiles.tiled_top_k(
                    some, *asked, *self._columns, self._largest, *common[:3], *own,
                    common.longest, left_out, k, *ends,
                )  # fmt: skip

        if k and n:
            threads = resolve_n_jobs(n_jobs)
            # One tile stays in cache whatever is asked; more queries only take memory.
            one_tile = common and len(self) <= tiles.tile_rows(common.n_common)
            widest = _SPAN_OF_TILE if one_tile else _SPAN
            span = max(1, min(widest, _SPAN_PLACES // k, -(-n // threads)))
            parts = [
                (lists, some[at : at + span])
                for lists, some in (
                    (True, np.flatnonzero(by_lists)), (False, np.flatnonzero(~by_lists))
                )
                for at in range(0, len(some), span)
            ]  # fmt: skip
            for_pieces(work, parts, threads)
        return settled(found, scores, len(self), "dot")

    @cached_property
    def _common(self) -> _Common:
        """Copy of the common features, for searches that read all that can matter."""
        base = self._base
        blocks = -(-len(self) // columns.ROWS)
        lengths = np.diff(self._columns[0])
        size = max(_COMMON_BYTES * base.nnz, _LEAST_COPY)
        most = size // max(1, blocks * columns.ROWS)
        often = lengths * _COMMON >= len(self)
        chosen = np.flatnonzero(often & (self._largest > _TINY))
        if len(chosen) > most:
            longest_first = np.argsort(-lengths[chosen], kind="stable")
            chosen = np.sort(chosen[longest_first[:most]])
        place = np.full(len(lengths), -1, np.int32)
        place[chosen] = np.arange(len(chosen))
        size = blocks * columns.ROWS * len(chosen) + 1
        out = aligned.zeros(size, np.uint8)
        columns.write_common(
            base.indptr, base.indices, base.data, place, self._largest, len(chosen), out
        )
        out = out[:-1]
        longest = columns.longest_row(base.indptr, base.data)
        return _Common(place, len(chosen), out, float(longest))


def _columns_of(base: Any) -> tuple[IntArray, IntArray, FloatArray]:
    """Pointers, rows and values by column."""
    n_entries, n_features = len(base.indices), base.shape[1]
    indptr = np.zeros(n_features + 1, np.int64)
    csr.column_pointers(base.indices, indptr)
    rows, values = np.empty(n_entries, np.int32), np.empty(n_entries, np.float32)
    csr.transpose(
        base.indptr, base.indices, base.data, True, indptr[:-1].copy(), rows, values
    )
    return indptr, rows, values


def _checked(matrix: Any, name: str) -> Any:
    """Read a sparse matrix as csr_array of float32 with int64 pointers."""
    if not sparse.issparse(matrix):
        raise GraphTypeError(
            f"{name} must be a sparse matrix or array; got {type(matrix).__name__}. "
            "Use ExactIndex for dense vectors."
        )
    given: Any = matrix
    rows: Any = sparse.csr_array(given).astype(np.float32, copy=False)
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    least, most = rows.data.min(initial=np.inf), rows.data.max(initial=0.0)
    if not (least >= 0 and most < np.inf):  # NaN is neither
        raise GraphValueError(
            f"{name} must hold finite values of 0 or more; smallest is {least}."
        )
    if least == 0:
        rows = rows.copy()
        rows.eliminate_zeros()
    return _rows_of(
        rows.shape, rows.data, rows.indices.astype(np.int32, copy=False),
        rows.indptr.astype(np.int64, copy=False),
    )  # fmt: skip


def _rows_of(
    shape: tuple[int, int], data: FloatArray, indices: IntArray, indptr: IntArray
) -> Any:
    """Take arrays as they are; scipy would give indices the type of the pointers."""
    out: Any = sparse.csr_array(shape, dtype=np.float32)
    out.data, out.indices, out.indptr = data, indices, indptr
    return out
