"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
_REQUIRED = "GRAPHREP_REQUIRE_SHARED"


def _shared_root() -> Path | None:
    named = os.environ.get("GRAPHREP_SHARED_DATA")
    root = Path(named) if named else _BESIDE
    return root if root.is_dir() else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data sets; the test is skipped where it is not at hand."""
    root = _shared_root()
    if root is None:
        pytest.skip("the real data sets do not lie beside this checkout")
    return root


@pytest.fixture(params=["torch:cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request) -> str:
    """Give each word for a device of torch; CUDA is skipped where there is none."""
    torch = pytest.importorskip("torch")
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    return str(request.param)


@pytest.fixture
def place(device):
    """Give the torch device of `device`, for kernels that are called directly."""
    return pytest.importorskip("torch").device(device.split(":")[-1])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Let a skipped test of the real data fail where they are said to be there."""
    report = yield
    required = os.environ.get(_REQUIRED) == "1"
    if required and report.skipped and item.get_closest_marker("shared"):
        reason = report.longrepr[-1] if report.longrepr else "skipped"
        report.outcome = "failed"
        report.longrepr = f"{_REQUIRED}=1 and yet: {reason}"
    return report
