"""The layers hold, heavy packages stay unloaded, and everything public is described."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "graphrep"
LAYERS = [
    {"_utils", "exceptions", "typing", "_version"},
    {"kernels"},
    {"graph"},
    {"io"},
    {"datasets"},
    {"metrics", "retrieval", "model_selection", "base", "persistence"},
    {"embedding"},
    {"evaluation"},
    {"plot"},
    {"cli", "__main__", "__init__"},
]
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}
FREE = {"kernels": {"numpy", "numba", "llvmlite"}}
OPTIONAL = {"torch", "torch_geometric", "networkx", "pandas", "polars", "pyarrow"}
OPTIONAL |= {"matplotlib", "pooch", "rich", "zstandard", "safetensors", "faiss"}
FILES = sorted(PACKAGE.rglob("*.py"))


def _room(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "persistence" if room.startswith("_persist") else room


def _imports(tree):
    """(module, at the top of the file) of every import that runs."""
    guarded = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in ast.walk(node)
    }
    inside = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            deep = node.module == "graphrep"
            names = (
                [f"graphrep.{a.name}" for a in node.names] if deep else [node.module]
            )
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from ((name, id(node) not in inside) for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_when_walked_then_only_from_rooms_above(path):
    room = _room(path)
    for name, at_top in _imports(ast.parse(path.read_text(encoding="utf-8"))):
        top, _, rest = name.partition(".")
        if top == "graphrep" and room not in ("__init__", "__main__"):
            other = rest.split(".")[0]
            other = "persistence" if other.startswith("_persist") else other
            assert other == room or RANK.get(other, 99) <= RANK[room], name
            same_rank = other != room and RANK.get(other) == RANK[room]
            assert not (same_rank and room == "embedding"), name
        if room in FREE and "torch" not in path.parts and top != "graphrep":
            assert top in FREE[room] | set(sys.stdlib_module_names), name
        if at_top and "torch" not in path.parts:
            assert top not in OPTIONAL, f"{name} belongs into a function"
