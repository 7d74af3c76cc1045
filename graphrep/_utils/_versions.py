"""What is installed, and how the kernels run: for bug reports."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

from graphrep._utils._parallel import available_cpus
from graphrep._version import __version__

_PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "numba",
    "click",
    "networkx",
    "torch",
    "torch-geometric",
    "pandas",
    "polars",
    "pyarrow",
    "matplotlib",
    "gensim",
    "rich",
    "zstandard",
    "simple-icd-10-cm",
)


def versions() -> dict[str, str | int | None]:
    """Collect the versions of graphrep, Python and every package it may use.

    Returns
    -------
    dict
        Name to version, None where a package is not installed; besides
        ``platform``, ``cpus``, ``threads`` and ``threading_layer`` of the kernels.
        Only numba is imported.
    """
    found: dict[str, str | int | None] = {
        "graphrep": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    found.update((name, _version_of(name)) for name in _PACKAGES)
    found["cpus"] = available_cpus()
    found.update(_threading())
    return found


def show_versions() -> None:
    """Print the versions that a bug report needs."""
    known = versions()
    width = max(map(len, known))
    for name, value in known.items():
        shown = "not installed" if value is None else value
        sys.stdout.write(f"{name:<{width}}  {shown}\n")


def _version_of(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _threading() -> dict[str, str | int]:
    import numba

    threads: int = numba.get_num_threads()  # starts the threads, so a layer is chosen
    try:
        layer: str = numba.threading_layer()
    except ValueError:
        layer = "not started"
    return {"threads": threads, "threading_layer": layer}
