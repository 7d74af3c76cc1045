"""Breakdowns of a reconstruction: by groups of nodes, by relation, the worst nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep.evaluation._chance import chance_level
from graphrep.evaluation._edge_ranks import relation_values
from graphrep.evaluation._statistics import degree_bins
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray, IntArray

if TYPE_CHECKING:
    from graphrep.evaluation._reconstruction_result import ReconstructionResult

_CONSTANT_CHANCE = {"auc": 0.5, "ap_adjusted": 0.0}


def neighbour_graph(graph: Graph, direction: str) -> Graph:
    """Return the graph whose rows hold the neighbours that count, without loops."""
    bare = graph.remove_self_loops()
    if direction == "both" or not graph.directed:
        return bare.symmetrize()
    return bare.reverse() if direction == "in" else bare


def core_numbers(graph: Graph) -> IntArray:
    """Return the core number of every node; direction, loops and weights count not."""
    from graphrep.kernels._core_numbers import core_numbers as peel

    simple = graph.remove_self_loops().symmetrize()
    return np.asarray(peel(simple.indptr, simple.indices))


def by_nodes(
    result: ReconstructionResult,
    group: Any,
    truth: str | None,
    metric: str,
    score: str | None,
    interval: str,
) -> list[dict[str, Any]]:
    """Means over groups of nodes; see `ReconstructionResult.by`."""
    head, (_, t, _) = _head(result, truth, metric, score)
    kind, codes, labels = _grouping(result, group)
    values = result.per_node(truth, metric, score)
    level = chance_level(metric, result.n_relevant[t], result.n_candidates[t])
    found = []
    for code, label in enumerate(labels):
        own = codes == code
        if own.any():
            inside = np.where(own, values, np.nan)
            record = _record(result, inside, level, interval)
            found.append(head | {"group": kind, "value": plain(label)} | record)
    if kind == "label":
        found.sort(key=lambda record: (-record["n"], str(record["value"])))
    return found


def by_relations(
    result: ReconstructionResult,
    relations: tuple[AnyArray, AnyArray, AnyArray] | None,
    metric: str,
    score: str | None,
    interval: str,
) -> list[dict[str, Any]]:
    """Means over the queries that have each relation; see `ReconstructionResult.by`."""
    if relations is None:
        raise GraphValueError(
            "by('relation') needs relations=(rows, columns, names) of the edges."
        )
    if result.edges is None:
        raise GraphValueError(
            "by('relation') needs the ranks of the edges. Evaluate with "
            "edge_ranks=True."
        )
    head, (s, _, _) = _head(result, "hop1", "ap", score)
    found = relation_values(
        result.edges, s, result.queries, result.graph.n_nodes, relations,
        metric=metric, direction=result.direction,
        ties=str(result.settings.get("ties", "expected")),
    )  # fmt: skip
    rows = []
    for own in found:
        level = own.chance
        if metric in _CONSTANT_CHANCE:
            level = np.full(len(level), _CONSTANT_CHANCE[metric])
        rows.append({
            **head, "metric": metric, "group": "relation", "value": plain(own.name),
            **_record(result, own.values, level, interval), "n_edges": own.n_edges,
        })  # fmt: skip
    return rows


def worst_nodes(
    result: ReconstructionResult,
    n: int,
    truth: str | None,
    metric: str,
    score: str | None,
    scorer: Any,
    names: AnyArray | None,
    n_neighbors: int,
) -> list[dict[str, Any]]:
    """Nodes with the lowest values; see `ReconstructionResult.worst`."""
    head, _ = _head(result, truth, metric, score)
    values = result.per_node(truth, metric, score)
    degree = result.degree
    badness = -values if metric == "mean_rank" else values
    order = np.lexsort((result.queries, -degree, badness))
    order = order[~np.isnan(values[order])][:n]
    node_of = result.graph.nodes
    found = []
    for at in order:
        row = int(result.queries[at])
        near = [] if scorer is None else _nearest(scorer, row, n_neighbors)
        rows = result.neighbours(row)[:n_neighbors]
        found.append({
            "embedding": head["embedding"], "score": head["score"],
            "truth": head["truth"], "node": node_of[row],
            "name": str(node_of[row] if names is None else names[row]),
            "degree": int(degree[at]), metric: float(values[at]),
            "neighbours": [node_of[int(j)] for j in rows],
            "nearest": [node_of[j] for j in near],
        })  # fmt: skip
    return found


def plain(value: Any) -> Any:
    """Turn numpy's scalars, arrays and tuples into what JSON knows, NaN into None."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, (int, str)) else str(value)


def _head(
    result: ReconstructionResult, truth: str | None, metric: str, score: str | None
) -> tuple[dict[str, Any], tuple[int, int, int]]:
    s, t, q = result.position(truth, metric, score)
    head = {
        "embedding": result.name,
        "score": result.scores[s],
        "truth": result.truths[t],
        "metric": metric,
    }
    return head, (s, t, q)


def _grouping(
    result: ReconstructionResult, group: Any
) -> tuple[str, IntArray, list[Any]]:
    """(kind, group of each query or -1, labels of the groups)."""
    if isinstance(group, str):
        if group not in {"degree", "core"}:
            raise GraphValueError(
                "Groups are 'degree', 'core', 'relation' or an array of labels; got "
                f"{group!r}."
            )
        numbers = result.degree
        if group == "core":
            numbers = core_numbers(result.graph)[result.queries]
        codes, names = degree_bins(numbers)
        return group, codes, list(names)
    labels = group.tolist() if hasattr(group, "tolist") else list(group)
    if len(labels) != result.graph.n_nodes:
        raise GraphValueError(
            f"There must be a label for each of the {result.graph.n_nodes:,} nodes; "
            f"got {len(labels):,}."
        )
    numbers_of: dict[Any, int] = {}
    found = [
        -1 if _missing(label) else numbers_of.setdefault(label, len(numbers_of))
        for label in (labels[row] for row in result.queries.tolist())
    ]
    return "label", np.array(found, np.int64), list(numbers_of)


def _missing(label: Any) -> bool:
    return label is None or label == "" or label != label


def _record(
    result: ReconstructionResult, values: AnyArray, level: AnyArray, interval: str
) -> dict[str, Any]:
    found = result.estimate(values, interval=interval)
    chance = result.estimate(np.where(np.isnan(values), np.nan, level)).value
    return {
        "mean": plain(found.value),
        "se": plain(found.se),
        "low": plain(found.low),
        "high": plain(found.high),
        "chance": plain(chance),
        "n": found.n_scored,
    }


def _nearest(scorer: Any, row: int, n: int) -> list[int]:
    """Row numbers of the highest scores, the node itself aside."""
    scores = np.array(scorer.block(np.array([row]))[0], np.float64)
    order = np.argsort(-scores, kind="stable")
    return [int(j) for j in order[: n + 1] if j != row][:n]
