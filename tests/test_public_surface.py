"""What a user sees: a light import, and a description of everything public."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "graphrep"
FILES = sorted(PACKAGE.rglob("*.py"))
HEAVY = ("numba", "sklearn", "torch", "pandas", "scipy")
LONGEST_FILE = 500


def _loaded(statement):
    code = f"{statement}\nimport sys\nprint(*sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import graphrep; dir(graphrep); graphrep.__version__",
        "import sys; sys.argv = ['graphrep', '--help']\n"
        "from graphrep.cli import main\ntry: main()\nexcept SystemExit: pass",
    ],
    ids=["import", "help"],
)
def test_import_when_fresh_then_nothing_heavy_is_loaded(statement):
    if "cli" in statement and not (PACKAGE / "cli" / "__init__.py").exists():
        pytest.skip("the command line is not part of this checkout")
    assert not _loaded(statement).intersection(HEAVY)


def test_public_names_when_resolved_then_all_are_there():
    import graphrep

    for name in graphrep.__all__:
        assert getattr(graphrep, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        graphrep.nonsense


def _undocumented(node, prefix=""):
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.ClassDef)):
            continue
        if child.name.startswith("_"):
            continue
        if not ast.get_docstring(child) and not _is_setter(child):
            yield prefix + child.name
        if isinstance(child, ast.ClassDef):
            yield from _undocumented(child, f"{child.name}.")


def _is_setter(node):
    return any(ast.unparse(d).endswith(".setter") for d in node.decorator_list)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_file_when_read_then_described_and_of_a_size_to_read(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree) or not text.strip()
    assert list(_undocumented(tree)) == []
    assert len(text.splitlines()) <= LONGEST_FILE
