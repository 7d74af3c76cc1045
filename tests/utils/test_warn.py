"""Warnings point at the line of the user, not into the library."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from graphrep import FastRP, Graph, as_graph, read
from graphrep.exceptions import GraphWarning


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_warning_when_raised_below_decorators_then_points_at_the_caller(method):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(FastRP(4, random_state=0), method)(np.zeros((3, 3)))
    told = [w for w in caught if issubclass(w.category, GraphWarning)]
    assert [w.filename for w in told] == [__file__]


@pytest.mark.parametrize(
    "ask",
    [
        lambda path: Graph.from_edges(["a", "a"], ["b", "b"]),
        lambda path: as_graph(pd.DataFrame({"source": [1, 1], "target": [2, 2]})),
        lambda path: read(path),
    ],
    ids=["edges", "table", "file"],
)
def test_edges_that_repeat_are_told_at_the_line_of_the_caller(tmp_path, ask):
    path = tmp_path / "e.tsv"
    path.write_text("a\tb\na\tb\n")
    with pytest.warns(GraphWarning, match="edges repeat") as told:
        ask(path)
    assert told[0].filename == __file__
