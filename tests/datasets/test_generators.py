"""Generated graphs have the size asked for and the communities planted."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.datasets import make_dcsbm, make_sbm
from graphrep.exceptions import GraphValueError


@pytest.mark.parametrize("make", [make_sbm, make_dcsbm])
def test_generator_when_seeded_then_repeats(make) -> None:
    first, again = (make(300, 1500, random_state=3).graph for _ in range(2))
    assert first.n_edges == 1500
    assert first.n_loops == 0
    assert first.fingerprint() == again.fingerprint()
    assert first.fingerprint() != make(300, 1500, random_state=4).graph.fingerprint()


def test_sbm_when_mixing_is_set_then_edges_follow_it() -> None:
    made = make_sbm(2000, 20_000, n_communities=10, mixing=0.2, random_state=0)
    rows, columns, _ = made.graph.edges()
    inside = (made.y[rows] == made.y[columns]).mean()
    assert inside == pytest.approx(0.8 + 0.2 / 10, abs=0.02)


def test_dcsbm_when_made_then_degrees_are_unequal() -> None:
    made = make_dcsbm(2000, 20_000, random_state=0)
    even = make_sbm(2000, 20_000, random_state=0)
    assert made.graph.degree().max() > 3 * even.graph.degree().max()
    sizes = np.bincount(made.y)
    assert sizes[0] == sizes.max()


def test_generator_when_parameters_are_impossible_then_says_so() -> None:
    with pytest.raises(GraphValueError, match="between 0 and 6"):
        make_sbm(4, 7, n_communities=2)
    with pytest.raises(GraphValueError, match="mixing"):
        make_sbm(10, 7, mixing=1.5)
    with pytest.raises(GraphValueError, match="exponent"):
        make_dcsbm(10, 7, exponent=1.0)
