"""Task: a function of our own package, its arguments, and the one file it writes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any

from graphrep._utils._atomic import atomic_path
from graphrep._utils._parallel import numba_threads
from graphrep.exceptions import GraphTypeError, GraphValueError

_PACKAGE = "graphrep"
_VERSION = "task_version"
_DIGEST_BYTES = 10


def pure_task(
    version: int,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a function as one that tasks may name.

    Parameters
    ----------
    version : int
        Version of what it computes. Raise it when the file that it writes changes:
        files of older versions are then not taken for done.

    Returns
    -------
    callable
        Decorator. The function is called as ``function(out, **inputs, **arguments)``
        and writes the file ``out``; nothing else may depend on it.
    """

    def mark(function: Callable[..., None]) -> Callable[..., None]:
        setattr(function, _VERSION, version)
        return function

    return mark


@dataclass(frozen=True)
class Task:
    """One call that writes one file.

    Attributes
    ----------
    function : str
        Import path ``"graphrep.module:function"`` of a function marked by
        `pure_task`.
    output : Path
        The file; its name carries a fingerprint of everything that decides its
        content.
    inputs : dict of str to Path
        Files that are read. Their names count, the folders they lie in do not.
    arguments : dict of str to object
        Further arguments, as JSON has them.
    hints : dict of str to object
        Arguments that change how the work is done and not what comes of it.
    """

    function: str
    output: Path
    inputs: Mapping[str, Path] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    hints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether the file is there; it is never there in part."""
        return self.output.exists()

    def to_json(self) -> str:
        """Everything that a worker needs, as text."""
        spec = {
            "function": self.function,
            "output": str(self.output.absolute()),
            "inputs": {k: str(p.absolute()) for k, p in self.inputs.items()},
            "arguments": {**self.arguments, **self.hints},
        }
        return json.dumps(spec, allow_nan=False)


def make_task(
    function: str,
    folder: Path,
    name: str,
    *,
    inputs: Mapping[str, Path] | None = None,
    suffix: str = ".npy",
    hints: Mapping[str, Any] | None = None,
    **arguments: Any,
) -> Task:
    """Make a task and the name of its file.

    Parameters
    ----------
    function : str
        Import path of the function.
    folder : Path
        Folder of the file.
    name : str
        Start of the file's name, for people.
    inputs : dict of str to Path or None, default=None
        Files that are read.
    suffix : str, default=".npy"
        End of the file's name.
    hints : dict of str to object or None, default=None
        Further arguments that leave the file's name as it is.
    **arguments
        Numbers, texts, None, and lists of them.

    Raises
    ------
    GraphTypeError
        If an argument cannot be written as JSON.
    GraphValueError
        If the function is not one of ours that is marked as a task.
    """
    files = dict(inputs or {})
    key = {
        "function": function,
        "version": getattr(_resolve(function), _VERSION),
        "inputs": {k: path.name for k, path in files.items()},
        "arguments": arguments,
    }
    try:
        text = json.dumps(key, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise GraphTypeError(
            f"The arguments of the task {name!r} must be numbers, texts and lists of "
            f"them: {error}."
        ) from error
    mark = blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
    output = folder / f"{name}-{mark}{suffix}"
    return Task(function, output, files, arguments, dict(hints or {}))


def run_task(spec: str, n_threads: int = 1) -> dict[str, Any]:
    """Run one task unless its file is there; what executors call.

    Parameters
    ----------
    spec : str
        What `Task.to_json` gave.
    n_threads : int, default=1
        Threads of the kernels while it runs.

    Returns
    -------
    dict
        ``skipped``, ``seconds`` and ``bytes`` of the file.
    """
    task = json.loads(spec)
    output = Path(task["output"])
    if output.exists():
        return {"skipped": True, "seconds": 0.0, "bytes": 0}
    start = time.perf_counter()
    function = _resolve(task["function"])
    inputs = {name: Path(path) for name, path in task["inputs"].items()}
    with numba_threads(n_threads), atomic_path(output) as part:
        function(part, **inputs, **task["arguments"])
    seconds = time.perf_counter() - start
    return {"skipped": False, "seconds": seconds, "bytes": output.stat().st_size}


def _resolve(path: str) -> Callable[..., None]:
    """Import a function by its path; only ours, and only those marked as tasks."""
    module, _, name = path.partition(":")
    if module.split(".")[0] != _PACKAGE or not name:
        raise GraphValueError(
            f"{path!r} is no task: tasks are named 'graphrep.module:function'."
        )
    function: Callable[..., None] | None = getattr(import_module(module), name, None)
    if not hasattr(function, _VERSION):
        raise GraphValueError(f"{path!r} is no task: it is not marked by pure_task.")
    assert function is not None
    return function
