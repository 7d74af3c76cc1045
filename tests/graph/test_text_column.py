"""TextColumn: many texts in one UTF-8 buffer."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import TextColumn

_texts = st.lists(st.one_of(st.none(), st.text(st.characters(), max_size=6)))


@given(_texts, st.data())
def test_reads_like_the_list_it_was_made_of(texts, data):
    column = TextColumn(texts)
    assert len(column) == len(texts)
    assert list(column) == texts == column.tolist()
    assert [column[i] for i in range(len(texts))] == texts
    start = data.draw(st.integers(0, len(texts)))
    stop = data.draw(st.integers(0, len(texts)))
    assert column[start:stop].tolist() == texts[start:stop]
    rows = data.draw(st.lists(st.integers(0, max(len(texts) - 1, 0)), max_size=8))
    rows = rows if texts else []
    assert column.take(rows).tolist() == [texts[row] for row in rows]
    assert pickle.loads(pickle.dumps(column)) == column


def test_many_rows_cross_the_blocks():
    texts = [f"name {i} é" if i % 3 else None for i in range(40_000)]
    column = TextColumn(texts)
    assert column.tolist() == texts
    rows = np.random.default_rng(0).permutation(len(texts))
    assert column.take(rows).tolist() == [texts[row] for row in rows]
    assert column[::-7].tolist() == texts[::-7]


def test_lone_surrogates_survive():
    assert TextColumn(["\ud800", "a"]).tolist() == ["\ud800", "a"]


def test_the_arrays_of_a_caller_stay_writable():
    data, offsets = np.frombuffer(bytearray(b"abc"), np.uint8), np.array([0, 1, 3])
    column = TextColumn.from_buffer(data, offsets)
    assert column.tolist() == ["a", "bc"]
    assert offsets.flags.writeable
    assert not column.offsets.flags.writeable


@pytest.mark.parametrize("offsets", [[], [1, 3], [0, 2], [0, 2, 1, 3]])
def test_refuses_offsets_that_do_not_fit(offsets):
    with pytest.raises(GraphValueError, match="rise from 0 to 3"):
        TextColumn.from_buffer(np.zeros(3, np.uint8), np.array(offsets, np.int64))


def test_refuses_what_is_no_text():
    with pytest.raises(GraphTypeError, match="Row 1 must be a text; got 5"):
        TextColumn(["a", 5])
    with pytest.raises(GraphTypeError, match="single text"):
        TextColumn("abc")
    with pytest.raises(IndexError, match="Row 2 is outside"):
        TextColumn(["a", "b"])[2]
