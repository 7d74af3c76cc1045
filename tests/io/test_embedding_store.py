"""EmbeddingStore: the same file from rows and from columns, and never half of one."""

from __future__ import annotations

import json
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Vectors
from graphrep.io import EmbeddingStore, read_vectors, write_vectors
from graphrep.io._vectors import sniff_vectors

IDS = {
    "range": lambda n: None,
    "integers": lambda n: np.arange(n)[::-1] - 4,
    "texts": lambda n: [f"nœud {i}" for i in range(n)],
}


def _matrix(n=50, width=37, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, width)).astype(dtype)


def _written(path, matrix, *, ids=None, cuts=(0, 16, 20, 37), dtype=None, **options):
    """Store of a matrix, written by columns, the last ones first."""
    kind = matrix.dtype if dtype is None else dtype
    with EmbeddingStore.create(path, ids, matrix.shape, kind, **options) as writer:
        for lo, hi in sorted(pairwise(cuts), reverse=True):
            writer.write_columns(lo, hi, matrix[:, lo:hi])
        return writer.finish()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("kind", IDS)
def test_store_when_written_by_columns_then_the_bytes_are_those_by_rows(
    kind, dtype, tmp_path
):
    matrix, ids = _matrix(dtype=dtype), IDS[kind](50)
    store = _written(tmp_path / "columns", matrix, ids=ids)
    with EmbeddingStore.create(tmp_path / "rows", ids, (50, 37), dtype) as writer:
        for lo, hi in ((30, 50), (0, 13), (13, 30)):
            writer.write_rows(lo, hi, matrix[lo:hi])
        other = writer.finish()
    for found in (store, other):
        np.testing.assert_array_equal(found.vectors, matrix)
        assert found.dtype == found.vectors.dtype == dtype
        assert found.ids.tolist() == Vectors(matrix, ids).node_ids.tolist()
        found.verify()
    assert store.fingerprint == other.fingerprint
    names = sorted(p.name for p in store.path.iterdir())
    assert names == sorted(p.name for p in other.path.iterdir())
    for name in names:
        assert (store.path / name).read_bytes() == (other.path / name).read_bytes()


def test_store_of_columns_then_rows_are_put_together(tmp_path):
    matrix = _matrix()
    cuts = (0, 16, 32, 37)
    store = _written(tmp_path / "c", matrix, cuts=cuts, layout="columns")
    assert sorted(p.name for p in store.path.iterdir()) == [
        "columns-000.npy", "columns-001.npy", "columns-002.npy", "manifest.json",
    ]  # fmt: skip
    np.testing.assert_array_equal(store.rows(7, 21), matrix[7:21])
    np.testing.assert_array_equal(read_vectors(store.path).matrix, matrix)
    np.testing.assert_array_equal(
        np.load(store.path / "columns-001.npy"), matrix[:, 16:32]
    )
    store.verify()
    with pytest.raises(GraphValueError, match="kept as blocks of columns"):
        _ = store.vectors
    with pytest.raises(GraphValueError, match="are no block"):
        _written(tmp_path / "d", matrix, layout="columns")


def test_columns_when_written_by_threads_then_the_same(tmp_path):
    matrix = _matrix(300, 64)
    with EmbeddingStore.create(tmp_path / "s", None, matrix.shape) as writer:
        with ThreadPoolExecutor(4) as pool:
            list(
                pool.map(
                    lambda lo: writer.write_columns(lo, lo + 8, matrix[:, lo : lo + 8]),
                    range(0, 64, 8),
                )
            )
        np.testing.assert_array_equal(writer.finish().vectors, matrix)


def test_vectors_when_mapped_then_read_only_and_in_place(tmp_path):
    store = _written(tmp_path / "s", _matrix())
    assert isinstance(store.vectors, np.memmap)
    assert not store.vectors.flags.writeable
    assert np.shares_memory(store.rows(3, 9), store.vectors)
    assert np.shares_memory(store.to_vectors().matrix, store.vectors)
    with pytest.raises(GraphValueError, match="Rows 3 to 51 are not within"):
        store.rows(3, 51)


@pytest.mark.parametrize("kind", IDS)
def test_read_vectors_and_write_vectors_when_a_store_then_the_same(kind, tmp_path):
    vectors = Vectors(_matrix(), IDS[kind](50))
    write_vectors(vectors, tmp_path / "v.store")
    assert sniff_vectors(tmp_path / "v.store") == "store"
    assert read_vectors(tmp_path / "v.store") == vectors
    half = read_vectors(tmp_path / "v.store", dtype="float16", mmap=False)
    assert half.dtype == np.float16
    with pytest.raises(FileExistsError):
        write_vectors(vectors, tmp_path / "v.store", overwrite=False)


