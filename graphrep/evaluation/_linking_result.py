"""LinkingResult: figures of a linker with their intervals, by kinds of phrases."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from graphrep._utils._atomic import atomic_path
from graphrep.evaluation._assessment_text import table
from graphrep.evaluation._breakdowns import plain
from graphrep.evaluation._frames import frame
from graphrep.exceptions import GraphValueError
from graphrep.metrics import Interval, PairedTest, bootstrap_interval, paired_bootstrap
from graphrep.typing import AnyArray, FloatArray, PathType

_STRICT = ("precision", "recall", "f1")
_SHOWN_DIGITS = 3


@dataclass(frozen=True, repr=False)
class LinkingResult:
    """What `evaluate_linking` found.

    Attributes
    ----------
    name : str
        Name of the linker.
    values : dict of str to ndarray of float64 of shape (n_queries,)
        Value of each query: acc@k, recall@k, mrr, map, and with a hierarchy distance,
        ancestor and wu_palmer. NaN where a query does not count.
    strict : tuple of three ndarray of float64 of shape (n_queries,)
        Whether each query has a right link, a link, a concept.
    labels : dict of str to ndarray of object of shape (n_queries,)
        Groups of queries; None for queries of no group.
    settings : dict
        Arguments of the evaluation.
    """

    name: str
    values: dict[str, FloatArray]
    strict: tuple[FloatArray, FloatArray, FloatArray]
    labels: dict[str, AnyArray] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of all metrics."""
        return (*self.values, *_STRICT)

    def mean(self, metric: str, mask: AnyArray | None = None) -> Interval:
        """Figure of a metric with its bootstrap interval.

        Parameters
        ----------
        metric : str
            One of `metrics`. precision, recall and f1 are those of the first
            candidates as links; see `graphrep.metrics.strict_scores`.
        mask : ndarray of bool of shape (n_queries,) or None, default=None
            Queries that count.
        """
        over, under = self._parts(metric)
        if mask is not None:
            over, under = over[mask], None if under is None else under[mask]
        draws = int(self.settings.get("n_bootstrap", 0))
        if draws:
            return bootstrap_interval(
                over, under, n=draws,
                confidence=float(self.settings.get("confidence", 0.95)),
                random_state=int(self.settings.get("random_state", 0)),
            )  # fmt: skip
        below = np.ones_like(over) if under is None else under
        known = ~np.isnan(over)
        total = below[known].sum()
        value = float(over[known].sum() / total) if total else float("nan")
        return Interval(value, float("nan"), float("nan"), int(known.sum()))

    def rows(self) -> list[dict[str, Any]]:
        """Flat records: linker, group, label, metric, value, low, high, n.

        The group of all queries is "all". Missing figures are None.
        """
        out = []
        for group, label, mask in self._groups():
            for metric in self.metrics:
                found = self.mean(metric, mask)
                out.append({
                    "linker": self.name, "group": group, "label": label,
                    "metric": metric, "value": plain(found.value),
                    "low": plain(found.low), "high": plain(found.high), "n": found.n,
                })  # fmt: skip
        return out

    def to_frame(self, backend: str = "pandas") -> Any:
        """`rows` as a table; ``backend`` is "pandas" or "polars"."""
        return frame(self.rows(), backend)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the single queries, in JSON's types."""
        return {"name": self.name, "rows": self.rows(), "settings": self.settings}

    @property
    def table(self) -> str:
        """A line for each group of queries, a column for each metric."""
        return str(table(self._lines(), title=self.name))

    def to_html(self, path: PathType | None = None) -> str:
        """Page with all tables that needs no other file; written if a path is named."""
        from graphrep._version import __version__
        from graphrep.plot._page import page
        from graphrep.plot._report_html import definitions, section, text
        from graphrep.plot._report_html import table as html_table

        lines = self._lines()
        head = list(lines[0])
        cells = [[_cell(line[key]) for key in head] for line in lines]
        intervals = [
            [row["group"], row["label"], row["metric"],
             *(_cell(row[key]) for key in ("value", "low", "high", "n"))]
            for row in self.rows()
        ]  # fmt: skip
        share = f"{100 * float(self.settings.get('confidence', 0.95)):g} %"
        body = (
            section("figures", "Figures", "Means over all.", html_table(head, cells))
            + section(
                "intervals", "Intervals", f"{share}, from queries drawn anew.",
                html_table(
                    ["group", "label", "metric", "value", "low", "high", "n"],
                    [[text(cell) for cell in row] for row in intervals],
                ),
            )
            + section(
                "settings", "Settings", "", definitions(list(self.settings.items()))
            )
        )  # fmt: skip
        written = page(
            f"Linking: {self.name}", f"{self.n_queries:,} phrases", body,
            created=datetime.now(UTC).isoformat(), version=__version__,
        )  # fmt: skip
        if path is not None:
            with atomic_path(path) as part:
                part.write_text(written, encoding="utf-8")
        return written

    def compare(self, other: LinkingResult, metric: str = "acc@1") -> PairedTest:
        """Test the difference from another result of the same queries.

        Parameters
        ----------
        other : LinkingResult
        metric : str, default="acc@1"
            One with a value for each query.

        Returns
        -------
        PairedTest
            Of this result's figure less the other's, by drawing queries anew.
        """
        for one in (self, other):
            if metric not in one.values:
                raise GraphValueError(
                    f"metric must be one of {', '.join(one.values)}; got {metric!r}."
                )
        if self.n_queries != other.n_queries:
            raise GraphValueError(
                f"Results of {self.n_queries:,} and {other.n_queries:,} queries cannot "
                "be compared."
            )
        return paired_bootstrap(
            self.values[metric], other.values[metric],
            confidence=float(self.settings.get("confidence", 0.95)),
            n=int(self.settings.get("n_bootstrap") or 1000),
            random_state=int(self.settings.get("random_state", 0)),
        )  # fmt: skip

    @property
    def n_queries(self) -> int:
        """Number of queries, those without a concept too."""
        return len(self.strict[0])

    def __str__(self) -> str:
        return self.table

    def __repr__(self) -> str:
        return f"LinkingResult({self.name!r}, {self.n_queries:,} queries)"

    def _repr_html_(self) -> str:
        from graphrep.plot._report_html import table as html_table

        lines = self._lines()
        head = list(lines[0])
        return str(html_table(head, [[_cell(line[k]) for k in head] for line in lines]))

    # -- private -----------------------------------------------------------------
    def _parts(self, metric: str) -> tuple[FloatArray, FloatArray | None]:
        correct, linked, owned = self.strict
        if metric == "precision":
            return correct, linked
        if metric == "recall":
            return correct, owned
        if metric == "f1":
            return 2 * correct, linked + owned
        if metric not in self.values:
            raise GraphValueError(
                f"metric must be one of {', '.join(self.metrics)}; got {metric!r}."
            )
        return self.values[metric], None

    def _groups(self) -> list[tuple[str, str, AnyArray | None]]:
        out: list[tuple[str, str, AnyArray | None]] = [("all", "", None)]
        for group, labels in self.labels.items():
            seen = [label for label in dict.fromkeys(labels) if label is not None]
            for label in sorted(seen, key=str):
                same = np.array(
                    [own is not None and own == label for own in labels], bool
                )
                out.append((group, str(label), same))
        return out

    def _lines(self) -> list[dict[str, Any]]:
        lines = []
        for group, label, mask in self._groups():
            size = self.n_queries if mask is None else int(mask.sum())
            line: dict[str, Any] = {"group": group, "label": label, "queries": size}
            for metric in self.metrics:
                line[metric] = plain(self._plain_mean(metric, mask))
            lines.append(line)
        return lines

    def _plain_mean(self, metric: str, mask: AnyArray | None) -> float:
        over, under = self._parts(metric)
        below = np.ones_like(over) if under is None else under
        known = ~np.isnan(over) if mask is None else ~np.isnan(over) & mask
        total = below[known].sum()
        return float(over[known].sum() / total) if total else float("nan")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.{_SHOWN_DIGITS}f}"
    if isinstance(value, int):
        return f"{value:,}"
    from graphrep.plot._report_html import text

    return text(value)
