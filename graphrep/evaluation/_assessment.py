"""Assessment: everything an assessment found, to read, compare, save and print."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from graphrep._utils._atomic import atomic_path
from graphrep.evaluation._comparison import Comparison
from graphrep.evaluation._embeddings import Embedding
from graphrep.evaluation._reconstruction_result import ReconstructionResult
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.typing import PathType

FORMAT, VERSION = "graphrep-assessment", 1
LISTS = (
    "edge_curve", "ego", "link_prediction", "node_classification", "geometry", "hubs",
    "distance_fidelity", "probes", "stability", "divergence", "inversion", "map",
)  # fmt: skip
SEMANTIC = ("similarity", "distance", "analogy", "relations")
_IN_RECONSTRUCTION = {
    "reconstruction": "rows",
    "comparisons": "comparisons",
    "by": "by",
    "worst": "worst",
}
_AT_TOP = ("embeddings", "problems")
PARTS = (*_AT_TOP, *_IN_RECONSTRUCTION, *LISTS, *SEMANTIC)
_LOWER_IS_BETTER = ("mean_rank",)


class Assessment:
    """Figures of some embeddings of one graph, side by side.

    Made by `assess`, or read again by `from_json`.

    Parameters
    ----------
    data : mapping
        Everything found, in the types of JSON; keys as in the notes.
    embeddings : mapping of str to Embedding or None, default=None
        What was assessed, by name; empty where it was read from a file.
    results : mapping of str to ReconstructionResult or None, default=None
        Values of the single nodes, by embedding; empty where read from a file.

    Notes
    -----
    Printing it shows a line for each embedding: average precision (AP) of finding a
    node's neighbours by the first score and by the others, the same adjusted for
    chance (0 is chance, 1 is perfect), adjusted AP of finding the nodes exactly two and
    three hops away among all that are no nearer, AUC, the precision of as many best
    pairs as there are edges, rank correlation with a word test, and CPU seconds of the
    fit. An asterisk marks the best of a column, a small circle the baselines.

    The keys of ``data`` are ``format``, ``version``, ``title``, ``created``, ``graph``,
    ``settings``, ``versions``, ``embeddings``, ``reconstruction`` (with ``rows``,
    ``comparisons``, ``by``, ``worst``), ``semantic`` (``similarity``, ``distance``,
    ``analogy``, ``relations``), one list of records for each other part, and
    ``problems``.

    Examples
    --------
    >>> from graphrep import HOPE
    >>> from graphrep.datasets import load_karate
    >>> from graphrep.evaluation import assess
    >>> graph = load_karate().graph
    >>> found = assess(graph, HOPE(16), parts=["reconstruction"], baselines=["random"])
    >>> found.names
    ['HOPE', 'random']
    >>> found.compare("HOPE", "random").difference > 0.2
    True
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        embeddings: Mapping[str, Embedding] | None = None,
        results: Mapping[str, ReconstructionResult] | None = None,
    ) -> None:
        if data.get("format") != FORMAT:
            raise GraphFormatError(
                f"This is no assessment: its format is {data.get('format')!r}, not "
                f"{FORMAT!r}."
            )
        if not isinstance(data.get("version"), int) or data["version"] > VERSION:
            raise GraphFormatError(
                f"The assessment has version {data.get('version')!r}; this release "
                f"reads up to {VERSION}."
            )
        self._data = dict(data)
        self.embeddings = dict(embeddings or {})
        self.results = dict(results or {})

    # -- reading -----------------------------------------------------------------
    @property
    def title(self) -> str:
        """What it is called."""
        return str(self._data["title"])

    @property
    def graph(self) -> dict[str, Any]:
        """Size and degrees of the graph."""
        return dict(self._data["graph"])

    @property
    def names(self) -> list[str]:
        """Names of what was assessed, baselines last."""
        return [record["name"] for record in self._data["embeddings"]]

    @property
    def problems(self) -> list[dict[str, str]]:
        """Parts that were left out: part, embedding, error."""
        return self.rows("problems")

    def rows(self, part: str = "reconstruction") -> list[dict[str, Any]]:
        """Flat records of one part.

        Parameters
        ----------
        part : str, default="reconstruction"
            "reconstruction", "comparisons", "by", "worst", "edge_curve", "geometry",
            "hubs", "distance_fidelity", "probes", "inversion", "similarity",
            "distance", "analogy", "relations", "node_classification",
            "link_prediction", "stability", "ego", "divergence", "map", "embeddings" or
            "problems". Parts that were not run are empty.
        """
        if part not in PARTS:
            raise GraphValueError(
                f"There is no part {part!r}; parts are {', '.join(map(repr, PARTS))}."
            )
        if part in _IN_RECONSTRUCTION:
            found = self._data["reconstruction"].get(_IN_RECONSTRUCTION[part], [])
        elif part in SEMANTIC:
            found = self._data["semantic"].get(part, [])
        else:
            found = self._data.get(part, [])
        return [dict(record) for record in found]

    def value(
        self,
        embedding: str,
        truth: str = "hop1",
        metric: str = "ap",
        score: str | None = None,
    ) -> float:
        """One mean of the reconstruction; NaN where it is undefined.

        Parameters
        ----------
        embedding : str
            Its name.
        truth : str, default="hop1"
            Whose neighbourhood: "hop1", "ball2", "shell2", "shell2_filtered", …
        metric : str, default="ap"
        score : str or None, default=None
            How pairs are scored; None takes the first score.
        """
        wanted = score or self._data["reconstruction"].get("scores", ["native"])[0]
        key = (embedding, wanted, truth, metric)
        for row in self.rows():
            if (row["embedding"], row["score"], row["truth"], row["metric"]) == key:
                return float("nan") if row["mean"] is None else float(row["mean"])
        raise GraphValueError(
            f"There is no mean of {metric!r} for {embedding!r}, truth {truth!r} and "
            f"score {wanted!r} in this assessment."
        )

    def best(
        self,
        truth: str = "hop1",
        metric: str = "ap",
        score: str | None = None,
        *,
        baselines: bool = False,
    ) -> str:
        """Name of the embedding with the best mean.

        Parameters
        ----------
        truth, metric
            As for `value`.
        score : str or None, default=None
            How pairs are scored; None takes each embedding by its best score.
        baselines : bool, default=False
            Whether a baseline may win.
        """
        allowed = {
            record["name"]
            for record in self._data["embeddings"]
            if baselines or not record["baseline"]
        }
        sign = -1 if metric in _LOWER_IS_BETTER else 1
        means = [
            (sign * row["mean"], row["embedding"])
            for row in self.rows()
            if row["embedding"] in allowed
            and row["truth"] == truth
            and row["metric"] == metric
            and score in (None, row["score"])
            and row["mean"] is not None
        ]
        if not means:
            raise GraphValueError(
                f"No embedding has a mean of {metric!r} for the truth {truth!r}."
            )
        return str(max(means, key=lambda pair: pair[0])[1])

    def compare(
        self,
        first: str,
        second: str,
        truth: str = "hop1",
        metric: str = "ap",
        score: str | None = None,
        second_score: str | None = None,
    ) -> Comparison:
        """Compare two embeddings node by node; see `ReconstructionResult.compare`.

        Parameters
        ----------
        first, second : str
            Names.
        truth, metric, score
            As for `value`.
        second_score : str or None, default=None
            Score of the second one; None takes that of the first.

        Returns
        -------
        Comparison
            With the interval of nodes such as these.

        Raises
        ------
        GraphValueError
            If it was read from a file, which holds but the comparisons in
            ``rows("comparisons")``, and this one is not among them.
        """
        if first in self.results and second in self.results:
            return self.results[first].compare(
                self.results[second], truth, metric, score, second_score,
                interval="population",
            )  # fmt: skip
        wanted = score or self._data["reconstruction"].get("scores", ["native"])[0]
        key = (first, second, truth, metric, wanted)
        for row in self.rows("comparisons"):
            names = ("embedding", "reference", "truth", "metric", "score")
            same_score = second_score in (None, wanted)
            if same_score and tuple(row[name] for name in names) == key:
                fields = ("difference", "se", "low", "high", "p_value", "n")
                return Comparison(**{name: row[name] for name in fields})
        raise GraphValueError(
            f"There is no comparison of {first!r} with {second!r} by {metric!r} here. "
            "An assessment read from a file has those in rows('comparisons') alone."
        )

    # -- out -----------------------------------------------------------------------
    @property
    def table(self) -> str:
        """The most telling figures, one line for each embedding."""
        from graphrep.evaluation._assessment_pages import headline_text

        return headline_text(self._data)

    def headline(self) -> list[dict[str, Any]]:
        """Return the records of `table`."""
        from graphrep.evaluation._assessment_pages import headline

        return headline(self._data)

    def cells(self) -> tuple[list[str], list[list[str]], str]:
        """Titles of the columns of `table`, texts of its cells, and its notes."""
        from graphrep.evaluation._assessment_pages import headline_cells

        return headline_cells(self._data)

    def to_frame(self, part: str = "reconstruction", backend: str = "pandas") -> Any:
        """Return `rows` of a part as a table of pandas or polars."""
        from graphrep.evaluation._frames import frame

        return frame(self.rows(part), backend)

    def to_dict(self) -> dict[str, Any]:
        """Everything, in the types of JSON; a copy."""
        copied: dict[str, Any] = json.loads(self.to_json())
        return copied

    def to_json(self, path: PathType | None = None) -> str:
        """Everything as JSON text; written to a file too if one is named."""
        text = json.dumps(self._data, ensure_ascii=False, allow_nan=False)
        _write(path, text)
        return text

    def to_markdown(self, path: PathType | None = None) -> str:
        """Tables for people, as markdown; written to a file too if one is named."""
        from graphrep.evaluation._assessment_pages import markdown

        text = markdown(self._data)
        _write(path, text)
        return text

    def to_html(self, path: PathType) -> None:
        """Write a page with tables and pictures that needs no other file."""
        from graphrep.plot import save_report

        save_report(self._data, path)

    @classmethod
    def from_json(cls, source: PathType) -> Assessment:
        """Read what `to_json` wrote.

        Parameters
        ----------
        source : str or Path
            A file, or the text itself.

        Raises
        ------
        GraphFormatError
            For something else.
        """
        is_text = isinstance(source, str) and source.lstrip().startswith("{")
        text = source if is_text else Path(source).read_text("utf-8")
        where = None if is_text else source
        try:
            data = json.loads(str(text))
        except ValueError as error:
            raise GraphFormatError(
                f"An assessment must be JSON: {error}.", path=where
            ) from error
        if not isinstance(data, dict):
            raise GraphFormatError("An assessment must be a JSON object.", path=where)
        return cls(data)

    # -- Python ----------------------------------------------------------------------
    def __str__(self) -> str:
        return self.table

    def __repr__(self) -> str:
        own = ", ".join(repr(name) for name in self.names)
        return f"Assessment({self.title!r}: {own})"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.table)}</pre>"


def _write(path: PathType | None, text: str) -> None:
    if path is None:
        return
    with atomic_path(path) as part:
        part.write_text(text if text.endswith("\n") else text + "\n", "utf-8")


__all__ = ["FORMAT", "LISTS", "PARTS", "SEMANTIC", "VERSION", "Assessment"]
