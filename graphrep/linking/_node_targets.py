"""Vectors of the nodes that phrases are mapped to."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Vectors
from graphrep.linking._mapper_losses import unit
from graphrep.linking._taxonomy import Taxonomy
from graphrep.typing import AnyArray, FloatArray, IntArray

TARGETS = ("graph", "names", "names+graph", "gated")
_COMPONENTS = 128


def structure_vectors(
    embedder: Any, taxonomy: Taxonomy, seed: int, n_jobs: int | None
) -> FloatArray:
    """Structural vector of each concept, centred, of length 1; zeros if isolated.

    Parameters
    ----------
    embedder : None, estimator, Vectors, or array of shape (n_concepts, n_components)
        None takes node2vec: 128 components (as many as nodes, if these are fewer),
        10 walks of 40 steps, window 10.
    taxonomy : Taxonomy
        What is embedded.
    seed : int
        Of the embedder that None stands for.
    n_jobs : int or None
        Its threads.
    """
    n = len(taxonomy.index)
    if isinstance(embedder, Vectors):
        rows = embedder.nodes.find(taxonomy.index.ids)
        found = np.zeros((n, embedder.matrix.shape[1]), np.float32)
        found[rows >= 0] = embedder.matrix[rows[rows >= 0]]
    elif embedder is None or hasattr(embedder, "fit_transform"):
        found = _embedded(embedder, taxonomy, seed, n_jobs)
    elif hasattr(embedder, "__array__") or isinstance(embedder, (list, tuple)):
        found = np.asarray(embedder, np.float32)
    else:
        raise GraphTypeError(
            f"node_embedder must be None, an embedder, Vectors or an array; got "
            f"{type(embedder).__name__}."
        )
    if found.ndim != 2 or len(found) != n or not found.shape[1]:
        raise GraphValueError(
            f"The vectors of the nodes have shape {found.shape}; the taxonomy's "
            f"{n:,} concepts need one row each."
        )
    if not np.isfinite(found).all():
        raise GraphValueError("The vectors of the nodes hold a NaN or infinite value.")
    return centred(found)


def _embedded(
    embedder: Any, taxonomy: Taxonomy, seed: int, n_jobs: int | None
) -> AnyArray:
    from sklearn.base import clone

    from graphrep.embedding import Node2Vec

    if not len(taxonomy.graph.indices):
        raise GraphValueError(
            "The taxonomy has no edges, so its nodes have no structural vectors. Use "
            "target='names', or pass vectors as node_embedder."
        )
    if embedder is None:
        model: Any = Node2Vec(
            min(_COMPONENTS, len(taxonomy.index)), walk_length=40, walks_per_node=10,
            window=10, n_jobs=n_jobs, random_state=seed,
        )  # fmt: skip
    else:
        model = clone(embedder)
    return np.asarray(model.fit_transform(taxonomy.graph), np.float32)


def name_vectors(means: FloatArray, concepts: IntArray, n: int) -> FloatArray:
    """Mean of the vectors of a concept's names, centred, of length 1.

    Parameters
    ----------
    means : (n_names, n_components), rows of zeros for names without known words
    concepts : (n_names,)
    n : int
        Number of concepts.
    """
    order = np.argsort(concepts, kind="stable")
    sorted_means = centred(means)[order].astype(np.float64)
    counts = np.bincount(concepts, minlength=n)
    starts = np.concatenate([[0], np.cumsum(counts)])
    sums = np.zeros((n, means.shape[1]))
    named = np.flatnonzero(counts)
    if len(named):
        sums[named] = np.add.reduceat(sorted_means, starts[named])
    return unit(sums)


def centred(X: AnyArray) -> FloatArray:
    """Take the mean out of unit rows and scale to length 1; zero rows stay."""
    U = unit(X)
    filled = U.any(axis=1)
    if np.count_nonzero(filled) > 2:  # of two rows nothing but their gap is left
        U[filled] -= U[filled].astype(np.float64).mean(axis=0).astype(np.float32)
    return unit(U)


class NodeTargets:
    """Target of every node: text, structure, or both.

    Parameters
    ----------
    kind : {"graph", "names", "names+graph", "gated"}
        What it is made of.
    text, structure : ndarray of float32 or None
        Rows of length 1 or 0; None where it has no part in it.
    weight : float
        Length of the structural part, that of the text being 1; where a gate starts.
    degrees : ndarray of int of shape (n_nodes,)
        Neighbours of each node.
    """

    def __init__(
        self, kind: str, text: FloatArray | None, structure: FloatArray | None,
        weight: float, degrees: IntArray,
    ) -> None:  # fmt: skip
        self.kind, self.weight = kind, weight
        self.text, self.structure = text, structure
        self.degrees = degrees
        self.lengths = np.full(len(degrees), weight, np.float32)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.degrees)

    def vectors(self) -> FloatArray:
        """Targets of all nodes: rows of length 1, or 0 where nothing is known."""
        return self.take(np.arange(self.n_nodes))

    def take(self, nodes: IntArray) -> FloatArray:
        """Targets of some nodes."""
        if self.kind == "graph" and self.structure is not None:
            return self.structure[nodes]
        if self.structure is None and self.text is not None:
            return self.text[nodes]
        assert self.text is not None
        assert self.structure is not None
        g = self.lengths[nodes][:, None]
        return unit(np.hstack([self.text[nodes], g * self.structure[nodes]]))


__all__ = ["TARGETS", "NodeTargets", "centred", "name_vectors", "structure_vectors"]
