"""Gives every test that asks for ``estimator`` each estimator of the list in turn."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

_SPEC = importlib.util.spec_from_file_location(
    "graphrep_contract_estimators", Path(__file__).with_name("estimators.py")
)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
ESTIMATORS = _MODULE.ESTIMATORS

_ONE_BY_ONE = (
    "A node that is given by its edges gets the mean of its neighbours' vectors, the "
    "whole graph its fitted ones: rows of a part differ from those of the whole."
)
EXPECTED_FAILURES = {
    "check_methods_subset_invariance": _ONE_BY_ONE,
    "check_methods_sample_order_invariance": _ONE_BY_ONE,
}

SETS_ONE_COMPONENT = {
    "check_dont_overwrite_parameters",
    "check_fit2d_1feature",
    "check_fit2d_1sample",
    "check_fit2d_predict1d",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
}


def is_transductive(estimator):
    """Whether vectors are learnt for the nodes of one graph."""
    from graphrep.embedding._transductive import TransductiveEmbedder

    return isinstance(estimator, TransductiveEmbedder)


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        names = [pytest.param(n, id=n, marks=_marks(n)) for n in ESTIMATORS]
        metafunc.parametrize("name", names)
    if "check" in metafunc.fixturenames:
        from sklearn.utils.estimator_checks import estimator_checks_generator

        triples = [
            pytest.param(
                name, _suited(name, model, check), check,
                id=f"{name}-{_function(check)}",
                marks=[*_marks(name), *_expected(model, check)],
            )
            for name, listed in ESTIMATORS.items()
            for model, check in estimator_checks_generator(listed, legacy=True)
        ]  # fmt: skip
        metafunc.parametrize(("checked_name", "checked", "check"), triples)


def _marks(name):
    if name.split("-")[0] not in _MODULE.WITH_TORCH:
        return []
    found = importlib.util.find_spec("torch") is not None
    return [pytest.mark.skipif(not found, reason=f"{name} needs torch")]


def _expected(model, check):
    reason = EXPECTED_FAILURES.get(_function(check))
    if reason is None or not is_transductive(model):
        return []
    return [pytest.mark.xfail(reason=reason, strict=True, raises=AssertionError)]


def _suited(name, model, check):
    """Estimator for a check, one that makes two of one component where it must.

    Some checks assign ``n_components = 1``, which halves refuse; all else stays.
    """
    if name not in _MODULE.HALVED or _function(check) not in SETS_ONE_COMPONENT:
        return model

    def assign(self, value):
        self.__dict__["n_components"] = max(value, 2)

    evened = property(lambda self: self.__dict__["n_components"], assign)
    kind = type(model).__name__, (type(model),), {"n_components": evened}
    return type(*kind)(**model.get_params())


def _function(check):
    return getattr(check, "func", check).__name__


@pytest.fixture
def estimator(name):
    return clone(ESTIMATORS[name])


@pytest.fixture
def transductive(estimator):
    if not is_transductive(estimator):
        pytest.skip("embeds nodes from their edges, whatever the graph")
    return estimator


@pytest.fixture
def is_baseline(name):
    return name.split("-")[0] in _MODULE.BASELINES


@pytest.fixture(scope="session")
def two_groups():
    """Adjacency of two groups of nodes and the group of each."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    dense = np.where(y[:, None] == y[None, :], 0.4, 0.03)
    a = np.triu(rng.random((60, 60)) < dense, 1)
    return (a + a.T).astype(float), y
