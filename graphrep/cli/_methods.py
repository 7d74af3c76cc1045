"""The node embedders that the command line offers: one line each, nothing imported."""

from __future__ import annotations

from typing import NamedTuple


class Method(NamedTuple):
    """An embedder as a command.

    Attributes
    ----------
    class_name : str
        Name of the class in `graphrep.embedding`.
    summary : str
        Line that lists the command.
    presets : tuple of str
        Names that ``from_preset`` of the class takes.
    tunes : bool
        Whether the class has ``tune``.
    takes_features : bool
        Whether ``fit`` takes node features.
    """

    class_name: str
    summary: str
    presets: tuple[str, ...] = ()
    tunes: bool = False
    takes_features: bool = False


METHODS = {
    "fastrp": Method(
        "FastRP",
        "FastRP: very sparse random projection; the fastest.",
        presets=("classification", "link_prediction", "taxonomy", "paper", "gds"),
        tunes=True,
        takes_features=True,
    ),
    "spectral": Method("Spectral", "Spectral: leading directions of the adjacency."),
    "prone": Method("ProNE", "ProNE: factorised edges, smoothed by a filter."),
    "node2vec": Method("Node2Vec", "node2vec: skip-gram on biased random walks."),
    "node2vec-plus": Method(
        "Node2VecPlus", "node2vec+: node2vec that minds weak edges."
    ),
    "deepwalk": Method("DeepWalk", "DeepWalk: skip-gram on uniform random walks."),
    "netmf": Method("NetMF", "NetMF: DeepWalk's matrix, factorised."),
    "grarep": Method("GraRep", "GraRep: one factorisation for each step of a walk."),
    "hope": Method("HOPE", "HOPE: Katz and other proximities; keeps directions."),
    "laplacian-eigenmaps": Method(
        "LaplacianEigenmaps", "Laplacian eigenmaps: neighbours lie close."
    ),
    "lle": Method("LLE", "LLE: every node is the mean of its neighbours."),
    "graph-factorization": Method(
        "GraphFactorization", "Graph factorisation: edge weights as dot products."
    ),
    "adjacency-svd": Method(
        "AdjacencySVD", "Truncated SVD of the adjacency; the yardstick."
    ),
    "sdne": Method("SDNE", "SDNE: a deep autoencoder of the adjacency (torch)."),
    "degree-vectors": Method("DegreeVectors", "Degrees alone; a baseline."),
    "random-vectors": Method("RandomVectors", "Random vectors; the floor."),
}

__all__ = ["METHODS", "Method"]
