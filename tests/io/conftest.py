"""Random graphs for the round trips of file formats, and small files."""
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from graphrep import Graph

PLAIN = st.characters(exclude_categories=["Cs", "Cc"])
ANY_CHARACTER = st.characters(exclude_categories=["Cs"])


@st.composite
def _graphs(
    draw: Any,
    *,
    ids: tuple[str, ...] = ("range", "integer", "text"),
    directed: tuple[bool, ...] = (False, True),
    weights: tuple[Any, ...] = (None, np.float32, np.float64),
    loops: bool = True,
    alphabet: Any = PLAIN,
    least_integer: int = -(2**63),
) -> Graph:
    n = draw(st.integers(0, 7))
    kind = draw(st.sampled_from(ids))
    nodes: Any = n
    if kind == "integer":
        number = st.integers(least_integer, 2**63 - 1)
        nodes = draw(st.lists(number, min_size=n, max_size=n, unique=True))
    elif kind == "text":
        text = st.text(alphabet, min_size=1, max_size=6)
        texts = draw(st.lists(text, min_size=n, max_size=n, unique=True))
        nodes = np.empty(n, object)
        nodes[:] = texts
    pair = st.tuples(st.integers(0, max(n - 1, 0)), st.integers(0, max(n - 1, 0)))
    pairs = draw(st.lists(pair, max_size=12 if n else 0, unique=True))
    pairs = [(a, b) for a, b in pairs if loops or a != b]
    is_directed = draw(st.sampled_from(directed))
    if not is_directed:
        pairs = sorted({(min(p), max(p)) for p in pairs})
    dtype = draw(st.sampled_from(weights))
    values = None
    if dtype is not None:
        width = np.dtype(dtype).itemsize * 8
        value = st.floats(2.0**-100, 2.0**100, width=width)
        if np.dtype(dtype).kind == "i":
            value = st.integers(1, 2**50)
        size = len(pairs)
        values = np.array(draw(st.lists(value, min_size=size, max_size=size)), dtype)
    codes = np.array(pairs, np.int64).reshape(-1, 2)
    return Graph.from_codes(
        codes[:, 0], codes[:, 1], values, nodes=nodes, directed=is_directed
    )


@pytest.fixture(scope="session")
def graphs() -> Callable[..., st.SearchStrategy[Graph]]:
    """Strategy of small graphs: empty, loops, isolated nodes, odd ids, weights."""
    return _graphs


@pytest.fixture(scope="session")
def any_character() -> st.SearchStrategy[str]:
    """Characters with control characters among them."""
    return ANY_CHARACTER


@pytest.fixture(scope="session")
def there_and_back(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Graph]:
    """Write something, read it again."""
    folder = tmp_path_factory.mktemp("round-trip")

    def go(
        thing: Any,
        write: Any,
        read: Any,
        name: str,
        write_options: Any = None,
        **options: Any,
    ) -> Any:
        path = folder / name
        write(thing, path, **(write_options or {}))
        return read(path, **options)

    return go


@pytest.fixture
def omop_folder(tmp_path):
    """Vocabulary tables of OMOP in the layout of Athena, made up."""
    folder = tmp_path
    header = "concept_id concept_name domain_id vocabulary_id concept_class_id standard_concept concept_code valid_start_date valid_end_date invalid_reason"
    rows = [
        [
            "1",
            "Disease",
            "Condition",
            "SNOMED",
            "Disorder",
            "S",
            "64572001",
            "a",
            "b",
            "",
        ],
        [
            "2",
            'So-called "flu',
            "Condition",
            "SNOMED",
            "Disorder",
            "S",
            "6142004",
            "a",
            "b",
            "",
        ],
        ["3", "Influenza", "Condition", "ICD10CM", "code", "", "J11", "a", "b", ""],
        ["4", "Aspirin", "Drug", "RxNorm", "Ingredient", "S", "1191", "a", "b", ""],
        ["5", "Old", "Condition", "SNOMED", "Disorder", "S", "9", "a", "b", "U"],
    ]
    tables = {
        "CONCEPT.csv": [header.split(), *rows],
        "CONCEPT_SYNONYM.csv": [
            ["concept_id", "concept_synonym_name", "language_concept_id"],
            ["2", "Grippe", "4182504"],
            ["2", "grip", "4180186"],
            ["77", "unknown", "4180186"],
        ],
        "CONCEPT_RELATIONSHIP.csv": [
            [
                "concept_id_1",
                "concept_id_2",
                "relationship_id",
                "valid_start_date",
                "valid_end_date",
                "invalid_reason",
            ],
            ["2", "1", "Is a", "a", "b", ""],
            ["1", "2", "Is a", "a", "b", "D"],
            ["1", "2", "Subsumes", "a", "b", ""],
            ["3", "2", "Maps to", "a", "b", ""],
            ["5", "2", "Concept replaced by", "a", "b", ""],
        ],
    }
    for name, lines in tables.items():
        (folder / name).write_text("".join("\t".join(r) + "\n" for r in lines))
    return folder


@pytest.fixture
def tiny(monkeypatch):
    """Allow limits of a few kB, so that small graphs take many parts and buckets."""
    from graphrep.io import _edge_store

    monkeypatch.setattr(_edge_store, "_LEAST", 1)
    monkeypatch.setattr(_edge_store, "_READING", 0)
    return 40_000


@pytest.fixture
def stored(tmp_path):
    """Store of a weighted graph with text ids."""
    from graphrep.io import write_graph_store

    rng = np.random.default_rng(0)
    a, b = (rng.random((2, 3000)) ** [[2], [1]] * 400).astype(int)
    names = [[f"n{i}" for i in side] for side in (a, b)]
    chunk = (*names, rng.integers(1, 9, 3000) / 4)
    return write_graph_store(iter([chunk]), tmp_path / "g.store", duplicates="max")