def test_store_when_empty_then_opens(tmp_path):
    with EmbeddingStore.create(tmp_path / "s", None, (0, 3)) as writer:
        store = writer.finish()
    assert store.vectors.shape == (0, 3)
    store.verify()


@pytest.mark.parametrize("kind", IDS)
def test_to_arrow_then_batches_of_ids_and_vectors(kind, tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    from graphrep.io import _embedding_store

    monkeypatch.setattr(_embedding_store, "_PIECE_BYTES", 2000)
    matrix = _matrix()
    store = _written(tmp_path / "s", matrix, ids=IDS[kind](50))
    reader = store.to_arrow()
    assert reader.schema.names == ["id", "embedding"]
    table = reader.read_all()
    assert table.column("id").num_chunks > 2
    assert table.column("id").to_pylist() == store.ids.tolist()
    np.testing.assert_array_equal(
        np.array(table.column("embedding").to_pylist(), "f4"), matrix
    )


def test_to_dask_then_lazy_and_small_to_send(tmp_path, monkeypatch):
    pytest.importorskip("dask.array")
    from graphrep.io import _embedding_store

    monkeypatch.setattr(_embedding_store, "_PIECE_BYTES", 2000)
    matrix = _matrix(500, 20)
    array = _written(tmp_path / "s", matrix, cuts=(0, 20)).to_dask()
    assert array.shape == (500, 20)
    assert array.numblocks[0] > 5
    assert len(pickle.dumps(dict(array.dask))) < matrix.nbytes / 4
    np.testing.assert_array_equal(array[7:300:3, 4].compute(), matrix[7:300:3, 4])
    np.testing.assert_array_equal(array.compute(scheduler="single-threaded"), matrix)


@pytest.mark.parametrize("kind", IDS)
def test_to_zarr_then_the_same_numbers(kind, tmp_path):
    zarr = pytest.importorskip("zarr")
    matrix = _matrix()
    store = _written(tmp_path / "s", matrix, ids=IDS[kind](50))
    store.to_zarr(tmp_path / "out.zarr")
    group = zarr.open_group(str(tmp_path / "out.zarr"), mode="r")
    np.testing.assert_array_equal(group["embedding"][:], matrix)
    if kind == "texts":
        ends = group["ids_offsets"][:]
        data = group["ids_utf8"][:].tobytes()
        assert data[ends[3] : ends[4]].decode() == "nœud 3"
    else:
        assert group["ids"][:].tolist() == store.ids.tolist()
    with pytest.raises(FileExistsError):
        store.to_zarr(tmp_path / "out.zarr")


# -- damage ----------------------------------------------------------------------
@pytest.mark.parametrize("name", ["vectors", "ids"])
@pytest.mark.parametrize("place", [20, 127, 140, -1])
def test_verify_when_a_byte_has_changed_then_names_the_file(name, place, tmp_path):
    store = _written(tmp_path / "s", _matrix(), ids=np.arange(50) * 2)
    path = store.path / f"{name}.npy"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(GraphFormatError, match=rf"{name}\.npy: The file is damaged"):
        EmbeddingStore(store.path).verify()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 9}, "format version 9; this graphrep reads up to 1"),
        ({"format": "graphrep-graph-store"}, "describes no embedding store"),
        ({"dtype": "<i4"}, "its layout is 'rows' of '<i4'"),
        ({"dtype": "<f2"}, "its type or shape"),
        ({"n_components": 36}, "its type or shape"),
        ({"layout": "columns"}, "its list of files is not that"),
        ({"n_nodes": True}, "n_nodes is True instead of a int"),
    ],
)
def test_opening_when_the_manifest_does_not_fit_then_one_sentence(
    change, message, tmp_path
):
    store = _written(tmp_path / "s", _matrix())
    path = store.path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(GraphFormatError, match=message):
        EmbeddingStore(store.path)


def test_opening_when_the_manifest_is_mutated_then_opens_or_one_error(tmp_path):
    store = _written(tmp_path / "s", _matrix(), ids=np.arange(50) * 2)
    path = store.path / "manifest.json"
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(content)
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.integers(32, 127)
        path.write_bytes(data)
        try:
            EmbeddingStore(store.path).rows(0, 50)
        except GraphFormatError as error:
            assert str(store.path) in str(error)  # noqa: PT017


