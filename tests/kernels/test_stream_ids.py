"""Numbers for ids of a stream, against a dictionary."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.kernels import _stream_ids as kernels
from graphrep.kernels._id_table import UNKNOWN

NO = np.empty(0, bool)


def _numbered(values, table):
    return [table.setdefault(v, len(table)) for v in values.tolist()]


@pytest.mark.parametrize("way", ["place", "table"])
def test_numbers_when_ids_come_in_blocks_then_by_first_appearance(way):
    rng = np.random.default_rng(0)
    low = 0 if way == "place" else -(2**60)
    values = rng.integers(low, 300, 400) if low == 0 else rng.integers(low, -low, 400)
    values = rng.choice(values, 1000)
    ids, expected, count = np.empty(500, np.int64), {}, 0
    codes = np.full(300, -1, np.int64)
    table = np.zeros((1024, 2), np.int64)
    for block in np.array_split(values, 7):
        out = np.empty(len(block), np.int64)
        if way == "place":
            count = kernels.number_by_place(block, NO, codes, ids, count, out)
        else:
            count = kernels.number_by_table(block, NO, False, table, ids, count, out)
        assert out.tolist() == _numbered(block, expected)
    assert ids[:count].tolist() == list(expected)


def test_numbers_when_absent_or_frozen_then_marked():
    table, ids = np.zeros((16, 2), np.int64), np.array([0, 7, 0, 0])
    kernels.enter_ids(ids, 2, table)
    values, absent = np.array([7, 7, 9, 0]), np.array([False, True, False, False])
    out = np.empty(4, np.int64)
    assert kernels.number_by_table(values, absent, True, table, ids, 2, out) == 2
    assert out.tolist() == [1, -1, UNKNOWN, 0]
    codes = np.full(10, -1, np.int64)
    assert kernels.number_by_place(values, absent, codes, ids, 0, out) == 3
    assert out.tolist() == [0, -1, 1, 2]


@pytest.mark.parametrize(
    ("texts", "bad", "canonical_bad"),
    [
        (["0", "17", str(2**63 - 1)], -1, -1),
        (["5", "007"], -1, 1),
        (["-3", "+4", str(-(2**63))], -1, 0),
        (["1", str(2**63)], 1, 1),
        (["1", "x"], 1, 1),
    ],
)
def test_integers_when_read_from_texts_then_first_bad_one(texts, bad, canonical_bad):
    data = np.frombuffer("".join(texts).encode(), np.uint8)
    ends = np.concatenate([[0], np.cumsum([len(t) for t in texts])])
    starts, lengths = ends[:-1].astype(np.int32), np.diff(ends).astype(np.int32)
    out = np.empty(len(texts), np.int64)
    assert kernels.read_integer_tokens(data, starts, lengths, out) == bad
    if bad < 0:
        assert out.tolist() == [int(t) for t in texts]
    assert kernels.read_canonical(data, ends, out) == canonical_bad


def test_texts_when_cut_and_copied_then_as_they_were():
    texts = ["ab", "a longer text than eight", "123456789012", ""]
    data = np.frombuffer("".join(texts).encode(), np.uint8)
    ends = np.concatenate([[0], np.cumsum([len(t) for t in texts])])
    keys, starts = np.empty(4, np.uint64), np.empty(4, np.int32)
    lengths = np.empty(4, np.int32)
    assert kernels.cut_texts(data, ends, keys, starts, lengths) == 3
    assert keys[0] == int.from_bytes(b"ab", "little")
    assert keys[2] == 123456789012
    assert lengths.tolist() == [2, -24, 12, 0]
    out = np.empty(26, np.uint8)
    kernels.copy_tokens(data, starts, lengths, np.array([1, 0]), out)
    assert out.tobytes().decode() == texts[1] + texts[0]


def test_look_at_texts_when_blanks_or_cut_letters_then_told():
    data = np.frombuffer(" a é".encode(), np.uint8)
    assert kernels.look_at_texts(data, np.array([0, 2, 5])) == (2, -1)
    assert kernels.look_at_texts(data, np.array([0, 2, 4, 5])) == (2, 2)
