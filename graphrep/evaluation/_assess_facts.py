"""What an assessment says of the graph, the embeddings and the installation."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.evaluation._embeddings import Embedding
from graphrep.evaluation._neighbourhood_scores import NeighbourhoodScore
from graphrep.graph import Graph

_PACKAGES = ("graphrep", "python", "numpy", "scipy", "scikit-learn", "numba")


def graph_facts(graph: Graph, name: str | None = None) -> dict[str, Any]:
    """Size, density and degrees of a graph; loops count for no degree.

    Examples
    --------
    >>> facts = graph_facts(Graph.from_edges(["a", "b"], ["b", "c"]))
    >>> facts["n_components"], facts["degree_max"], round(facts["density"], 3)
    (1, 2, 0.667)
    """
    simple = graph.remove_self_loops()
    degree = np.asarray(simple.degree(kind="both" if graph.directed else "out"))
    n = graph.n_nodes
    pairs = n * (n - 1) / (1 if graph.directed else 2)
    return {
        "name": name,
        "n_nodes": n,
        "n_edges": graph.n_edges,
        "directed": graph.directed,
        "weighted": graph.weighted,
        "n_loops": graph.n_edges - simple.n_edges,
        "n_isolated": int((degree == 0).sum()),
        "n_components": len(np.unique(graph.connected_components())),
        "density": simple.n_edges / pairs if pairs else None,
        "degree_min": int(degree.min()) if n else None,
        "degree_median": float(np.median(degree)) if n else None,
        "degree_mean": float(degree.mean()) if n else None,
        "degree_max": int(degree.max()) if n else None,
    }


def embedding_facts(embedding: Embedding, seconds: float | None) -> dict[str, Any]:
    """Tell what is known of an embedding besides its figures."""
    estimator = embedding.estimator
    parameters: dict[str, Any] = {}
    if isinstance(estimator, NeighbourhoodScore):
        parameters = {"kind": estimator.kind}
    elif hasattr(estimator, "get_params"):
        parameters = {k: _shown(v) for k, v in estimator.get_params(deep=False).items()}
    return {
        "name": embedding.name,
        "kind": embedding.kind,
        "baseline": embedding.baseline,
        "method": None if estimator is None else type(estimator).__name__,
        "n_components": embedding.n_components,
        "native": embedding.native,
        "parameters": parameters,
        "fit_seconds": embedding.fit_seconds,
        "assess_seconds": seconds,
    }


def _shown(value: Any) -> Any:
    """Turn a parameter into what JSON knows; arrays and objects by their kind."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (tuple, list)) and len(value) <= 20:
        return [_shown(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    return getattr(value, "__name__", type(value).__name__)


def package_versions() -> dict[str, str]:
    """Versions that figures may depend on."""
    from graphrep._utils._versions import versions

    found = versions()
    return {name: str(found[name]) for name in _PACKAGES}


__all__ = ["embedding_facts", "graph_facts", "package_versions"]
