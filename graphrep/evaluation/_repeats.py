"""Figures measured several times: their means, and differences on the same splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import stdtr, stdtrit

from graphrep.evaluation._records import Records
from graphrep.exceptions import GraphValueError

Record = dict[str, Any]


@dataclass(frozen=True, repr=False)
class RepeatedRecords(Records):
    """Means over repeats, one a row, and the repeats behind them.

    Parameters
    ----------
    name, found, columns
        See `Records`.
    repeats : list of dict
        One record for each repeat, its number under "repeat".
    test_to_train : dict
        Size of the test part relative to the training part, by what a row says under
        `share`.
    share : str
        Key of the rows that says how the data were split.
    """

    repeats: list[Record] = field(default_factory=list)
    test_to_train: dict[float, float] = field(default_factory=dict)
    share: str = "fraction"

    def compare(
        self,
        first: str,
        second: str,
        metric: str,
        *,
        confidence: float = 0.95,
        **where: Any,
    ) -> list[Record]:
        """Compare two embeddings on the same splits.

        Parameters
        ----------
        first, second : str
            Names of embeddings; the difference is the first minus the second.
        metric : str
            A figure of the repeats.
        confidence : float, default=0.95
            Of the interval.
        **where
            What other keys of the repeats must be, such as ``score="native"``.

        Returns
        -------
        list of dict
            For each split ratio "difference", "se", "low", "high", "p_value" and "n".

        Notes
        -----
        Splits overlap, so their plain variance is too small. The corrected resampled
        t-test takes ``(1 / n + test / train) s²`` instead of ``s² / n`` (Nadeau &
        Bengio, Machine Learning 52, 2003).
        """
        out = []
        for ratio in dict.fromkeys(row[self.share] for row in self.repeats):
            chosen = where | {self.share: ratio}
            a, b = (self._values(n, metric, chosen) for n in (first, second))
            if len(a) != len(b) or not len(a):
                raise GraphValueError(
                    f"{first!r} and {second!r} have {len(a)} and {len(b)} repeats of "
                    f"{metric!r} that fit {chosen}; pass score= and the like so that "
                    "one row of each is left."
                )
            head = {"embedding": first, "reference": second, "metric": metric}
            found = _paired(a - b, self.test_to_train[ratio], confidence)
            out.append(head | chosen | found)
        return out

    def _values(self, name: str, metric: str, where: Record) -> Any:
        wanted = where | {"embedding": name}
        rows = [
            row
            for row in self.repeats
            if all(row.get(key) == value for key, value in wanted.items())
        ]
        if len({row["repeat"] for row in rows}) != len(rows):
            rows = []  # several scores in one list
        rows.sort(key=lambda row: int(row["repeat"]))
        return np.array([row[metric] for row in rows], np.float64)


def _paired(difference: Any, test_to_train: float, confidence: float) -> Record:
    n = len(difference)
    mean = float(difference.mean())
    record: Record = {"difference": mean, "n": n}
    nothing = dict.fromkeys(("se", "low", "high", "p_value"))
    if n < 2 or np.isnan(mean):
        return record | nothing
    se = float(np.sqrt((1 / n + test_to_train) * difference.var(ddof=1)))
    half = se * float(stdtrit(n - 1, 0.5 + confidence / 2))
    p_value = 2 * float(stdtr(n - 1, -abs(mean) / se)) if se > 0 else float(mean == 0)
    return record | {
        "se": se, "low": mean - half, "high": mean + half, "p_value": p_value,
    }  # fmt: skip


def means(
    repeats: Sequence[Record], keys: Sequence[str], metrics: Sequence[str]
) -> list[Record]:
    """Average records that agree in some keys; "_sd" is the deviation (n - 1)."""
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for row in repeats:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    out = []
    for values, rows in groups.items():
        record: Record = dict(zip(keys, values, strict=True))
        for metric in metrics:
            numbers = np.array([row[metric] for row in rows], np.float64)
            spread = float(numbers.std(ddof=1)) if len(numbers) > 1 else None
            record[metric] = float(numbers.mean())
            record[f"{metric}_sd"] = spread
        out.append(record)
    return out


__all__ = ["RepeatedRecords", "means"]
