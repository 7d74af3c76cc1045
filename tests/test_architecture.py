"""The layers hold: a room imports from rooms above it, optional packages inside."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "graphrep"
FILES = sorted(PACKAGE.rglob("*.py"))
LAYERS = """_utils exceptions typing _version
_tasks
kernels
graph
linalg
io
datasets
_learners metrics retrieval model_selection base persistence
embedding kge hypergraph blocking
linking
plot
evaluation
integrations
quickstart
cli __main__ __init__"""
RANK = {room: i for i, line in enumerate(LAYERS.split("\n")) for room in line.split()}
KERNELS_MAY = {"numpy", "numba", "llvmlite", "graphrep", *sys.stdlib_module_names}
OPTIONAL = {
    *("torch", "torch_geometric", "networkx", "pandas", "polars", "pyarrow", "gensim"),
    *("matplotlib", "pooch", "rich", "zstandard", "safetensors", "faiss", "rapidfuzz"),
    *("dask", "distributed", "triton"),
}


def _room(name):
    """Room of a file or folder; ``_room_part.py`` belongs to the room's file."""
    stem = name.removesuffix(".py")
    owners = {"_persist_": "persistence", "_quickstart_": "quickstart"}
    return next((o for prefix, o in owners.items() if stem.startswith(prefix)), stem)


def _imports(node, at_top=True):
    """Yield (module, whether at the top of the file) of every import that runs."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from ((alias.name, at_top) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "relative import"
            names = [f"graphrep.{a.name}" for a in child.names]
            names = names if child.module == "graphrep" else []
            yield from ((name, at_top) for name in names or [child.module])
        else:
            function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from _imports(child, at_top and not function)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_when_walked_then_only_from_rooms_above(path):
    room = _room(path.relative_to(PACKAGE).parts[0])
    for name, at_top in _imports(ast.parse(path.read_text(encoding="utf-8"))):
        top, *rest = name.split(".")
        if top == "graphrep" and rest and not room.startswith("__"):
            assert RANK[_room(rest[0])] <= RANK[room], name
        if not {"torch", "triton"} & set(path.relative_to(PACKAGE).parts):
            assert room != "kernels" or top in KERNELS_MAY, name
            assert not (at_top and top in OPTIONAL), f"{name} belongs in a function"
