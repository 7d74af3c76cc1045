"""Records as tables of other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphrep._utils._optional import require
from graphrep.exceptions import GraphValueError

_BACKENDS = ("pandas", "polars")


def frame(records: Sequence[dict[str, Any]], backend: str = "pandas") -> Any:
    """Turn flat records into a table.

    Parameters
    ----------
    records : sequence of dict
        One for each row; a key that a record lacks becomes a missing value.
    backend : {"pandas", "polars"}, default="pandas"
        Library of the table.

    Returns
    -------
    pandas.DataFrame or polars.DataFrame
    """
    if backend not in _BACKENDS:
        names = " or ".join(map(repr, _BACKENDS))
        raise GraphValueError(f"backend must be {names}; got {backend!r}.")
    library = require(backend, extra=backend, why="Making a table of results")
    if backend == "polars":
        return library.DataFrame(list(records), infer_schema_length=None)
    return library.DataFrame(list(records))


__all__ = ["frame"]
