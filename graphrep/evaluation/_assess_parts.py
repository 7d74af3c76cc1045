"""The parts of an assessment: each takes one embedding and gives records."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from graphrep.evaluation._assess_inputs import is_estimator
from graphrep.evaluation._embeddings import Embedding
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import IntArray

Record = dict[str, Any]
Found = Mapping[str, list[Record]]
_ON_MAP = 3000
_MAP_DIGITS = 5
_MAX_LABELS = 50
_CURVE_UP_TO = 50_000  # nodes: some ten seconds for an embedding
_EGO_METRICS = ("ap", "ap_adjusted", "auc", "p@10")
_OF_EMBEDDING = ("vectors", "estimator")


@dataclass(frozen=True)
class Task:
    """What all parts share: the graph, what is known of its nodes, and settings.

    Parameters
    ----------
    graph : Graph
    scores : tuple
        Names of scores, or callables.
    hops : tuple of int
    random_state : int
    n_jobs : int or None
    device : str
    names, labels : list or None
        In row order, None for a node that has none.
    relations : object or None
        Edges with their relations.
    semantic : object or None
        Word tests.
    """

    graph: Graph
    scores: tuple[Any, ...]
    hops: tuple[int, ...]
    random_state: int = 0
    n_jobs: int | None = None
    device: str = "cpu"
    names: list[Any] | None = None
    labels: list[Any] | None = None
    relations: Any = None
    semantic: Any = None

    def name_of(self, row: int) -> str:
        """Say what people call a node."""
        name = None if self.names is None else self.names[row]
        return str(self.graph.nodes[row] if name is None else name)


class Part(NamedTuple):
    """One part of an assessment.

    Attributes
    ----------
    run : callable
        Takes a `Task` and an `Embedding`; returns records by their place in the
        result, or the reason in one sentence why there are none.
    level : str
        The smallest selection that has it: "quick", "standard" or "full".
    needs : tuple of str
        What must be there: "vectors", "estimator", or the name of an argument of
        `assess`.
    baselines : bool
        Whether baselines are put through it too.
    """

    run: Callable[[Task, Embedding], Found | str]
    level: str
    needs: tuple[str, ...] = ()
    baselines: bool = True


def _edge_curve(task: Task, embedding: Embedding) -> Found | str:
    from graphrep.evaluation._edge_curve import EdgeCurveEvaluator

    if task.graph.n_nodes > _CURVE_UP_TO:
        return (
            f"Ranking all pairs of {task.graph.n_nodes:,} nodes takes minutes; "
            "EdgeCurveEvaluator does it where that is worth it."
        )
    evaluator = EdgeCurveEvaluator(scores=task.scores, n_jobs=task.n_jobs)
    return {"edge_curve": _rows(evaluator, task, embedding)}


def _map(task: Task, embedding: Embedding) -> Found:
    """Lay the vectors of the drawn nodes out by their main axes."""
    from graphrep.plot import embedding_map

    assert embedding.source is not None  # part needs vectors
    rows = map_rows(task.graph.n_nodes, task.random_state)
    xy = embedding_map(embedding.source[rows], random_state=task.random_state).xy
    labels = task.labels
    degree = task.graph.degree()
    record = {
        "embedding": embedding.name,
        "x": [float(f"{x:.{_MAP_DIGITS}g}") for x in xy[:, 0]],
        "y": [float(f"{y:.{_MAP_DIGITS}g}") for y in xy[:, 1]],
        "node": [task.graph.nodes[int(row)] for row in rows],
        "name": [task.name_of(int(row)) for row in rows],
        "degree": [int(degree[row]) for row in rows],
        "label": None if labels is None else [_one(labels[int(r)]) for r in rows],
    }
    return {"map": [record]}


def _one(label: Any) -> Any:
    """Label of a point; several become one text."""
    several = isinstance(label, (list, tuple, set, frozenset))
    return ", ".join(sorted(map(str, label))) if several else label


def map_rows(n_nodes: int, random_state: int) -> IntArray:
    """Rows of the nodes that are drawn: all, or so many at random."""
    if n_nodes <= _ON_MAP:
        return np.arange(n_nodes)
    drawn = np.random.default_rng(random_state).choice(n_nodes, _ON_MAP, replace=False)
    return np.sort(drawn)


def _rows(evaluator: Any, task: Task, embedding: Embedding) -> list[Record]:
    """Return the records of any evaluator that takes one embedding."""
    result = evaluator.evaluate(task.graph, embedding, name=embedding.name)
    return list(result.rows())


def _semantic(task: Task, embedding: Embedding) -> Found:
    names = None
    if task.names is not None:
        named = zip(task.graph.node_ids.tolist(), task.names, strict=True)
        names = {node: name for node, name in named if name is not None}
    found = task.semantic.evaluate(
        task.graph, embedding, name=embedding.name, names=names
    )
    return {f"semantic.{key}": rows for key, rows in found.to_dict().items()}


def _relations(task: Task, embedding: Embedding) -> Found:
    from graphrep.evaluation._relation_consistency import relation_consistency

    found = relation_consistency(
        embedding.source, *task.relations, random_state=task.random_state
    )
    rows = [{"embedding": embedding.name, **row} for row in found]
    return {"semantic.relations": rows}


def _geometry(task: Task, embedding: Embedding) -> Found:
    from graphrep.evaluation._geometry import GeometryEvaluator

    found = _made(GeometryEvaluator, task).evaluate(
        task.graph, embedding, name=embedding.name, names=task.names
    )
    return {"geometry": found.rows(), "hubs": list(found.hubs)}


def _plain(place: str, home: str) -> Callable[[Task, Embedding], Found]:
    """Make the part of an evaluator that takes a graph and an embedding."""

    def run(task: Task, embedding: Embedding) -> Found:
        kind = getattr(import_module("graphrep.evaluation"), home)
        return {place: _rows(_made(kind, task), task, embedding)}

    return run


def _made(kind: Any, task: Task) -> Any:
    """Make an evaluator with those of the shared settings that it has."""
    known = inspect.signature(kind).parameters
    shared = {
        "random_state": task.random_state, "n_jobs": task.n_jobs,
        "device": task.device,
    }  # fmt: skip
    return kind(**{key: value for key, value in shared.items() if key in known})


def _link_prediction(task: Task, embedding: Embedding) -> Found:
    from graphrep.evaluation._link_prediction import LinkPredictionEvaluator

    evaluator = LinkPredictionEvaluator(
        scores=task.scores, baselines=(), random_state=task.random_state,
        n_jobs=task.n_jobs,
    )  # fmt: skip
    return {"link_prediction": _rows(evaluator, task, embedding)}


def _inversion(task: Task, embedding: Embedding) -> Found:
    from graphrep.evaluation._inversion import InversionEvaluator

    evaluator = InversionEvaluator(
        task.scores, random_state=task.random_state, n_jobs=task.n_jobs
    )
    groups = None if task.labels is None else common_labels(task.labels)
    found = evaluator.evaluate(
        task.graph, embedding, communities=groups, name=embedding.name
    )
    return {"inversion": found.rows()}


def _divergence(task: Task, embedding: Embedding) -> Found:
    from graphrep.evaluation._divergence import DivergenceEvaluator

    groups = None if task.labels is None else common_labels(task.labels)
    found = _made(DivergenceEvaluator, task).evaluate(
        task.graph, embedding, communities=groups, name=embedding.name
    )
    return {"divergence": found.rows()}


def _node_classification(task: Task, embedding: Embedding) -> Found:
    from graphrep.evaluation._node_classification import NodeClassificationEvaluator

    found = _made(NodeClassificationEvaluator, task).evaluate(
        task.graph, embedding, task.labels, name=embedding.name
    )
    return {"node_classification": found.rows()}


def common_labels(labels: Sequence[Any]) -> list[Any]:
    """Labels as text, the rarest of very many left out; several make no group."""
    single = [
        None if value is None or isinstance(value, (list, tuple, set)) else str(value)
        for value in labels
    ]
    counts = Counter(value for value in single if value)
    kept = {value for value, _ in counts.most_common(_MAX_LABELS)}
    return [value if value in kept else None for value in single]


def _ego(task: Task, embedding: Embedding) -> Found:
    from graphrep.evaluation._ego import EgoReconstruction

    evaluator = EgoReconstruction(
        hops=task.hops, scores=task.scores, random_state=task.random_state,
        n_jobs=task.n_jobs,
    )  # fmt: skip
    rows = _rows(evaluator, task, embedding)
    return {"ego": [row for row in rows if row["metric"] in _EGO_METRICS]}


PARTS: dict[str, Part] = {
    "edge_curve": Part(_edge_curve, "quick"),
    "geometry": Part(_geometry, "quick", ("vectors",)),
    "semantic": Part(_semantic, "standard", ("semantic",)),
    "relations": Part(_relations, "standard", ("relations", "vectors")),
    "distance_fidelity": Part(
        _plain("distance_fidelity", "DistanceFidelityEvaluator"),
        "standard", ("vectors",),
    ),
    "probes": Part(
        _plain("probes", "ProbeEvaluator"), "standard", ("vectors",)
    ),
    "inversion": Part(_inversion, "standard"),
    "link_prediction": Part(_link_prediction, "full", ("estimator",)),
    "node_classification": Part(
        _node_classification, "standard", ("labels", "vectors")
    ),
    "divergence": Part(_divergence, "full", ("vectors",)),
    "stability": Part(
        _plain("stability", "StabilityEvaluator"),
        "full", ("estimator", "vectors"), baselines=False,
    ),
    "ego": Part(_ego, "full", ("estimator",), baselines=False),
    "map": Part(_map, "quick", ("vectors",), baselines=False),
}  # fmt: skip
LEVELS = ("quick", "standard", "full")
RECONSTRUCTION = "reconstruction"


def chosen_parts(wanted: str | Sequence[str], task: Task) -> list[str]:
    """Names of the parts to run, in their order.

    Parameters
    ----------
    wanted : {"quick", "standard", "full"}, or sequence of names of parts
        A selection leaves out what its arguments are not given for; a part that is
        named must have what it needs.
    """
    if isinstance(wanted, str) and wanted in LEVELS:
        rank = LEVELS.index(wanted)
        return [RECONSTRUCTION] + [
            name
            for name, part in PARTS.items()
            if LEVELS.index(part.level) <= rank and _is_given(part, task)
        ]
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    for name in names:
        if name != RECONSTRUCTION and name not in PARTS:
            raise GraphValueError(
                f"There is no part {name!r}; parts are {RECONSTRUCTION!r}, "
                f"{', '.join(map(repr, PARTS))}, selections of them "
                f"{', '.join(map(repr, LEVELS))}."
            )
        if name != RECONSTRUCTION and not _is_given(PARTS[name], task):
            absent = ", ".join(f"{key}=" for key in _absent(PARTS[name], task))
            raise GraphValueError(f"The part {name!r} needs {absent}; pass it too.")
    return [name for name in (RECONSTRUCTION, *PARTS) if name in names]


def _is_given(part: Part, task: Task) -> bool:
    return not _absent(part, task)


def _absent(part: Part, task: Task) -> list[str]:
    wanted = [key for key in part.needs if key not in _OF_EMBEDDING]
    return [key for key in wanted if getattr(task, key) is None]


def applies(part: Part, embedding: Embedding) -> bool:
    """Whether an embedding is put through a part."""
    if embedding.baseline and not part.baselines:
        return False
    if "vectors" in part.needs and embedding.source is None:
        return False
    return "estimator" not in part.needs or is_estimator(embedding.estimator)


__all__ = [
    "LEVELS",
    "PARTS",
    "RECONSTRUCTION",
    "Part",
    "Task",
    "applies",
    "chosen_parts",
]
