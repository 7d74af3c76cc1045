"""Versions: complete, without importing what is only named."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import graphrep
from graphrep._utils._versions import show_versions, versions


def test_versions_when_asked_then_name_packages_threads_and_layer() -> None:
    found = versions()
    assert found["graphrep"] == graphrep.__version__
    assert found["numpy"] == np.__version__
    assert found["threading_layer"] in {"omp", "tbb", "workqueue"}
    assert isinstance(found["threads"], int)
    assert found["threads"] >= 1


def test_versions_when_a_package_is_absent_then_its_value_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from graphrep._utils import _versions

    monkeypatch.setattr(_versions, "_PACKAGES", ("no-such-package-here",))
    assert versions()["no-such-package-here"] is None


def test_show_versions_when_called_then_prints_a_line_for_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_versions()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(versions())
    assert lines[0].split() == ["graphrep", graphrep.__version__]


def test_versions_when_asked_then_torch_and_pandas_are_not_imported() -> None:
    code = (
        "import sys; from graphrep._utils._versions import versions; versions();"
        "print(sorted({'torch', 'pandas', 'sklearn', 'networkx'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