def test_opening_when_cut_or_unfinished_then_one_sentence(tmp_path):
    store = _written(tmp_path / "s", _matrix())
    os.truncate(store.path / "vectors.npy", 1000)
    with pytest.raises(GraphFormatError, match=r"vectors\.npy: .* it has 1,000 bytes"):
        EmbeddingStore(store.path)
    (store.path / "manifest.json").unlink()
    with pytest.raises(GraphFormatError, match="not finished"):
        EmbeddingStore(store.path)


# -- writing ---------------------------------------------------------------------
def test_writing_when_left_before_the_end_then_nothing_is_there(tmp_path):
    matrix = _matrix()
    with EmbeddingStore.create(tmp_path / "s", None, matrix.shape) as writer:
        writer.write_rows(0, 10, matrix[:10])
        assert not (tmp_path / "s").exists()
    assert list(tmp_path.iterdir()) == []
    writer = EmbeddingStore.create(tmp_path / "s", None, matrix.shape)
    writer.write_columns(0, 30, matrix[:, :30])
    with pytest.raises(GraphValueError, match="columns 30 to 37 were never written"):
        writer.finish()
    writer.abort()
    assert list(tmp_path.iterdir()) == []


def test_writing_when_overwrite_then_the_old_one_stays_until_the_end(tmp_path):
    old, new = _matrix(seed=1), _matrix(seed=2)
    _written(tmp_path / "s", old)
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        EmbeddingStore.create(tmp_path / "s", None, new.shape)
    with EmbeddingStore.create(
        tmp_path / "s", None, new.shape, overwrite=True
    ) as writer:
        writer.write_rows(0, 50, new)
        np.testing.assert_array_equal(EmbeddingStore(tmp_path / "s").vectors, old)
        store = writer.finish()
    np.testing.assert_array_equal(store.vectors, new)


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        ([("columns", 0, 40)], "Columns 0 to 40 are not within the 37"),
        ([("rows", 10, 5)], "Rows 10 to 5 are not within the 50"),
        ([("columns", 0, 9), ("columns", 8, 16)], "Columns 8 to 9 were written before"),
        ([("rows", 0, 9), ("rows", 3, 5)], "Rows 3 to 5 were written before"),
        ([("rows", 0, 9), ("columns", 0, 9)], "Rows were written before"),
        ([("columns", 0, 9), ("rows", 0, 9)], "written by columns"),
    ],
)
def test_writing_when_ranges_do_not_fit_then_one_sentence(calls, message, tmp_path):
    with EmbeddingStore.create(tmp_path / "s", None, (50, 37)) as writer:

        def write():
            for what, lo, hi in calls:
                if what == "rows":
                    writer.write_rows(lo, hi, np.zeros((max(0, hi - lo), 37)))
                else:
                    writer.write_columns(lo, hi, np.zeros((50, hi - lo)))

        with pytest.raises(GraphValueError, match=message):
            write()


def test_writing_when_values_or_shapes_are_wrong_then_one_sentence(tmp_path):
    def create(*args, **options):
        return EmbeddingStore.create(tmp_path / "s", *args, **options)

    with create(list("ab"), (2, 3), "float16") as writer:
        with pytest.raises(GraphValueError, match=r"must have the shape \(1, 3\)"):
            writer.write_rows(0, 1, np.zeros((1, 2)))
        with pytest.raises(GraphValueError, match=r"node 'b' \(row 1\) .* float16"):
            writer.write_rows(0, 2, np.float32([[1, 2, 3], [1, 70000, 0]]))
        with pytest.raises(GraphValueError, match="must be real numbers"):
            writer.write_rows(0, 1, np.zeros((1, 3), complex))
    with pytest.raises(GraphValueError, match="2 node ids were given for 3"):
        create(list("ab"), (3, 2))
    with pytest.raises(GraphValueError, match="dtype must be float16"):
        create(None, (3, 2), np.int32)
    with pytest.raises(GraphValueError, match="layout must be"):
        create(None, (3, 2), layout="tiles")
    with pytest.raises(GraphValueError, match=r"shape must be \(n_nodes"):
        create(None, (3, 0))


def test_writing_when_the_disk_is_full_then_refused_before(tmp_path, monkeypatch):
    from graphrep.io import _edge_store

    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr(_edge_store.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OSError, match="The vectors would take 7\\.4 kB"):
        EmbeddingStore.create(tmp_path / "s", None, (50, 37))
