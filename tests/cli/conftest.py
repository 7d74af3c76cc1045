"""What the tests of the command line share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from graphrep.cli import app

Invoke = Callable[..., Result]
Shell = Callable[..., "subprocess.CompletedProcess[bytes]"]

PATH_OF_THREE = "a\tb\nb\tc\n"


@pytest.fixture
def invoke() -> Invoke:
    """Run the command line in this process, standard error kept apart."""

    def run(*arguments: object, **options: object) -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], **options)  # type: ignore[arg-type]

    return run


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Run the command line as a process of its own, in a folder of its own."""

    def run(
        *arguments: object, env: dict[str, str] | None = None, input: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "graphrep", *map(str, arguments)],
            input=input,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            check=False,
            timeout=300,
        )

    return run


@pytest.fixture
def edges(tmp_path: Path) -> Path:
    """A small edge list: a path of three nodes."""
    path = tmp_path / "edges.tsv"
    path.write_text(PATH_OF_THREE, "utf-8")
    return path


@pytest.fixture
def karate(tmp_path: Path) -> Path:
    """Edge list of the karate club: 34 nodes, 78 edges."""
    import graphrep
    from graphrep.datasets import load_karate

    path = tmp_path / "karate.tsv"
    graphrep.write(load_karate().graph, path)
    return path
