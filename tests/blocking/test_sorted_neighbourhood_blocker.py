"""SortedNeighbourhoodBlocker against a sort and two loops in plain Python."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from graphrep.blocking import SortedNeighbourhoodBlocker
from graphrep.exceptions import GraphValueError, MemoryLimitError


def _tables(seed=0, n=25, m=18):
    rng = np.random.default_rng(seed)
    make = lambda k: ["".join(rng.choice(list("abc"), 2)) for _ in range(k)]  # noqa: E731
    left = {"x": make(n), "y": make(n)}
    right = {"x": make(m), "y": make(m)}
    left["x"][3] = ""
    return left, right


def _plain(tables, key, window, one_table):
    places = []
    for t, table in enumerate(tables):
        for row, (x, y) in enumerate(zip(table["x"], table["y"], strict=True)):
            whole = " ".join(v for v in (x, y) if v)
            value = {"x": x, "y": y, None: whole}[key]
            if value:
                places.append((value, whole, t, row))
    places.sort()
    scores = Counter()
    for i, one in enumerate(places):
        for d in range(1, window):
            if i + d < len(places):
                other = places[i + d]
                if one_table:
                    pair = tuple(sorted((one[3], other[3])))
                elif one[2] == other[2]:
                    continue
                else:
                    pair = (one[3], other[3]) if one[2] == 0 else (other[3], one[3])
                scores[pair] += (window - d) / window
    return scores


def _scores(found):
    rows = zip(found.left_rows.tolist(), found.right_rows.tolist(), strict=True)
    return dict(zip(rows, found.scores.tolist(), strict=True))


@pytest.mark.parametrize("one_table", [False, True])
@pytest.mark.parametrize("keys", ["x", ["x", "y"], None])
def test_pairs_when_sorted_then_as_by_hand(keys, one_table):
    tables = _tables()
    tables = tables[:1] if one_table else tables
    blocker = SortedNeighbourhoodBlocker(keys, window=4, budget=None)
    found = blocker.fit_candidate_pairs(*tables)
    wanted = Counter()
    passes = [None, "x", "y"] if keys is None else keys
    n_pairs = 0
    for key in passes:
        scores = _plain(tables, key, 4, one_table)
        n_pairs += len(scores)
        wanted.update(scores)
    assert _scores(found) == pytest.approx(dict(wanted))
    assert blocker.n_pairs_ == n_pairs


def test_pairs_when_too_many_then_error():
    left, right = _tables()
    blocker = SortedNeighbourhoodBlocker("x", max_pairs=5).fit(left, right)
    with pytest.raises(MemoryLimitError, match="more than max_pairs=5"):
        blocker.candidate_pairs(left, right)


def test_key_when_several_texts_then_refused():
    left, right = _tables()
    with pytest.raises(GraphValueError, match="must give one text"):
        SortedNeighbourhoodBlocker(lambda r: [["p", "q"]] * len(r)).fit(left, right)


def test_tables_when_empty_then_no_pairs():
    blocker = SortedNeighbourhoodBlocker()
    assert len(blocker.fit_candidate_pairs({"x": []}, {"x": ["a"]})) == 0
    assert len(blocker.fit_candidate_pairs({"x": ["", ""]})) == 0
