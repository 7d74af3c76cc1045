"""Numbers of threads: what is refused, by estimators and by functions."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from graphrep import persistence
from graphrep._utils._parallel import available_cpus, resolve_n_jobs
from graphrep._utils._sklearn_compat import validate_parameter_constraints
from graphrep.blocking import HashIndex
from graphrep.datasets import load_karate
from graphrep.evaluation import ReconstructionEvaluator, assess
from graphrep.exceptions import GraphValueError
from graphrep.hypergraph import iter_maximal_cliques, maximal_cliques
from graphrep.io import read_edgelist, write_graph_store
from graphrep.retrieval import ClusterIndex, ExactIndex, TextFeatures, top_k

KARATE = load_karate().graph
X = np.random.default_rng(0).normal(size=(KARATE.n_nodes, 4)).astype(np.float32)
ESTIMATORS = [
    cls
    for cls in map(persistence._class_of, persistence._REGISTRY)
    if "n_jobs" in inspect.signature(cls).parameters
    and hasattr(cls, "_parameter_constraints")
]


def test_resolve_when_negative_or_none_then_as_joblib():
    assert resolve_n_jobs(1) == 1
    assert resolve_n_jobs(-1) == resolve_n_jobs(None) <= available_cpus()
    assert resolve_n_jobs(-10_000) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda _: resolve_n_jobs(0),
        lambda _: top_k(X, X, 2, n_jobs=0),
        lambda _: ExactIndex(X).query(X, 2, n_jobs=0),
        lambda _: ClusterIndex(X, n_jobs=0),
        lambda _: HashIndex(X, n_jobs=0),
        lambda _: TextFeatures(n_jobs=0).fit(["ab"]).transform(["ab"]),
        lambda _: maximal_cliques(KARATE, n_jobs=0),
        lambda _: iter_maximal_cliques(KARATE, n_jobs=0),
        lambda _: assess(KARATE, X, n_jobs=0),
        lambda _: ReconstructionEvaluator(n_jobs=0).evaluate(KARATE, X),
        lambda path: read_edgelist(path, n_jobs=0),
        lambda path: write_graph_store(path, path.with_suffix(".store"), n_jobs=0),
    ],
)
def test_n_jobs_when_0_then_refused_by_functions(call, tmp_path):
    path = tmp_path / "edges.tsv"
    path.write_text("a\tb\nb\tc\n", "utf-8")
    with pytest.raises(GraphValueError, match="n_jobs=0 threads can do nothing"):
        call(path)
    assert not path.with_suffix(".store").exists()


@pytest.mark.parametrize("cls", ESTIMATORS, ids=lambda cls: cls.__name__)
def test_n_jobs_when_0_then_refused_by_estimators(cls):
    given = {"n_jobs": cls._parameter_constraints["n_jobs"]}
    for n_jobs in (None, -1, 1, 8):
        validate_parameter_constraints(given, {"n_jobs": n_jobs}, cls.__name__)
    with pytest.raises(ValueError, match=f"'n_jobs' parameter of {cls.__name__} must"):
        validate_parameter_constraints(given, {"n_jobs": 0}, cls.__name__)
