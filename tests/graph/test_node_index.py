"""NodeIndex: any hashable id keeps its place, its type and its key."""

from __future__ import annotations

import datetime
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep.exceptions import (
    GraphTypeError,
    GraphValueError,
    GraphWarning,
    NodeNotFoundError,
)
from graphrep.graph import NodeIndex

INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(max_size=5).map(lambda t: f"t{t}")
OTHERS = st.one_of(
    st.binary(max_size=3),
    st.tuples(st.integers(), st.text(max_size=2)),
    st.frozensets(st.text(max_size=2), max_size=3),
    st.datetimes(),
    TEXTS,
)


@given(st.one_of(*[st.lists(k, max_size=30, unique=True)
                   for k in (INTEGERS, TEXTS, OTHERS)]))  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_index_when_ids_of_any_kind_then_both_ways_and_pickle(ids):
    index = NodeIndex(ids)
    assert list(index) == ids
    assert [type(i) for i in index] == [type(i) for i in ids]
    assert [index.index(i) for i in ids] == list(range(len(ids)))
    assert index.indexer(ids).tolist() == list(range(len(ids)))
    assert pickle.loads(pickle.dumps(index)) == index
    assert index.take(np.arange(len(ids))[::-1]) == NodeIndex(ids[::-1])
    assert len(set(index.keys().tolist())) == len(ids)


@given(st.one_of(st.lists(INTEGERS, max_size=20, unique=True),
                 st.lists(OTHERS, max_size=20, unique=True)), st.randoms())  # fmt: skip
@settings(max_examples=50, deadline=None)
def test_rank_when_ids_shuffled_then_same_canonical_order(ids, random):
    shuffled = list(ids)
    random.shuffle(shuffled)

    def ordered(values):
        rank = NodeIndex(values).rank()
        return values if rank is None else [values[r] for r in rank]

    assert ordered(ids) == ordered(shuffled)


@pytest.mark.parametrize(
    "ids",
    [
        np.array([2, 0, 1], np.int16),
        np.array([2, 0, 1], ">i8"),
        np.arange(6)[::2],
        np.array([5, 7], np.uint64),
        range(3, 6),
        (np.int32(4), 9),
    ],
)
def test_index_when_integers_in_any_dress_then_plain_integers(ids):
    index = NodeIndex(ids)
    assert index.is_integer
    assert [type(i) for i in index] == [int] * len(ids)
    assert list(index) == [int(i) for i in ids]


def test_index_when_array_changed_afterwards_then_index_is_not():
    ids = np.array([5, 3])
    index = NodeIndex(ids)
    ids[0] = 99
    assert list(index) == [5, 3]


def test_index_when_ids_are_the_rows_then_only_the_count_is_kept():
    assert NodeIndex([0, 1, 2]).is_range
    assert NodeIndex(3) == NodeIndex(np.arange(3))
    assert NodeIndex([]).is_range
    assert 3 not in NodeIndex(3)
    assert -1 not in NodeIndex(3)


def test_index_when_numpy_texts_then_python_texts():
    index = NodeIndex(np.array(["a", "bb"]))
    assert [type(i) for i in index] == [str, str]
    assert index.indexer(np.array(["bb", "a"])).tolist() == [1, 0]


def test_index_when_times_then_neither_number_nor_another_day():
    days = np.array(["2020-01-01", "2021-06-01"], "M8[D]")
    assert list(NodeIndex(days)) == [
        datetime.date(2020, 1, 1),
        datetime.date(2021, 6, 1),
    ]
    fine = days.astype("M8[ns]")
    assert NodeIndex(fine)[1] == fine[1]
    with pytest.raises(GraphValueError, match="missing"):
        NodeIndex(np.array(["NaT"], "M8[ns]"))


def test_index_when_integers_beyond_int64_then_kept_as_objects():
    index = NodeIndex([2**70, 1])
    assert list(index) == [2**70, 1]
    assert index.index(2**70) == 0


def test_index_when_booleans_then_not_mistaken_for_rows():
    assert list(NodeIndex([True, False])) == [True, False]
    assert True not in NodeIndex(3)


def test_index_when_torch_or_frame_columns_then_their_values():
    torch = pytest.importorskip("torch")
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")
    for ids in (torch.tensor([4, 2]), pd.Series([4, 2]), pa.array([4, 2])):
        assert list(NodeIndex(ids)) == [4, 2]
    for ids in (pd.Index(["x", "y"]), pa.chunked_array([["x"], ["y"]])):
        assert list(NodeIndex(ids)) == ["x", "y"]


@pytest.mark.parametrize("missing", [None, float("nan"), np.float32("nan")])
def test_index_when_an_id_is_missing_then_its_position_is_named(missing):
    with pytest.raises(GraphValueError, match="position 1"):
        NodeIndex(["a", missing])


def test_index_when_mixed_floats_and_integers_then_checked_one_by_one():
    with pytest.warns(GraphWarning, match="floats"):
        assert list(NodeIndex([2**60, 1.0])) == [2**60, 1]
    with pytest.raises(GraphValueError, match=r"1\.5"):
        NodeIndex([1, 1.5])


@pytest.mark.parametrize("ids", ["abc", b"abc", {1, 2}, frozenset("a"), 3.5])
def test_index_when_not_a_list_of_ids_then_type_error(ids):
    with pytest.raises(GraphTypeError, match="list or one-dimensional"):
        NodeIndex(ids)


def test_index_when_negative_count_or_two_dimensions_then_error():
    with pytest.raises(GraphValueError, match="-1 nodes"):
        NodeIndex(-1)
    with pytest.raises(GraphValueError, match=r"\(1, 2\)"):
        NodeIndex(np.array([[1, 2]]))


def test_indexer_when_unsigned_wraps_or_missing_then_not_found():
    index = NodeIndex([-1, 5])
    with pytest.raises(NodeNotFoundError, match="Node 7 is not"):
        index.indexer([5, 7])
    with pytest.raises(GraphValueError, match="does not fit"):
        index.indexer(np.array([2**64 - 1], np.uint64))
    with pytest.raises(NodeNotFoundError, match="integers, not texts"):
        index.index("5")


def test_message_when_an_id_is_very_long_then_cut():
    with pytest.raises(NodeNotFoundError) as caught:
        NodeIndex(["a"]).index("x" * 10_000)
    assert len(str(caught.value)) < 300


_KEYS = """
from graphrep.graph import NodeIndex
ids = [frozenset("abcdefg"), ("a", frozenset("xyz")), "t", 3, b"b", 2.5]
print(NodeIndex(ids).keys().tolist())
"""


def test_keys_when_string_hashing_is_seeded_anew_then_the_same():
    def keys(seed):
        return subprocess.run(
            [sys.executable, "-c", _KEYS],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert keys("1") == keys("2")


def test_keys_when_integer_stands_among_texts_then_still_its_own_key():
    assert NodeIndex([7, "a"]).keys()[0] == NodeIndex([7]).keys()[0] == 7
    assert NodeIndex([-7, "a"]).keys()[0] == NodeIndex([-7]).keys()[0]
