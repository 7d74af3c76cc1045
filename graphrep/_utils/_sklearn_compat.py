"""The one file that knows which scikit-learn is installed.

``_fit_context`` and the parameter validation are semi-private there but used by many
packages; callbacks exist from scikit-learn 1.9 on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any

from sklearn.base import _fit_context as fit_context
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils._set_output import _get_output_config

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks

    HAS_CALLBACKS = True
except ImportError:  # scikit-learn < 1.9
    HAS_CALLBACKS = False

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing: callbacks came with scikit-learn 1.9."""

    def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the method as it is."""
        return method


__all__ = [
    "HAS_CALLBACKS",
    "THREADS",
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "StrOptions",
    "callback_steps",
    "fit_context",
    "gives_pandas",
    "validate_parameter_constraints",
    "with_callbacks",
]

THREADS: dict[str, list[Any]] = {
    "n_jobs": [
        Interval(Integral, 1, None, closed="left"),
        Interval(Integral, None, -1, closed="right"),
        None,
    ]
}
"""Constraint of the parameter ``n_jobs``: any number of threads but 0."""


def gives_pandas(estimator: Any) -> bool:
    """Whether ``set_output`` or the configuration asks for pandas frames."""
    return bool(_get_output_config("transform", estimator)["dense"] == "pandas")


def callback_steps(estimator: Any, name: str, n_steps: int, X: Any) -> Iterator[int]:
    """Count ``0 … n_steps - 1``, telling the estimator's callbacks of each step."""
    if not HAS_CALLBACKS or not getattr(estimator, "_skl_callbacks", None):
        yield from range(n_steps)
        return
    root = estimator._init_callback_context(max_subtasks=n_steps)
    root.call_on_fit_task_begin(estimator=estimator, X=X, y=None)
    for step in range(n_steps):
        task = root.subcontext(task_name=name)
        task.call_on_fit_task_begin(estimator=estimator, X=X, y=None)
        yield step
        task.call_on_fit_task_end(estimator=estimator, X=X, y=None)
    root.call_on_fit_task_end(estimator=estimator, X=X, y=None)
