"""Records: the rows that an evaluator found, to print, to keep and to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphrep.evaluation._assessment_text import table
from graphrep.evaluation._frames import frame


@dataclass(frozen=True, repr=False)
class Records:
    """What an evaluator found of one embedding.

    Parameters
    ----------
    name : str
        Name of the embedding.
    found : list of dict
        One flat record a row; missing values are None.
    columns : sequence of str or None, default=None
        Keys that are printed; None prints all.
    """

    name: str
    found: list[dict[str, Any]]
    columns: Sequence[str] | None = None

    def rows(self) -> list[dict[str, Any]]:
        """Return copies of the records, JSON values only."""
        return [dict(row) for row in self.found]

    def to_frame(self, backend: str = "pandas") -> Any:
        """Return the records as a data frame of pandas or polars."""
        return frame(self.found, backend)

    @property
    def table(self) -> str:
        """Records as aligned text."""
        return table(self.found, self.columns)

    def __str__(self) -> str:
        return self.table

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {len(self.found)} rows)"
