"""What the parameters of FastRP may be, and whether they fit together."""

from __future__ import annotations

from numbers import Integral, Real
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._sklearn_compat import THREADS, HasMethods, Interval, StrOptions
from graphrep.exceptions import GraphValueError
from graphrep.typing import FloatArray

if TYPE_CHECKING:
    from graphrep.embedding._fastrp import FastRP

CONSTRAINTS: dict[str, list[Any]] = {
    "n_components": [Interval(Integral, 1, None, closed="left")],
    "weights": ["array-like"],
    "beta": [Interval(Real, None, None, closed="neither")],
    "projection": [
        StrOptions({"very_sparse", "achlioptas"}),
        Interval(Real, 1, None, closed="left"),
    ],
    "power_norm": [StrOptions({"l2"}), None],
    "output_norm": [StrOptions({"zscore", "l2"}), None],
    "degree": [StrOptions({"weighted", "count"})],
    "direction": [StrOptions({"out", "in", "both", "concat"})],
    "combine": [StrOptions({"sum", "concat"})],
    "self_influence": [Interval(Real, None, None, closed="neither")],
    "isolated": [StrOptions({"zero", "self"})],
    "self_loops": [StrOptions({"keep", "drop"})],
    "feature_ratio": [Interval(Real, 0, 1, closed="right")],
    "layer_dtype": [StrOptions({"bfloat16", "int8"}), None],
    "dtype": [StrOptions({"float16", "float32", "float64"}), None],
    "keep_layers": ["boolean"],
    "device": [str],
    **THREADS,
    "random_state": ["random_state", np.random.Generator],
    "verbose": ["verbose"],
    "memory_limit": [Interval(Integral, 1, None, closed="left"), str, None],
    "work_dir": [str, PathLike, None],
    "executor": [str, HasMethods(["submit"]), None],
    "task_timeout": [Interval(Real, 0, None, closed="neither"), None],
}


def check_weights(estimator: FastRP) -> FloatArray:
    """Check what no single constraint tells; weights without trailing zeros."""
    try:
        weights = np.asarray(estimator.weights, np.float64)
    except (TypeError, ValueError):
        weights = np.array(np.nan)
    if weights.ndim != 1 or not np.all(np.isfinite(weights)):
        raise GraphValueError(
            f"weights must be a list of finite numbers; got {estimator.weights!r}."
        )
    if not np.any(weights) and not estimator.self_influence:
        raise GraphValueError(
            f"weights {estimator.weights!r} are all zero and so is self_influence: the "
            "embedding would be zero. Give some power a weight."
        )
    if estimator.direction == "concat" and estimator.n_components % 2:
        raise GraphValueError(
            "direction='concat' needs an even n_components, one half for each "
            f"direction; got {estimator.n_components}."
        )
    return np.trim_zeros(weights, "b")
