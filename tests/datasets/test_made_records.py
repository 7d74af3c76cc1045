"""make_records: tables whose matches are known."""

from __future__ import annotations

import pytest

from graphrep.blocking import TfidfBlocker, as_records
from graphrep.datasets import make_records
from graphrep.exceptions import GraphValueError
from graphrep.metrics import blocking_scores


@pytest.mark.parametrize("kind", ["products", "persons"])
def test_records_when_made_twice_then_the_same(kind):
    first = make_records(60, kind=kind, random_state=3)
    again = make_records(60, kind=kind, random_state=3)
    assert first == again
    assert first != make_records(60, kind=kind, random_state=4)
    left, right = as_records(first.left), as_records(first.right)
    assert len(first.matches) == 36
    assert len(left) + len(right) == 60 + 36
    for a, b in first.matches:
        left.index.index(a), right.index.index(b)


def test_records_when_without_errors_then_copies_are_equal():
    data = make_records(40, errors=0, random_state=0)
    left, right = as_records(data.left), as_records(data.right)
    texts = dict(zip(left.ids, left.texts(), strict=True))
    other = dict(zip(right.ids, right.texts(), strict=True))
    assert all(texts[a] == other[b] for a, b in data.matches)


def test_records_when_in_one_table_then_groups_of_two_or_three():
    data = make_records(80, one_table=True, random_state=1)
    assert data.right is None
    records = as_records(data.left)
    known = {value for pair in data.matches for value in pair}
    assert len(records) > 80
    assert len(known) <= len(records)


def test_records_when_blocked_then_most_are_found_and_not_all_first():
    data = make_records(300, errors=3, random_state=0)
    A, B = as_records(data.left), as_records(data.right)
    pairs = TfidfBlocker(budget=5.0).fit_candidate_pairs(A, B)
    true = (
        A.index.indexer([a for a, _ in data.matches]),
        B.index.indexer([b for _, b in data.matches]),
    )
    sizes = pairs.shape
    few = pairs.head(len(data.matches))
    scores = [
        blocking_scores(true, (p.left_rows, p.right_rows), *sizes) for p in (few, pairs)
    ]
    assert scores[0].pair_completeness < 1
    assert scores[1].pair_completeness > 0.95


def test_records_when_there_are_none_then_empty_tables():
    data = make_records(0)
    assert data.left == {"id": []}
    assert data.matches == []


@pytest.mark.parametrize(
    "options", [{"kind": "boats"}, {"overlap": 1.5}, {"errors": -1}]
)
def test_records_when_asked_for_nonsense_then_refused(options):
    with pytest.raises(GraphValueError, match=str(next(iter(options.values())))):
        make_records(10, **options)
