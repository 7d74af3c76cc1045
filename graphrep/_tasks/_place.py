"""Place: where an estimator's tasks run; and clones that share its executor."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from graphrep.typing import PathType

if TYPE_CHECKING:
    from typing import Self


class Place(NamedTuple):
    """Where tasks run, and the folder that they write to.

    Attributes
    ----------
    executor : object
        See `graphrep._tasks.open_backend`.
    work_dir : path-like or None
        Folder that outlives an interruption.
    n_jobs : int or None
        Processes times threads, as planned.
    most : int or None
        Most tasks at once, where memory sets a bound.
    """

    executor: Any
    work_dir: PathType | None
    n_jobs: int | None
    most: int | None = None


class SharesExecutor:
    """Base before scikit-learn's of estimators with a parameter ``executor``.

    Executors cannot be copied, so a clone has the same one.
    """

    executor: Any

    def __sklearn_clone__(self) -> Self:
        bare = copy(self)
        bare.executor = None
        twin: Self = super(SharesExecutor, bare).__sklearn_clone__()  # type: ignore[misc]
        twin.executor = self.executor
        return twin
