"""Bad and odd input of single embedders, one case a row; see bad_input_case.py.

What all embedders refuse alike is tested with the contract of estimators.
``python tests/bad_input/method_cases.py`` prints the table with the messages.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from bad_input_case import Case, markdown
from sklearn.utils._param_validation import InvalidParameterError

import graphrep
from graphrep import Graph
from graphrep.exceptions import GraphValueError, GraphWarning

RING = np.roll(np.eye(6), 1, axis=1) + np.roll(np.eye(6), -1, axis=1)
ARROWS = Graph.from_edges([0, 1, 2, 2], [1, 2, 0, 3], directed=True)
_WALKS = {"walks_per_node": 1, "walk_length": 5}
_SHORT = {
    "DeepWalk": _WALKS, "Node2Vec": _WALKS, "Node2VecPlus": _WALKS,
    "SDNE": {"n_epochs": 1},
}  # fmt: skip


def _fit(name: str, graph: Any = RING, **options: Any) -> Any:
    parameters = {**_SHORT.get(name, {}), **options}
    return getattr(graphrep, name)(4).set_params(**parameters).fit(graph)


def _refused(name: str, says: str, error: type[Exception], **options: Any) -> Case:
    given = ", ".join(f"{key}={value!r}" for key, value in options.items())
    needs = "torch" if name == "SDNE" else None
    return Case(
        f"{name}-{given}", f"{name}({given})", lambda: _fit(name, **options),
        raises=error, says=says, needs=needs,
    )  # fmt: skip


WRONG, CONTRADICTS = InvalidParameterError, GraphValueError

PARAMETERS = [
    _refused("HOPE", "is odd", CONTRADICTS, n_components=5),
    _refused("HOPE", "rooted_pagerank", CONTRADICTS, solver="spectral",
             proximity="rooted_pagerank"),
    _refused("HOPE", "beta", CONTRADICTS, beta=0.6),
    _refused("HOPE", "beta", CONTRADICTS, beta=("breadth", 2.0)),
    _refused("HOPE", "'proximity'", WRONG, proximity="simrank"),
    _refused("Node2Vec", "'p'", WRONG, p=0),
    _refused("Node2Vec", "'p'", WRONG, p=-1.0),
    _refused("Node2Vec", "'q'", WRONG, q=0.0),
    _refused("Node2Vec", "'walk_length'", WRONG, walk_length=0),
    _refused("Node2Vec", "'sample'", WRONG, sample=2.0),
    _refused("Node2Vec", "min_learning_rate", CONTRADICTS, learning_rate=1e-5),
    _refused("Node2Vec", "on the CPU", CONTRADICTS, backend="gensim", device="cuda"),
    _refused("DeepWalk", "'window'", WRONG, window=0),
    _refused("Node2VecPlus", "'mode'", WRONG, mode="fast"),
    _refused("NetMF", "'negative'", WRONG, negative=0.0),
    _refused("NetMF", "'window'", WRONG, window=0),
    _refused("GraRep", "'order'", WRONG, order=0),
    _refused("ProNE", "'mu'", WRONG, mu=-1.0),
    _refused("ProNE", "'theta'", WRONG, theta=np.nan),
    _refused("LaplacianEigenmaps", "'scaling'", WRONG, scaling="up"),
    _refused("LLE", "'solver'", WRONG, solver="magic"),
    _refused("GraphFactorization", "'zeros'", WRONG, zeros="some"),
    _refused("GraphFactorization", "'max_iter'", WRONG, max_iter=0),
    _refused("SDNE", "'alpha'", WRONG, alpha=-1.0),
    _refused("SDNE", "'activation'", WRONG, activation="step"),
]  # fmt: skip

GRAPHS = [
    Case(
        "le-directed", "LaplacianEigenmaps of a directed graph",
        lambda: _fit("LaplacianEigenmaps", ARROWS).embedding_.shape,
        warns=GraphWarning, says="does not read directions", gives="(4, 4)",
    ),
    Case(
        "hope-directed", "HOPE of a directed graph",
        lambda: _fit("HOPE", ARROWS).embedding_.shape, gives="(4, 4)",
    ),
    Case(
        "random-no-edges", "RandomVectors of nodes without edges",
        lambda: _fit("RandomVectors", np.zeros((5, 5))).embedding_.any(),
        warns=GraphWarning, says="no edges between different ones", gives="False",
    ),
    Case(
        "node2vec-sink", "Node2Vec of a directed graph with a sink",
        lambda: _fit("Node2Vec", ARROWS).embedding_.shape, gives="(4, 4)",
    ),
    Case(
        "netmf-other-graph", "NetMF: transform of another graph",
        lambda: _fit("NetMF").transform(Graph(RING, nodes=list("abcdef"))),
        raises=GraphValueError, says="other ones",
    ),
]  # fmt: skip

CASES = [*PARAMETERS, *GRAPHS]

if __name__ == "__main__":
    print(markdown(CASES))  # noqa: T201
