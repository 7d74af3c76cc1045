"""Ranges of rows that threads write to a file: the same with and without the cache."""

from __future__ import annotations

import os

import numpy as np
import pytest

from graphrep._utils import _range_writer
from graphrep._utils._arrays import aligned_empty
from graphrep._utils._pieces import for_pieces
from graphrep._utils._range_writer import PAGE, RangeWriter


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("step", [64, 100])
def test_write_when_in_any_order_then_the_rows_and_what_was_appended(
    tmp_path, streamed, step
):
    array = aligned_empty((1000, 16), np.float32, PAGE)
    array[:] = np.random.default_rng(0).random(array.shape)
    path = tmp_path / "a.npy"
    pieces = [(low, min(low + step, 1000)) for low in range(0, 1000, step)][::-1]
    with RangeWriter(path, array.shape, array.dtype, streamed=streamed) as file:
        for_pieces(lambda _, a, b: file.write(a, array[a:b]), pieces, 3)
        again = np.empty((700, 16), np.float32)
        file.read_into(300, again)
        file.append(np.arange(3))
    assert np.array_equal(again, array[300:])
    assert np.array_equal(np.load(path), array)
    assert np.array_equal(np.load(path, mmap_mode="r"), array)
    assert path.stat().st_size > PAGE + array.nbytes


def test_write_when_the_last_rows_are_never_written_then_the_file_has_its_size(
    tmp_path,
):
    with RangeWriter(tmp_path / "a.npy", (10, 4), np.dtype("f8")) as file:
        file.write(0, np.ones((3, 4)))
    assert np.load(tmp_path / "a.npy").sum() == 12


@pytest.mark.skipif(not hasattr(os, "O_DIRECT"), reason="no way past the page cache")
def test_write_when_the_system_takes_a_part_or_nothing_then_all_is_there(
    tmp_path, monkeypatch
):
    array = aligned_empty((256, 16), np.float32, PAGE)
    array[:] = np.arange(256)[:, None]
    pwrite = os.pwrite
    calls = []

    def part(file, data, at):
        calls.append(at)
        if len(calls) > 1:
            raise OSError(22, "Invalid argument")
        return pwrite(file, data[:PAGE], at)

    monkeypatch.setattr(_range_writer.os, "pwrite", part)
    path = tmp_path / "a.npy"
    with RangeWriter(path, array.shape, array.dtype, streamed=True) as file:
        for first in (0, 128):
            file.write(first, array[first : first + 128])
    assert np.array_equal(np.load(path), array)


def test_pieces_when_one_fails_then_its_error_and_no_further_piece():
    seen = []

    def work(slot, first, end):
        seen.append(first)
        if first == 2:
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        for_pieces(work, [(i, i + 1) for i in range(1000)], 2)
    assert len(seen) < 1000
