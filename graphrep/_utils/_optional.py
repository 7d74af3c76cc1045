"""Optional packages are imported where they are used, through ``require``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from graphrep.exceptions import MissingDependencyError


def require(module: str, *, extra: str, why: str) -> Any:
    """Import an optional module, or say how to install it.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    extra : str
        Name of the extra of graphrep that brings it.
    why : str
        What needs it: the subject of the error's sentence.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingDependencyError
        If the package is not installed.
    """
    package = module.split(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != package:
            raise
        raise MissingDependencyError(
            f"{why} needs {package}, which is not installed. "
            f'Install it with: pip install "graphrep[{extra}]"',
            name=package,
        ) from error


def module_of(obj: object) -> str:
    """Top-level package that defines the type of an object, without importing it."""
    return type(obj).__module__.split(".")[0]
