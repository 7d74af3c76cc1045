"""Files of arrays: mapped as they were written, refused when they are not whole."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep._utils._array_file import content_mark, map_arrays, write_arrays
from graphrep.exceptions import GraphFormatError

ARRAYS = {
    "none": np.empty((0, 3), np.int32),
    "matrix": np.arange(12, dtype=np.float32).reshape(3, 4),
    "turned": np.arange(12).reshape(3, 4).T,
    "bytes": np.arange(5, dtype=np.uint8),
    "one": np.array([7], np.uint64),
}


def test_arrays_when_read_back_then_the_same_and_aligned(tmp_path):
    path = tmp_path / "arrays.bin"
    write_arrays(path, ARRAYS)
    found = map_arrays(path)
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)
        assert found[name].ctypes.data % 64 == 0 or not array.size
    found["matrix"][:] = 0  # the file keeps what it has
    assert map_arrays(path)["matrix"][2, 3] == 11


def test_arrays_when_the_file_is_not_whole_then_refused(tmp_path):
    path = tmp_path / "arrays.bin"
    write_arrays(path, ARRAYS)
    path.write_bytes(path.read_bytes()[:-64])
    with pytest.raises(GraphFormatError, match="'one' was cut off"):
        map_arrays(path)
    path.write_bytes(b"something else")
    with pytest.raises(GraphFormatError, match="no file of arrays"):
        map_arrays(path)


def test_mark_when_anything_differs_then_another():
    marks = {
        content_mark(arrays)
        for arrays in (
            {"a": np.arange(3)},
            {"b": np.arange(3)},
            {"a": np.arange(3, dtype=np.int32)},
            {"a": np.arange(3)[:, None]},
            {"a": np.arange(3)[::-1]},
        )
    }
    assert len(marks) == 5
    assert content_mark(ARRAYS) == content_mark(dict(ARRAYS))
