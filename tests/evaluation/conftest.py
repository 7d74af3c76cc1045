"""The oracle of the metrics, for the tests of this folder and of the kernels."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reference():
    """Module of the slow, plain definitions of every metric."""
    path = Path(__file__).with_name("reference.py")
    spec = importlib.util.spec_from_file_location("_evaluation_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
