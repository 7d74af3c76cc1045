"""What `assess` is given, brought into one form: embeddings, names, labels."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph
from graphrep.typing import IntArray

_COMPONENTS = 128
_LEAST_COMPONENTS = 2
_ENDS_AND_RELATION = 3
_MATRIX = 2  # dimensions
_KINDS = (np.ndarray, str, PathLike, Embedding)


@dataclass(frozen=True)
class Failure:
    """An estimator that could not be fitted.

    Parameters
    ----------
    name : str
        What it would have been called.
    error : Exception
        Why.
    """

    name: str
    error: Exception


def named_values(given: Any) -> dict[str, Any]:
    """Name everything that is to be assessed.

    Parameters
    ----------
    given : mapping of str to object, sequence of objects, or one object
        A list of estimators is named by their classes, numbered where one repeats.

    Returns
    -------
    dict
    """
    if given is None or (isinstance(given, (Mapping, list, tuple)) and not given):
        raise GraphValueError(
            "There is nothing to assess; pass a mapping of names to vectors, "
            "estimators or files."
        )
    if isinstance(given, Mapping) and _names_embeddings(given):
        return {str(name): value for name, value in given.items()}
    names: dict[str, Any] = {}
    for value in [given] if _is_one(given) else list(given):
        name = _title(value)
        names[_unused(name, names)] = value
    return names


def _is_one(given: Any) -> bool:
    """Whether this is one thing to assess, not several in a row."""
    if isinstance(given, (*_KINDS, Mapping, tuple)) or not isinstance(given, Iterable):
        return True
    marks = ("key_to_index", "get_params", "matrix", "columns")
    return any(hasattr(given, mark) for mark in marks)


def _names_embeddings(given: Mapping[Any, Any]) -> bool:
    """Whether a mapping leads from names to embeddings, not from ids to vectors."""
    for key, value in given.items():
        if not isinstance(key, str):
            return False
        flat = isinstance(value, (list, np.ndarray)) and np.ndim(value) == 1
        if flat:
            return False
    return True


def _title(value: Any) -> str:
    if isinstance(value, Embedding):
        return value.name
    if isinstance(value, (str, PathLike)):
        return str(value).rsplit("/", 1)[-1]
    if inspect.isclass(value):
        return value.__name__
    if isinstance(value, (np.ndarray, list, tuple, Mapping)):
        return "X"
    if hasattr(value, "kind") and hasattr(value, "as_embedding"):
        return str(value.kind)
    return str(getattr(value, "__name__", type(value).__name__))


def _unused(name: str, taken: Iterable[str]) -> str:
    known = set(taken)
    if name not in known:
        return name
    number = 2
    while f"{name} {number}" in known:
        number += 1
    return f"{name} {number}"


def default_components(n_nodes: int) -> int:
    """Dimension where nobody gave one: 128, on small graphs half the nodes or less.

    Examples
    --------
    >>> [default_components(n) for n in (3, 34, 77, 10_000)]
    [2, 16, 32, 128]
    """
    size = _COMPONENTS
    while size > _LEAST_COMPONENTS and size > n_nodes // 2:
        size //= 2
    return size


def is_estimator(value: Any) -> bool:
    """Whether a value has to be fitted, or was."""
    return hasattr(value, "fit") and hasattr(value, "get_params")


def read_given(
    graph: Graph,
    given: Mapping[str, Any],
    *,
    n_components: int | None,
    random_state: int,
    tell: Callable[[str], None],
) -> list[Embedding | Failure]:
    """Read vectors and files first, so that what is wrong with them is said at once.

    Estimators are fitted after that; one that fails is given back as a `Failure`.
    """
    found: dict[str, Embedding | Failure] = {}
    for name, value in given.items():
        if not (is_estimator(value) or inspect.isclass(value)):
            tell(f"Reading {name}")
            found[name] = read_embedding(graph, value, name)
    for name, value in given.items():
        if name in found:
            continue
        tell(f"Fitting {name}")
        try:
            made = _instance(value, graph, n_components)
            found[name] = read_embedding(graph, made, name, random_state=random_state)
        except Exception as error:  # one method must not cost the others their figures
            found[name] = Failure(name, error)
    return [found[name] for name in given]


def _instance(value: Any, graph: Graph, n_components: int | None) -> Any:
    """Make an estimator of a class; one that is there already is taken as it is."""
    if not inspect.isclass(value):
        return value
    make: Any = value
    if "n_components" not in inspect.signature(make).parameters:
        return make()
    size = n_components or default_components(graph.n_nodes)
    return make(n_components=size)


def read_baselines(
    graph: Graph,
    wanted: bool | Sequence[str],
    embeddings: Sequence[Embedding],
    *,
    n_components: int | None,
    random_state: int,
) -> list[Embedding]:
    """Make the baselines that were asked for, under names that are still free."""
    from graphrep.evaluation._neighbourhood_scores import baseline_embeddings

    if wanted is False or wanted == ():
        return []
    sizes = [e.n_components for e in embeddings if e.n_components]
    size = n_components or max(sizes, default=default_components(graph.n_nodes))
    made = baseline_embeddings(graph, size, random_state)
    if not isinstance(wanted, bool):
        unknown = [name for name in wanted if name not in made]
        if unknown:
            raise GraphValueError(
                f"There is no baseline {unknown[0]!r}; there are "
                f"{', '.join(map(repr, made))}."
            )
        made = {name: made[name] for name in wanted}
    taken = {embedding.name for embedding in embeddings}
    return [
        replace(value, name=f"{name} (baseline)" if name in taken else name)
        for name, value in made.items()
    ]


def by_row(graph: Graph, given: Any, what: str) -> list[Any] | None:
    """Bring something about nodes into row order; None where a node has nothing.

    Parameters
    ----------
    graph : Graph
    given : mapping from node id, or sequence in row order, or 0/1 matrix, or None
        Ids of a mapping that are text stand for the integer ids that they spell.
    what : str
        What it is, for messages.
    """
    if given is None:
        return None
    ids = graph.node_ids.tolist()
    if isinstance(given, Mapping):
        found = [given.get(node, given.get(str(node))) for node in ids]
        if all(value is None for value in found):
            raise GraphValueError(
                f"None of the {len(given):,} {what} belongs to a node of the graph; "
                f"node ids look like {ids[0]!r}, those given like "
                f"{next(iter(given), None)!r}."
            )
        return found
    if isinstance(given, str) or not isinstance(given, (Iterable, np.ndarray)):
        raise GraphTypeError(
            f"{what} must be a mapping from node ids or a sequence in row order; got "
            f"{type(given).__name__}."
        )
    values: list[Any] = list(given)
    if (
        isinstance(given, np.ndarray) and given.ndim == _MATRIX
    ):  # of 0 and 1: the classes of each node
        values = [np.flatnonzero(row).tolist() or None for row in values]
    if len(values) != graph.n_nodes:
        raise GraphValueError(
            f"There must be {what} for each of the {graph.n_nodes:,} nodes; got "
            f"{len(values):,}. Pass a mapping from node ids where some have none."
        )
    return [None if _is_absent(value) else value for value in values]


def _is_absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def relation_rows(
    graph: Graph, given: Any
) -> tuple[IntArray, list[str], IntArray] | None:
    """Bring relations into row numbers; statements about other nodes are left out.

    Parameters
    ----------
    graph : Graph
    given : KnowledgeGraph, or (heads, relations, tails) of equal length, or None
        Ends are node ids.
    """
    if given is None:
        return None
    if hasattr(given, "relations") and hasattr(given, "entities"):
        entities, kinds = given.entities.ids, given.relations.ids
        given = entities[given.head], kinds[given.relation], entities[given.tail]
    if not isinstance(given, (tuple, list)) or len(given) != _ENDS_AND_RELATION:
        raise GraphTypeError(
            "relations must be KnowledgeGraph or (heads, relations, tails); got "
            f"{type(given).__name__}."
        )
    heads, kinds, tails = (np.asarray(part) for part in given)
    if not len(heads) == len(kinds) == len(tails):
        raise GraphValueError(
            "heads, relations and tails must be of one length; got "
            f"{len(heads):,}, {len(kinds):,} and {len(tails):,}."
        )
    rows = {node: row for row, node in enumerate(graph.node_ids.tolist())}
    ends = [
        np.array([rows.get(node, -1) for node in side.tolist()], np.int64)
        for side in (heads, tails)
    ]
    known = (ends[0] >= 0) & (ends[1] >= 0)
    if not known.any():
        raise GraphValueError(
            f"None of the {len(heads):,} relations joins two nodes of the graph; "
            "their ends must be node ids."
        )
    return ends[0][known], [str(kind) for kind in kinds[known]], ends[1][known]


def semantic_evaluator(
    given: Any, scores: Sequence[Any], random_state: int, n_jobs: int | None
) -> Any:
    """Make the evaluator of word tests, or take the one that is given.

    Parameters
    ----------
    given : SemanticEvaluator, True, folder, name, or sequence or mapping of tests
        True takes the evaluator's own choice of tests. A folder holds similarity
        tests as ``.tsv`` files, or folders "similarity" and "analogy" of them.
    scores, random_state, n_jobs
        As for `assess`.
    """
    from graphrep.evaluation._semantic import SemanticEvaluator

    if given is None or given is False or isinstance(given, SemanticEvaluator):
        return given or None
    known: dict[str, Any] = {
        "score": tuple(scores), "random_state": random_state, "n_jobs": n_jobs,
    }  # fmt: skip
    if given is True:
        return SemanticEvaluator(**known).with_tests_read()
    if isinstance(given, (str, PathLike)) and Path(given).is_dir():
        folder = Path(given)
        parts = [folder / "similarity", folder / "analogy"]
        if not parts[0].is_dir():
            parts = [folder, folder / "analogy"]
        tests, analogies = (
            {path.name.partition(".")[0]: path for path in sorted(part.glob("*.tsv*"))}
            for part in parts
        )
        if not tests and not analogies:
            raise GraphValueError(
                f"The folder {str(folder)!r} holds no word tests: files .tsv, or "
                "folders similarity and analogy of these."
            )
        return SemanticEvaluator(tests, analogies, **known).with_tests_read()
    return SemanticEvaluator(given, **known).with_tests_read()


__all__ = [
    "Failure",
    "by_row",
    "default_components",
    "is_estimator",
    "named_values",
    "read_baselines",
    "read_given",
    "relation_rows",
    "semantic_evaluator",
]
