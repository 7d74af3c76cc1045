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


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", ESTIMATORS)
    if "check" in metafunc.fixturenames:
        from sklearn.utils.estimator_checks import estimator_checks_generator

        pairs = [
            pytest.param(model, check, id=f"{name}-{_function(check)}")
            for name, listed in ESTIMATORS.items()
            for model, check in estimator_checks_generator(
                listed, legacy=True, expected_failed_checks={}, mark="skip"
            )
        ]
        metafunc.parametrize(("checked", "check"), pairs)


def _function(check):
    return getattr(check, "func", check).__name__


@pytest.fixture
def estimator(name):
    return clone(ESTIMATORS[name])


@pytest.fixture(scope="session")
def two_groups():
    """Adjacency of two groups of nodes and the group of each."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    dense = np.where(y[:, None] == y[None, :], 0.4, 0.03)
    a = np.triu(rng.random((60, 60)) < dense, 1)
    return (a + a.T).astype(float), y
