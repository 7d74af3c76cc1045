"""BoostedTrees: scikit-learn's boosted trees, kept and asked as flat arrays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from graphrep.kernels import _tree_ensemble
from graphrep.typing import AnyArray, FloatArray

kernels: Any = _tree_ensemble  # kernels carry no annotations
_ROWS = 1 << 14
_FIELDS = ("features", "thresholds", "missing_left", "left", "right", "values")


class BoostedTrees:
    """Log odds of two classes by gradient-boosted trees.

    Trees are grown by scikit-learn's ``HistGradientBoostingClassifier``; what is kept
    is arrays that a file can hold, and prediction is one compiled loop.

    Parameters
    ----------
    arrays : dict of str to ndarray
        What `state` gave.
    """

    def __init__(self, arrays: dict[str, AnyArray]) -> None:
        self._arrays = arrays
        self._small: tuple[AnyArray, ...] | None = None

    @classmethod
    def fit(
        cls,
        X: FloatArray,
        y: AnyArray,
        seed: int,
        **parameters: Any,
    ) -> BoostedTrees:
        """Grow trees on rows of X with labels 0 and 1."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        model = HistGradientBoostingClassifier(
            random_state=seed % (1 << 31), early_stopping=False, **parameters
        )
        nothing = np.isnan(X).all(axis=0)
        if nothing.any():  # scikit-learn has no bins for a column without a number
            X = np.where(nothing, np.float32(0.0), X)
        model.fit(X, y)
        return cls(_flatten(model))

    def move(self, shift: float) -> None:
        """Add a constant to all log odds."""
        self._arrays["baseline"] = self._arrays["baseline"] + shift

    def decision_function(self, X: FloatArray, n_jobs: int = 1) -> FloatArray:
        """Log odds of class 1: float64 (n_rows,)."""
        out = np.full(len(X), float(self._arrays["baseline"][0]))
        trees = [self._arrays[name] for name in ("roots", *_FIELDS)]
        work_on: Any = kernels.sum_of_trees
        fixed: tuple[Any, ...] = (X, *trees, out)
        small = self._laid_out() if X.dtype == np.float32 else ()
        if small:
            work_on, fixed = kernels.sum_of_small_trees, (X, *small, out)
        firsts = range(0, len(X), _ROWS)
        spans = [(first, min(first + _ROWS, len(X))) for first in firsts]
        with ThreadPoolExecutor(n_jobs) as pool:
            work = [pool.submit(work_on, *span, *fixed) for span in spans]
            for part in work:
                part.result()
        return out

    def _laid_out(self) -> tuple[AnyArray, ...]:
        """Trees in the form that many rows at a time go through, or nothing."""
        if self._small is None:
            trees = [self._arrays[name] for name in ("roots", *_FIELDS)]
            n_trees, n = len(trees[0]), len(trees[1])
            made = (
                np.empty(n_trees + 1, np.int64), np.empty(n, np.int64),
                np.empty(n, np.float32), np.empty(n, bool), np.empty(n, np.uint32),
                np.empty(n_trees, np.int64), np.empty(n),
            )  # fmt: skip
            most = kernels.lay_out(*trees, _floors(trees[2]), *made)
            self._small = made if most <= kernels.LEAVES else ()
        return self._small

    def state(self) -> dict[str, AnyArray]:
        """Arrays that the trees are made of."""
        return self._arrays


def _floors(thresholds: AnyArray) -> AnyArray:
    """Largest float32 numbers that are not above float64 ones."""
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def _flatten(model: Any) -> dict[str, AnyArray]:
    """Nodes of all trees one after another; children count from the first node."""
    trees = [group[0].nodes for group in model._predictors]
    sizes = np.array([len(nodes) for nodes in trees], np.int64)
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    nodes = np.concatenate(trees)
    shift = np.repeat(roots, sizes)
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "baseline": np.asarray(model._baseline_prediction, np.float64).reshape(-1),
        "roots": roots,
        "features": np.where(leaf, -1, nodes["feature_idx"]).astype(np.int64),
        "thresholds": nodes["num_threshold"].astype(np.float64),
        "missing_left": nodes["missing_go_to_left"].astype(bool),
        "left": nodes["left"].astype(np.int64) + shift,
        "right": nodes["right"].astype(np.int64) + shift,
        "values": nodes["value"].astype(np.float64),
    }
