"""Ranges of arrays in files: the same whether mapped or read past the page cache."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep._utils import _range_reader
from graphrep._utils._range_reader import RangeReader


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("shape", [(1000,), (60, 16)])
@pytest.mark.parametrize("dtype", ["i4", "f4", "f8"])
def test_read_when_any_range_then_the_rows_and_read_only(
    tmp_path, monkeypatch, streamed, shape, dtype
):
    monkeypatch.setattr(_range_reader, "_PIECE", 100)
    array = np.random.default_rng(0).random(shape).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    with RangeReader(tmp_path / "a.npy", streamed=streamed) as reader:
        assert len(reader) == len(array)
        for first, end in [(0, len(array)), (7, 8), (5, 5), (3, 40)]:
            part = reader.read(first, end)
            assert part.dtype == array.dtype
            assert np.array_equal(part, array[first:end])
            assert not part.flags.writeable


@pytest.mark.parametrize("streamed", [True, False])
def test_read_when_nothing_is_in_the_file_then_nothing(tmp_path, streamed):
    np.save(tmp_path / "a.npy", np.empty(0, np.int32))
    with RangeReader(tmp_path / "a.npy", streamed=streamed) as reader:
        assert len(reader.read(0, 0)) == 0


def test_read_when_the_file_was_cut_then_an_error(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(1000))
    with RangeReader(tmp_path / "a.npy", streamed=True) as reader:
        with (tmp_path / "a.npy").open("r+b") as file:
            file.truncate(1000)
        with pytest.raises(EOFError, match="too early"):
            reader.read(0, 1000)
