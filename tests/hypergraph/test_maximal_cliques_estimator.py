"""MaximalCliques: the function as an estimator, and the published row."""

from __future__ import annotations

import pytest
from sklearn.base import clone

from graphrep import Hypergraph
from graphrep.exceptions import MemoryLimitError
from graphrep.hypergraph import MaximalCliques


def test_predict_when_no_hyperedge_in_another_and_conformal_then_exact():
    true = Hypergraph([("a", "b", "c"), ("c", "d"), ("e",)])
    estimator = clone(MaximalCliques(min_size=1)).fit()
    assert set(estimator.predict(true.project())) == set(true)
    assert estimator.score(true) == 1.0
    assert MaximalCliques().score(true) == 1.0  # the single node counts on no side


def test_predict_when_more_cliques_than_allowed_then_error_names_the_limit():
    pairs = [(u, v) for u in range(20) for v in range(u) if u // 2 != v // 2]
    with pytest.raises(MemoryLimitError, match="max_cliques=100"):
        MaximalCliques(max_cliques=100, n_jobs=1).predict(Hypergraph(pairs).project())


def test_predict_when_parameter_is_bad_then_error():
    with pytest.raises(ValueError, match="min_size"):
        MaximalCliques(min_size=0).predict(Hypergraph([(0, 1)]).project())


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "percent"),
    [("enron", 4.19), ("pschool", 0.09), ("hschool", 2.38), ("foursquare", 9.62),
     ("hosts", 22.41), ("directors", 100.0), ("crimes", 78.76)],
)  # fmt: skip
def test_score_when_real_data_then_the_published_figure(shared_data, name, percent):
    lines = (shared_data / "hypergraphs" / name / "test.txt").read_text().split("\n")
    true = Hypergraph([map(int, line.split()) for line in lines if line])
    assert round(100 * MaximalCliques(min_size=1).score(true), 2) == percent
