"""``graphrep info``: a graph file in a few figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from graphrep._utils._memory import human_bytes
from graphrep.cli._help import SectionCommand
from graphrep.cli._inputs import GraphSource, graph_input
from graphrep.cli._render import is_terminal, print_facts
from graphrep.cli._run import Run, command_options

if TYPE_CHECKING:
    from graphrep.graph import Graph

_QUANTILES = {"min": 0.0, "25%": 0.25, "median": 0.5, "75%": 0.75, "max": 1.0}


@click.command(cls=SectionCommand)
@graph_input
@command_options
def info(run: Run, source: GraphSource) -> None:
    """Describe a graph file: size, kind, components, degrees."""
    with run.progress() as progress:
        progress(f"Reading {source.name}", 0, 0)
        graph = source.read()
        progress("Counting components", 0, 0)
        found = describe(graph)
    if run.as_json:
        return run.report(n_nodes=graph.n_nodes, n_edges=graph.n_edges, result=found)
    if is_terminal():
        return print_facts(_for_people(found))
    return print_facts(_for_programs(found))


def describe(graph: Graph) -> dict[str, Any]:
    """Figures of a graph, by name."""
    import numpy as np

    degree = graph.degree(kind="both" if graph.directed else "out")
    sizes: list[int] = []
    spread: list[float] = []
    if graph.n_nodes:
        sizes = np.bincount(graph.connected_components()).tolist()
        spread = np.quantile(degree, list(_QUANTILES.values())).tolist()
    return {
        "nodes": graph.n_nodes,
        "edges": graph.n_edges,
        "directed": graph.directed,
        "weighted": graph.weighted,
        "self_loops": graph.n_loops,
        "isolated_nodes": int(np.count_nonzero(degree == 0)),
        "components": len(sizes),
        "largest_component": max(sizes, default=0),
        "mean_degree": float(degree.mean()) if graph.n_nodes else 0.0,
        "degree_quantiles": dict(zip(_QUANTILES, spread, strict=False)),
        "bytes": graph.nbytes,
        "ids": "integers" if graph.nodes.is_integer else "texts",
        "first_ids": [graph.nodes[row] for row in range(min(3, graph.n_nodes))],
    }


def _for_programs(found: dict[str, Any]) -> list[tuple[str, str]]:
    """Plain figures, one a line; those inside others get names with a dot."""
    shown = []
    for name, value in found.items():
        if isinstance(value, dict):
            shown += [(f"{name}.{part}", str(v)) for part, v in value.items()]
        elif isinstance(value, list):
            shown.append((name, ", ".join(map(str, value))))
        else:
            shown.append((name, str(value).lower()))
    return shown


def _for_people(found: dict[str, Any]) -> list[tuple[str, str]]:
    shown = []
    for name, value in found.items():
        if name == "bytes":
            name, value = "memory", human_bytes(value)
        elif name == "degree_quantiles":
            value = "  ".join(f"{q} {v:,g}" for q, v in value.items())
        elif isinstance(value, bool):
            value = "yes" if value else "no"
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        elif isinstance(value, (int, float)):
            value = f"{value:,}" if isinstance(value, int) else f"{value:,.3g}"
        shown.append((name.replace("_", " "), value))
    return shown
