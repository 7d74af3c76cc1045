"""The record of an assessment, asked in the ways that the report needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphrep.plot._palette import colours

Row = dict[str, Any]
_GREYS = ("#7a7a7a", "#9a9a9a", "#8a8578", "#78858a", "#8a788a", "#6d7a6d")


class Record:
    """What `graphrep.evaluation.assess` returns as a dictionary, with defaults.

    Parameters
    ----------
    data : mapping
        See `Assessment.to_dict`; parts may be missing.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.embeddings: list[Row] = list(data.get("embeddings") or [])
        self.names = [str(row.get("name")) for row in self.embeddings]
        self.quiet = {
            str(row.get("name")): bool(row.get("baseline")) for row in self.embeddings
        }
        own = [name for name in self.names if not self.quiet[name]]
        others = [name for name in self.names if self.quiet[name]]
        self.colour = dict(zip(own, colours(len(own)), strict=True))
        self.colour |= {name: _GREYS[i % len(_GREYS)] for i, name in enumerate(others)}
        self.ordered = own + others
        part: Mapping[str, Any] = data.get("reconstruction") or {}
        self.reconstruction = part
        self.scores: list[str] = list(part.get("scores") or [])
        self.truths: list[str] = list(part.get("truths") or [])
        self._values = {
            (r["embedding"], r["score"], r["truth"], r["metric"]): r
            for r in part.get("rows") or []
        }

    def rows(self, place: str) -> list[Row]:
        """Rows of a part, such as ``"geometry"`` or ``"semantic.similarity"``."""
        found: Any = self.data
        for key in place.split("."):
            found = (found or {}).get(key)
        return list(found or [])

    def value(self, name: str, score: str, truth: str, metric: str) -> Row | None:
        """Row of one mean of the reconstruction, None if there is none.

        What has no vectors has its own score only: it answers for every score.
        """
        found = self._values.get((name, score, truth, metric))
        if found is None and score == "cosine" and self._scores_of(name) == {"native"}:
            found = self._values.get((name, "native", truth, metric))
        if found is None or found.get("mean") is None:
            return None
        return dict(found)

    def mean(self, name: str, score: str, truth: str, metric: str) -> float | None:
        """Value of a mean."""
        row = self.value(name, score, truth, metric)
        return None if row is None else float(row["mean"])

    def best(
        self, score: str, truth: str, metric: str, *, baseline: bool
    ) -> tuple[str, Row] | None:
        """Name and row of the best embedding, or of the best baseline."""
        found = [
            (name, row)
            for name in self.names
            if self.quiet[name] == baseline
            and (row := self.value(name, score, truth, metric)) is not None
        ]
        return max(found, key=lambda pair: float(pair[1]["mean"]), default=None)

    def comparison(
        self, first: str, second: str, score: str, truth: str, metric: str
    ) -> Row | None:
        """Paired comparison of two embeddings, as first minus second."""
        for row in self.reconstruction.get("comparisons") or []:
            same = (row["score"], row["truth"], row["metric"]) == (score, truth, metric)
            if same and {row["embedding"], row["reference"]} == {first, second}:
                if row["embedding"] == first:
                    return dict(row)
                turned = dict(row)
                difference = row.get("difference")
                turned["difference"] = None if difference is None else -difference
                return turned
        return None

    def _scores_of(self, name: str) -> set[str]:
        return {key[1] for key in self._values if key[0] == name}


def short(value: Any, digits: int = 3) -> str:
    """Write a number as tables show it; an en dash for what is missing."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if value != value:
            return "–"
        if abs(value) < 10.0**-digits / 2:
            value = 0.0  # no sign, no exponent
        return f"{value:,.{digits}f}" if abs(value) < 1e4 else f"{value:,.0f}"
    return str(value)
