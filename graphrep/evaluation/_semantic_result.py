"""SemanticResult: what the tests of meaning found for one embedding."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from graphrep.evaluation._assessment_text import table
from graphrep.evaluation._frames import frame
from graphrep.exceptions import GraphValueError

Record = dict[str, Any]

_PARTS = {
    "similarity": "Word similarity (Spearman's rho with human ratings)",
    "distance": "Distance of rated pairs beside random pairs of nodes",
    "analogy": "Analogies",
    "relations": "Consistency of relations (mean cosine of offsets)",
}


@dataclass(frozen=True)
class SemanticResult:
    """What a `SemanticEvaluator` found for one embedding.

    Parameters
    ----------
    name : str
        Name of the embedding.
    similarity : list of dict
        For each test: ``embedding``, ``score``, ``test``, ``n_pairs`` (without self
        pairs and duplicates), ``n_covered``, ``spearman``, ``low`` and ``high`` (its
        interval), ``n_self`` and ``n_duplicates`` (pairs that were dropped).
    distance : list of dict
        For each test: ``embedding``, ``test``, ``n_pairs``, ``n_covered``, ``raw``,
        ``raw_random``, ``unit``, ``unit_random``, ``ratio``, ``unit_ratio``, ``auc``
        and ``unit_auc``.
    analogy : list of dict
        For each test, section ("all" for all questions together) and method:
        ``embedding``, ``test``, ``section``, ``method``, ``n_questions``,
        ``n_covered``, ``hits@1``, ``hits@10``, ``mrr``, ``distance`` and
        ``distance_random`` (of "3CosAdd" only).
    relations : list of dict
        For each relation: ``embedding`` and what `relation_consistency` gives.
    settings : dict
        Parameters of the evaluator.
    """

    name: str
    similarity: list[Record] = field(default_factory=list)
    distance: list[Record] = field(default_factory=list)
    analogy: list[Record] = field(default_factory=list)
    relations: list[Record] = field(default_factory=list)
    settings: Record = field(default_factory=dict)

    def rows(self, part: str | None = None) -> list[Record]:
        """Flat records of one part, or of all, each with its ``part``.

        Parameters
        ----------
        part : {"similarity", "distance", "analogy", "relations"} or None, default=None
        """
        if part is None:
            return [{"part": p, **row} for p in _PARTS for row in getattr(self, p)]
        if part not in _PARTS:
            raise GraphValueError(
                f"part must be one of {', '.join(map(repr, _PARTS))}; got {part!r}."
            )
        return [dict(row) for row in getattr(self, part)]

    def to_frame(self, part: str = "similarity", backend: str = "pandas") -> Any:
        """One part as a data frame of pandas or polars."""
        return frame(self.rows(part), backend)

    def to_dict(self) -> Record:
        """All parts as JSON knows them: NaN becomes None."""
        return {part: [_plain(row) for row in self.rows(part)] for part in _PARTS}

    @property
    def table(self) -> str:
        """All parts as aligned text."""
        return "\n\n".join(
            table(_shown(rows), title=title)
            for part, title in _PARTS.items()
            if (rows := self.rows(part))
        )

    def __str__(self) -> str:
        return self.table or "No semantic test has been run."


def _plain(row: Record) -> Record:
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in row.items()
    }


def _shown(rows: list[Record]) -> list[Record]:
    """Rows without the columns that say the same in every row and little at that."""
    hidden = {"n_self", "n_duplicates", "embedding"}
    return [{k: v for k, v in row.items() if k not in hidden} for row in rows]
