"""A terminology as JSON lines, as a frame and as a graph of networkx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._atomic import atomic_path
from graphrep._utils._optional import require
from graphrep.typing import PathType

if TYPE_CHECKING:
    from graphrep.graph._terminology import Terminology


def records(terminology: Terminology) -> Iterator[dict[str, Any]]:
    """Concepts as dictionaries of the five keys that scispaCy and xMEN know."""
    ends = terminology.name_offsets.tolist()
    texts = iter(terminology.name_texts)
    definitions: Any = terminology.definitions
    if definitions is None:
        definitions = (None for _ in range(terminology.n_concepts))
    for row, (concept, definition) in enumerate(
        zip(terminology.ids.tolist(), definitions, strict=True)
    ):
        count = ends[row + 1] - ends[row]
        names = dict.fromkeys(next(texts) for _ in range(count))
        names.pop("", None)
        first = next(iter(names), str(concept))
        names.pop(first, None)
        types = terminology.types[row] if terminology.types else ()
        yield {
            "concept_id": str(concept),
            "canonical_name": first,
            "aliases": list(names),
            "types": list(types),
            "definition": definition,
        }


def to_jsonl(terminology: Terminology, path: PathType) -> None:
    """Write one JSON object a line."""
    with atomic_path(path) as part, part.open("w", encoding="utf-8") as file:
        for record in records(terminology):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def to_frame(terminology: Terminology, term: str, code: str, details: bool) -> Any:
    """Names as a pandas frame, one row a name."""
    pandas = require("pandas", extra="pandas", why="A frame of names")
    table: dict[str, Any] = {
        term: terminology.name_texts.tolist(),
        code: terminology.ids[terminology.name_concepts],
    }
    if details:
        kinds = np.array(terminology.KINDS, object)
        languages = np.array(terminology.languages, object)
        first = np.zeros(terminology.n_names, bool)
        starts = terminology.name_offsets[:-1]
        first[starts[np.diff(terminology.name_offsets) > 0]] = True
        table["kind"] = kinds[terminology.name_kinds]
        table["language"] = languages[terminology.name_languages]
        table["preferred"] = first
    return pandas.DataFrame(table)


def to_networkx(terminology: Terminology) -> Any:
    """Directed graph with an edge from child to parent."""
    networkx = require("networkx", extra="networkx", why="A graph of networkx")
    ids = terminology.ids.tolist()
    graph = networkx.DiGraph()
    for row, (concept, name) in enumerate(
        zip(ids, terminology.preferred_names, strict=True)
    ):
        more = {"types": terminology.types[row]} if terminology.types else {}
        graph.add_node(concept, name=name, **more)
    child, parent = terminology.edge_index.tolist()
    graph.add_edges_from((ids[c], ids[p]) for c, p in zip(child, parent, strict=True))
    return graph
