"""Blocker: bounds of the budget, and tables that were not fitted to."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

import graphrep
from graphrep.blocking import (
    EmbeddingBlocker,
    KeyBlocker,
    ListedPairs,
    NLSHBlocker,
    TfidfBlocker,
    TransformerEncoder,
    UnionBlocker,
    as_records,
)
from graphrep.datasets import make_records
from graphrep.exceptions import GraphTypeError, GraphValueError

A = {"name": ["red fox", "grey owl", "blue hen"]}
B = {"name": ["redfox", "owl grey", "hen, blue"]}


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"per_record": 0}, "'per_record' parameter .* must be an int in the range"),
        ({"min_per_record": -1}, "'min_per_record' parameter .* must be an int in"),
        ({"min_per_record": 2, "per_record": 1}, "min_per_record=2 pairs .* Lower one"),
        ({"budget": True}, "budget must be a number of 0 or more, or None; got True"),
        ({"columns": []}, "columns is an empty list"),
    ],
)
@pytest.mark.parametrize("blocker", [TfidfBlocker(), KeyBlocker(), NLSHBlocker()])
def test_bounds_when_they_say_nothing_then_refused(blocker, bounds, said):
    with pytest.raises(ValueError, match=said):
        clone(blocker).set_params(**bounds).fit(A, B)


def test_augment_when_unknown_then_named():
    with pytest.raises(ValueError, match=r"'augment' parameter of NLSHBlocker.*'auto'"):
        NLSHBlocker(augment="x").fit(A, B)


@pytest.mark.parametrize("blocker", [TfidfBlocker(), KeyBlocker(), NLSHBlocker()])
def test_pairs_when_of_another_number_of_tables_then_refused(blocker, tmp_path):
    with pytest.raises(GraphValueError, match="fitted to two tables, and pairs of one"):
        blocker.fit(A, B).candidate_pairs(A)
    blocker.fit(A).save(tmp_path / "model")
    with pytest.raises(GraphValueError, match="fitted to one table, and pairs of two"):
        graphrep.load(tmp_path / "model").candidate_pairs(A, B)


def test_pairs_when_one_object_is_both_tables_then_still_two_tables():
    data = make_records(100, one_table=True, errors=4, random_state=0)
    once, again = as_records(data.left), as_records(data.left)
    for blocker in (
        NLSHBlocker(assignment="many-to-many", budget=2.0, random_state=0),
        TfidfBlocker(exclude=ListedPairs([once.ids[:2].tolist()]), budget=None),
    ):
        wanted = blocker.fit_candidate_pairs(once, again)
        assert blocker.fit_candidate_pairs(once, once) == wanted
        assert blocker.fit(once, once).candidate_pairs(once, once) == wanted


@pytest.mark.parametrize("blocker", [TfidfBlocker, NLSHBlocker])
def test_rules_when_columns_are_left_out_then_seen_all_the_same(blocker):
    names = ["red fox inn", "grey owl house", "blue hen cafe", "old mill bar"]
    years = [1, 2, 3, 4], [1, 2, 9, 9]
    left, right = ({"name": names, "year": y} for y in years)

    def same_year(a, b):
        return a["year"] == b["year"]

    rules = {"include": same_year}
    if blocker is NLSHBlocker:
        rules |= {"rule": same_year, "random_state": 0}
    one = blocker(columns=["name"], **rules)
    for A, B in ((left, right), (as_records(left), as_records(right))):
        found = one.fit_candidate_pairs(A, B)
        assert sorted(zip(found.left_rows, found.right_rows, strict=True)) == [
            (0, 0),
            (1, 1),
        ]
        assert one.n_columns_in_ == 1
    within = UnionBlocker([blocker(columns=["name"], **rules)], columns=["name"])
    assert len(within.fit_candidate_pairs(left, right)) == 2


def test_rules_when_a_column_was_taken_out_before_then_not_seen():
    table = as_records({"name": ["red fox", "red owl"], "cluster": [1, 2]})
    seen = []

    def told(a, b):
        seen.append((list(a.columns), list(b.columns)))
        return np.ones(len(a), bool)

    TfidfBlocker(include=told).fit_candidate_pairs(table.select(["name"]))
    assert seen == [(["name"], ["name"])]


def test_most_pairs_when_of_several_blockers_then_none_learns(monkeypatch):
    parts = [TfidfBlocker(n_neighbors=1), KeyBlocker("name"), NLSHBlocker()]
    union = UnionBlocker(parts).fit(A, B)

    def refuse(*args):
        raise AssertionError("nothing is to be learnt for an estimate")

    monkeypatch.setattr(NLSHBlocker, "_fit", refuse)
    assert UnionBlocker(parts).most_pairs(A, B) == union.n_pairs_
    assert TfidfBlocker(n_neighbors=1).most_pairs(A, B) == 6
    with pytest.raises(GraphValueError, match="columns is an empty list"):
        TfidfBlocker(columns=[]).most_pairs(A, B)


def test_most_pairs_when_there_are_vectors_then_they_are_not_copied():
    class Vectors(np.ndarray):
        def __deepcopy__(self, memo):
            raise AssertionError("vectors are large")

    vectors = np.ones((3, 2)).view(Vectors)
    blocker = EmbeddingBlocker((vectors, vectors), n_neighbors=1)
    assert blocker.most_pairs(A, B) == 6
    assert not hasattr(blocker, "n_pairs_")


def test_union_when_given_a_class_then_said():
    with pytest.raises(GraphTypeError, match="A blocker was expected"):
        UnionBlocker([TfidfBlocker]).fit(A, B)


def test_ids_when_they_read_the_same_then_called_records():
    with pytest.raises(GraphValueError, match="1 and '1' are different records"):
        as_records([{"id": 1, "n": "x"}, {"id": "1", "n": "y"}])


def test_transformer_when_its_folder_is_missing_then_no_download_is_advised(tmp_path):
    pytest.importorskip("transformers")
    encoder = TransformerEncoder(str(tmp_path / "nope"))
    with pytest.raises(GraphValueError, match=r"There is no folder '.*nope'"):
        encoder.fit(as_records(A), as_records(B))
