"""The other methods by their short names, with the settings that they share."""

from __future__ import annotations

from importlib import import_module
from typing import Any

METHODS = {
    "shyre": ("_shyre", "SHyRe"),
    "marioh": ("_marioh", "MARIOH"),
    "mdl": ("_bayesian_mdl", "BayesianMDL"),
    "cover": ("_clique_cover", "CliqueCover"),
    "max_cliques": ("_maximal_cliques_estimator", "MaximalCliques"),
}
_SHARED = ("min_size", "max_cliques", "n_jobs")


def make_method(estimator: Any, no_source: bool) -> Any:
    """Estimator of the method that was asked for, None for our own.

    Settings that both have are handed on, and the seed that was drawn.
    """
    name = estimator.method
    if name == "auto":
        if not no_source:
            return None
        name = "mdl"
    module, attribute = METHODS[name]
    made = getattr(import_module(f"graphrep.hypergraph.{module}"), attribute)()
    known = made.get_params(deep=False)
    values = {key: getattr(estimator, key) for key in _SHARED if key in known}
    if "random_state" in known:
        values["random_state"] = estimator.random_seed_ % (1 << 31)
    if name == "marioh":
        values["min_size"] = max(2, estimator.min_size)
    return made.set_params(**values)
