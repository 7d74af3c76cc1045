"""Two results on the same queries, compared node by node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphrep.evaluation._statistics import (
    paired_difference,
    paired_permutation_test,
    query_weights,
)
from graphrep.exceptions import GraphTypeError, GraphValueError

if TYPE_CHECKING:
    from graphrep.evaluation._reconstruction_result import ReconstructionResult


@dataclass(frozen=True)
class Comparison:
    """Difference of two results on the same queries.

    Parameters
    ----------
    difference : float
        Mean of the first minus that of the second over the nodes both have scored.
    se, low, high : float
        Standard error and interval of the difference, paired.
    p_value : float
        Of the paired sign-flip permutation test, two-sided. It asks about nodes such
        as these, so it says something even where all nodes were evaluated.
    n : int
        Number of nodes that both have scored.
    """

    difference: float
    se: float
    low: float
    high: float
    p_value: float
    n: int


def compare_results(
    first: ReconstructionResult,
    second: ReconstructionResult,
    truth: str | None,
    metric: str,
    scores: tuple[str | None, str | None],
    interval: str,
    n_permutations: int,
    seed: int,
) -> Comparison:
    """Compare two results; see `ReconstructionResult.compare`."""
    if not isinstance(second, type(first)):
        raise GraphTypeError(
            "A ReconstructionResult is compared with another one; got "
            f"{type(second).__name__}."
        )
    same = first.graph is second.graph or first.graph == second.graph
    if not same or not np.array_equal(first.queries, second.queries):
        raise GraphValueError(
            f"The results {first.name!r} and {second.name!r} are of different queries, "
            "so their nodes cannot be paired. Evaluate both on the same graph with the "
            "same n_queries and random_state."
        )
    a = first.per_node(truth, metric, scores[0])
    b = second.per_node(truth, metric, scores[0] if scores[1] is None else scores[1])
    design = first.design
    found = paired_difference(
        a, b, *design, confidence=first.confidence, interval=interval
    )
    p_value = paired_permutation_test(
        a, b, n_permutations, seed, weights=query_weights(*design)
    )
    return Comparison(
        found.value, found.se, found.low, found.high, p_value, found.n_scored
    )
