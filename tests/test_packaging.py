"""What is built and shipped is complete, and its metadata agree."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import graphrep

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_wheel_when_built_then_holds_every_file_of_the_package(tmp_path):
    wheels = _build("build_wheel", tmp_path)
    with zipfile.ZipFile(tmp_path / wheels) as archive:
        names = set(archive.namelist())
    package = ROOT / "graphrep"
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
        if not path.name.startswith(".")
    }
    assert wanted <= names
    assert "graphrep/py.typed" in names
    assert "graphrep/datasets/data/karate_edges.tsv" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "docs/", "examples/")) for name in names)


@pytest.mark.slow
def test_sdist_when_built_then_holds_what_testing_needs(tmp_path):
    name = _build("build_sdist", tmp_path)
    with tarfile.open(tmp_path / name) as archive:
        names = {n.partition("/")[2] for n in archive.getnames()}
    for wanted in (
        "tests/conftest.py", "tests/bad_input/cases.py", "docs/conf.py",
        "docs/_static/icd10cm_map.png", "examples/plot_1_karate_map.py", ".ci/test",
        ".ci/run", "README.md", "CHANGELOG.md", "CITATION.cff", "graphrep/py.typed",
    ):  # fmt: skip
        assert wanted in names, wanted


def _build(hook: str, target: Path) -> str:
    """Call the build backend as pip and build do, in a process of its own."""
    pytest.importorskip("hatchling")
    code = f"from hatchling.build import {hook}; print({hook}({str(target)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return done.stdout.split()[-1]


def test_version_when_compared_then_is_the_same_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, re.M)[1] == graphrep.__version__
    assert f"## [{graphrep.__version__}]" in changelog


def test_extras_when_read_then_all_names_every_extra_of_users():
    extras = PROJECT["project"]["optional-dependencies"]
    for_developers = {"all", "test", "dev", "docs", "quickstart"}
    named = re.fullmatch(r"graphrep\[(.+)\]", extras["all"][0])[1].split(",")
    assert set(named) == set(extras) - for_developers


def test_dependencies_when_read_then_have_floors_and_no_ceilings():
    lists = [PROJECT["project"]["dependencies"]]
    lists += PROJECT["project"]["optional-dependencies"].values()
    for requirement in (r for part in lists for r in part):
        wanted = requirement.partition(";")[0]
        assert "<" not in wanted, requirement
        assert "==" not in wanted, requirement


def test_errors_when_they_name_an_extra_then_it_exists():
    extras = PROJECT["project"]["optional-dependencies"]
    named = set()
    for path in (ROOT / "graphrep").rglob("*.py"):
        named.update(re.findall(r'extra="([^"]+)"', path.read_text(encoding="utf-8")))
    assert named
    assert named <= set(extras)
