"""Bad and odd input of estimators, one case a row, beside those of graphs in cases.py.

``python tests/bad_input/estimator_cases.py`` prints the table with the messages.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from bad_input_case import Case, markdown
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

from graphrep import FastRP, Graph
from graphrep.exceptions import (
    DeviceError,
    GraphTypeError,
    GraphValueError,
    GraphWarning,
)

RING = np.roll(np.eye(6), 1, axis=1) + np.roll(np.eye(6), -1, axis=1)


def _fit(matrix: Any = RING, **options: Any) -> FastRP:
    return FastRP(4, random_state=0).set_params(**options).fit(matrix)


def _with(value: float) -> Any:
    matrix = RING.copy()
    matrix[1, 2] = value
    return matrix


def _table(columns: list[str], rows: list[list[str]]) -> Any:
    import pandas as pd

    return pd.DataFrame(rows, columns=columns)


def _damaged(kind: str, index: int) -> Any:
    matrix = sparse.csr_array(RING).asformat(kind)
    if kind == "coo":
        matrix.row[1] = index
    else:
        matrix.indices[1] = index
    return matrix


def _finite(model: FastRP) -> bool:
    return bool(np.isfinite(model.embedding_).all())


def _after_a_failure() -> Any:
    model = _fit()
    with contextlib.suppress(ValueError):
        model.fit(_with(np.nan))
    return model.transform(RING)


FITTING = [
    Case(
        "fit-no-nodes", "fit to a graph without nodes",
        lambda: _fit(Graph(np.zeros((0, 0)))),
        raises=GraphValueError, says="0 node(s)",
    ),
    Case(
        "fit-empty-matrix", "fit to an empty matrix", lambda: _fit(np.zeros((0, 0))),
        raises=ValueError, says="0 sample(s)",
    ),
    Case(
        "fit-not-square", "fit to a matrix that is not square",
        lambda: _fit(np.ones((3, 4))),
        raises=GraphValueError, says="got (3, 4)",
    ),
    Case(
        "fit-list-of-edges", "fit to a list of edges",
        lambda: _fit([("a", "b"), ("b", "c")]),
        raises=GraphTypeError, says="starts with ('a', 'b'), which looks like an edge",
    ),
    Case("fit-rows-as-tuples", "fit to an adjacency whose rows are tuples",
        lambda: _fit([(0.0, 1.0, 1.0), (1.0, 0.0, 0.0), (1.0, 0.0, 0.0)]),
        warns=GraphWarning, says="exceeds the 3 nodes",
    ),
    Case(
        "fit-empty-list", "fit to an empty list", lambda: _fit([]),
        raises=GraphValueError, says="an empty list, which holds no graph",
    ),
    Case(
        "fit-other-columns", "fit to a table of edges with columns of other names",
        lambda: _fit(_table(["from", "to"], [["a", "b"], ["b", "c"], ["c", "d"]])),
        raises=GraphTypeError, says="as_graph(table, source='from', target='to')",
        needs="pandas",
    ),
    Case(
        "fit-square-table-of-edges", "the same with as many rows as columns",
        lambda: _fit(_table(["from", "to"], [["a", "b"], ["b", "c"]])),
        raises=GraphTypeError, says="as_graph(table, source='from', target='to')",
        needs="pandas",
    ),
    Case(
        "fit-nan", "fit to a matrix with NaN", lambda: _fit(_with(np.nan)),
        raises=ValueError, says="NaN",
    ),
    Case(
        "fit-infinite", "fit to a matrix with infinity", lambda: _fit(_with(np.inf)),
        raises=ValueError, says="infinity",
    ),
    Case(
        "fit-negative", "fit to a matrix with a negative weight",
        lambda: _fit(_with(-1.0)),
        raises=ValueError, says="Negative values in data",
    ),
    Case(
        "fit-complex", "fit to a complex matrix", lambda: _fit(RING * 1j),
        raises=ValueError, says="Complex data",
    ),
    Case(
        "fit-masked", "fit to a masked array",
        lambda: _fit(np.ma.masked_equal(RING, 0)),
        raises=GraphTypeError, says="filled(0)",
    ),
    Case(
        "fit-none", "fit to None", lambda: _fit(None),
        raises=GraphTypeError, says="NoneType",
    ),
    Case(
        "fit-sum-overflow", "weights that sum to infinity", lambda: _fit(RING * 1e308),
        raises=GraphValueError, says="row 0 sum to infinity",
    ),
    Case(
        "fit-csr-damaged", "a CSR matrix with a column outside",
        lambda: _fit(_damaged("csr", 99)),
        raises=GraphValueError, says="Column index 99",
    ),
    Case(
        "fit-csc-damaged", "a CSC matrix with a row outside",
        lambda: _fit(_damaged("csc", 10**8)),
        raises=GraphValueError, says="100000000",
    ),
    Case(
        "fit-coo-damaged", "a COO matrix with a row outside",
        lambda: _fit(_damaged("coo", 10**8)),
        raises=GraphValueError, says="100000000",
    ),
    Case(
        "fit-no-edges", "fit to nodes without edges",
        lambda: _fit(np.zeros((3, 3))).embedding_.any(),
        warns=GraphWarning, says="no edges", gives="False",
    ),
    Case(
        "fit-more-dimensions", "more dimensions than nodes",
        lambda: _fit(n_components=7).embedding_.shape,
        warns=GraphWarning, says="exceeds the 6 nodes", gives="(6, 7)",
    ),
    Case(
        "fit-no-threads", "n_jobs=0", lambda: _fit(n_jobs=0),
        raises=InvalidParameterError, says="'n_jobs' parameter",
    ),
    Case(
        "fit-huge-ratio", "weights from 1e-300 to 1e300",
        lambda: _finite(_fit(RING * np.logspace(-300, 300, 6), beta=-1.0)),
        gives="True",
    ),
]  # fmt: skip

PARAMETERS = [
    Case(
        f"parameter-{name}-{value}", f"{name}={value!r}",
        lambda name=name, value=value: _fit(**{name: value}),
        raises=error, says=says,
    )
    for name, value, error, says in [
        ("n_components", 0, InvalidParameterError, "'n_components'"),
        ("n_components", -3, InvalidParameterError, "'n_components'"),
        ("n_components", 2.5, InvalidParameterError, "'n_components'"),
        ("weights", [], GraphValueError, "all zero"),
        ("weights", [0, 0], GraphValueError, "all zero"),
        ("weights", ["a"], GraphValueError, "finite numbers"),
        ("weights", [np.inf], GraphValueError, "finite numbers"),
        ("weights", 2, InvalidParameterError, "'weights'"),
        ("beta", np.nan, InvalidParameterError, "'beta'"),
        ("projection", 0.5, InvalidParameterError, "'projection'"),
        ("direction", "up", InvalidParameterError, "'direction'"),
        ("dtype", "int8", InvalidParameterError, "'dtype'"),
        ("random_state", -1, InvalidParameterError, "'random_state'"),
        ("random_state", "x", InvalidParameterError, "'random_state'"),
        ("device", "warp", DeviceError, "device='warp'"),
    ]
]  # fmt: skip

TRANSFORMING = [
    Case(
        "transform-unfitted", "transform before fit",
        lambda: FastRP().transform(RING),
        raises=NotFittedError, says="not fitted",
    ),
    Case(
        "transform-after-failure", "transform after a fit that failed",
        _after_a_failure, raises=NotFittedError, says="not fitted",
    ),
    Case(
        "transform-unseen-columns", "rows with columns that were not fitted",
        lambda: _fit().transform(np.ones((2, 9))),
        raises=ValueError, says="X has 9 features, but FastRP is expecting 6 features",
    ),
    Case(
        "transform-other-graph", "a graph of other nodes",
        lambda: _fit().transform(Graph(RING, nodes=list("abcdef"))),
        raises=GraphValueError, says="other ones",
    ),
    Case(
        "transform-negative", "rows with a negative weight",
        lambda: _fit().transform(-RING),
        raises=ValueError, says="Negative values in data",
    ),
    Case(
        "transform-csc-damaged", "rows in a CSC matrix with a row outside",
        lambda: _fit().transform(_damaged("csc", 10**8)),
        raises=GraphValueError, says="100000000",
    ),
    Case(
        "transform-no-edges", "new nodes without edges",
        lambda: _fit().transform(np.zeros((2, 6))).any(), gives="False",
    ),
]  # fmt: skip

CASES = [*FITTING, *PARAMETERS, *TRANSFORMING]

if __name__ == "__main__":
    print(markdown(CASES))  # noqa: T201
