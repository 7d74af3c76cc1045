"""Pairs of ids as rules: only these, or none of these."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.blocking import ListedPairs, NLSHBlocker, TfidfBlocker, as_records
from graphrep.datasets import make_records
from graphrep.exceptions import GraphValueError


@pytest.fixture(scope="module")
def tables():
    data = make_records(60, errors=4, random_state=0)
    return as_records(data.left), as_records(data.right)


def _ids(pairs):
    return list(zip(pairs.left_ids.tolist(), pairs.right_ids.tolist(), strict=True))


def test_pairs_when_listed_then_only_these_or_none_of_these(tables):
    free = TfidfBlocker(budget=None).fit_candidate_pairs(*tables)
    listed = _ids(free)[::3]
    some = TfidfBlocker(budget=None, include=ListedPairs(listed[::-1]))
    assert _ids(some.fit_candidate_pairs(*tables)) == listed
    rest = TfidfBlocker(budget=None, exclude=ListedPairs(listed))
    kept = [pair for pair in _ids(free) if pair not in set(listed)]
    assert _ids(rest.fit_candidate_pairs(*tables)) == kept
    spent = TfidfBlocker(budget=30, exclude=ListedPairs(listed))
    assert _ids(spent.fit_candidate_pairs(*tables)) == kept[:30]  # before the budget
    empty = TfidfBlocker(budget=None, include=ListedPairs(np.zeros((0, 2), np.int64)))
    assert len(empty.fit_candidate_pairs(*tables)) == 0


def test_pairs_when_candidate_pairs_or_file_then_as_the_ids(tables, tmp_path):
    free = NLSHBlocker(budget=3.0, random_state=0).fit_candidate_pairs(*tables)
    path = tmp_path / "judged.csv"
    free.head(40).write(path)
    found = [
        NLSHBlocker(budget=1.0, random_state=0, exclude=ListedPairs(judged))
        .fit(*tables)
        .candidate_pairs(*tables)
        for judged in (free.head(40), str(path), _ids(free.head(40)))
    ]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == min(map(len, tables))
    assert not set(_ids(found[0])) & set(_ids(free.head(40)))
    through_files = NLSHBlocker(
        budget=1.0, random_state=0, exclude=ListedPairs(path), work_dir=tmp_path / "w",
        executor="serial",
    )  # fmt: skip
    assert through_files.fit_candidate_pairs(*tables) == found[0]


@pytest.mark.parametrize("name", ["label", "same"])
def test_pairs_when_they_are_labelled_then_all_of_them_count(tables, name, tmp_path):
    judged = _ids(TfidfBlocker(budget=40).fit_candidate_pairs(*tables))
    path = tmp_path / "judged.csv"
    rows = [f"{left},{right},{at % 2}" for at, (left, right) in enumerate(judged)]
    path.write_text("\n".join([f"a,b,{name}", *rows]) + "\n", "utf-8")
    rest = TfidfBlocker(budget=None, exclude=ListedPairs(path))
    assert not set(_ids(rest.fit_candidate_pairs(*tables))) & set(judged)


def test_pairs_when_one_table_then_either_record_first(tables):
    A, _ = tables
    free = TfidfBlocker(budget=20).fit_candidate_pairs(A)
    turned = [(right, left) for left, right in _ids(free)]
    rule = ListedPairs(turned[:10] + _ids(free)[10:])
    rest = TfidfBlocker(budget=20, exclude=rule).fit_candidate_pairs(A)
    assert len(rest) == 20
    assert not {frozenset(p) for p in _ids(rest)} & {frozenset(p) for p in turned}
    both = TfidfBlocker(budget=None, include=rule).fit_candidate_pairs(A, A)
    assert set(_ids(both)) <= {*turned[:10], *_ids(free)[10:]}  # two tables: one way


def test_pairs_when_an_id_is_unknown_then_said(tables):
    blocker = TfidfBlocker(exclude=ListedPairs([("a0", "b0"), ("zz", "b0")]))
    with pytest.raises(GraphValueError, match="Pair 2 names 'zz', which no record"):
        blocker.fit_candidate_pairs(*tables)
