"""augment: what each operator may change, and the same copies for the same seed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from graphrep.blocking import Records
from graphrep.blocking._augment import augment
from graphrep.exceptions import GraphValueError

ALL = ["delete_span", "shuffle_span", "drop_column", "append_column", "drop_tokens",
       "drop_symbols", "all"]  # fmt: skip
TEXTS = {
    "title": ["a-1 b c d e f", "g h", "", "only"],
    "maker": ["x y", "", "", ""],
    "price": ["9.5", "7", "", ""],
}


def _counts(records):
    return [Counter(text.split()) for text in records.texts()]


@pytest.mark.parametrize("operator", ALL)
def test_augment_when_any_operator_then_no_new_word_and_none_is_emptied(operator):
    records = Records(TEXTS)
    rows = np.repeat(np.arange(4), 25)
    made = augment(records, operator, rows=rows, seed=1)
    assert len(made) == 100
    assert list(made.columns) == list(records.columns)
    originals = _counts(records)
    for row, counts in zip(rows, _counts(made), strict=True):
        assert bool(counts) == bool(originals[row])
        if operator != "drop_symbols":
            assert counts <= originals[row]


@pytest.mark.parametrize("operator", ALL)
def test_augment_when_same_seed_then_same_and_others_differ(operator):
    records = Records(TEXTS)
    rows = np.zeros(30, int)
    made = [augment(records, operator, rows=rows, seed=s) for s in (5, 5, 6)]
    assert made[0] == made[1]
    assert made[0] != made[2]
    assert augment(records, operator, rows=rows[:7], seed=5) == made[0].take(
        np.arange(7)
    )


def test_augment_when_span_is_deleted_then_one_or_two_words_less():
    made = augment(Records(TEXTS), "delete_span", rows=np.zeros(50, int), seed=0)
    assert {9 - sum(counts.values()) for counts in _counts(made)} == {1, 2}


def test_augment_when_shuffled_or_appended_then_all_words_stay():
    records = Records(TEXTS)
    for operator in ("shuffle_span", "append_column"):
        made = augment(records, operator, seed=3)
        assert _counts(made) == _counts(records)


def test_augment_when_symbols_are_dropped_then_letters_and_digits_stay():
    made = augment(Records(TEXTS), "drop_symbols", rows=np.zeros(40, int), seed=0)
    assert set(made.columns["title"]) == {"a-1 b c d e f", "a1 b c d e f"}
    assert set(made.columns["price"]) == {"9.5", "95"}


def test_augment_when_no_columns_or_rows_then_empty():
    assert len(augment(Records({}, ids=[1, 2]), "all")) == 2
    assert len(augment(Records(TEXTS), "all", rows=[])) == 0


def test_augment_when_operator_is_unknown_then_error():
    with pytest.raises(GraphValueError, match="operator must be one of"):
        augment(Records(TEXTS), "swap")
