"""ProjectionLoss: the counts, and what they mean in words."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from textwrap import fill
from typing import Any

from graphrep._utils._optional import require
from graphrep.exceptions import GraphValueError

FORMAT = "graphrep-projection-loss"
_WIDTH = 79
_NAMED = 5  # nodes of an example that are named


@dataclass(frozen=True)
class Fact:
    """One line of the report.

    Attributes
    ----------
    key : str
        Name of the attribute.
    what : str
        What is counted.
    count, of : int or None
        How many, out of how many; None where it was not computed or is no share.
    meaning : str
        What it means for who has only the graph.
    """

    key: str
    what: str
    count: int | None
    of: int | None
    meaning: str

    @property
    def share(self) -> float | None:
        """``count / of``, None where there is none."""
        return self.count / self.of if self.count is not None and self.of else None


@dataclass(frozen=True)
class ProjectionLoss:
    """What a hypergraph loses by its projection; made by `projection_loss`.

    Attributes
    ----------
    min_size : int
        Smallest hyperedge that counted.
    n_nodes, n_hyperedges, n_members : int
        Nodes in a hyperedge, distinct hyperedges, and members of these all together.
    n_repeats : int
        Hyperedges beyond the first of their kind.
    sizes : dict of int to int
        Number of hyperedges of each size.
    n_edges, n_single_edges : int
        Edges of the graph, and those that only one hyperedge holds.
    n_nested : int
        Hyperedges that lie in another one.
    nested : list of (tuple, tuple)
        Some of them, the largest first, each with one that it lies in.
    n_cliques, n_false_cliques, largest_clique : int or None
        Maximal cliques of the graph, those that are no hyperedge, and the nodes of
        the largest. None where there are too many to list.
    false_cliques : list of tuple
        Some that are no hyperedge, the largest first.
    n_triangles, n_bare_triangles : int or None
        Triangles of the graph, and those that no hyperedge holds.
    not_computed : tuple of str
        What was given up, and why.
    """

    min_size: int
    n_nodes: int
    n_hyperedges: int
    n_members: int
    n_repeats: int
    sizes: dict[int, int]
    n_edges: int
    n_single_edges: int
    n_nested: int
    nested: list[tuple[tuple[Hashable, ...], tuple[Hashable, ...]]]
    n_cliques: int | None = None
    n_false_cliques: int | None = None
    largest_clique: int | None = None
    false_cliques: list[tuple[Hashable, ...]] = field(default_factory=list)
    n_triangles: int | None = None
    n_bare_triangles: int | None = None
    not_computed: tuple[str, ...] = ()

    # -- what follows from the counts ----------------------------------------------
    @property
    def n_found(self) -> int | None:
        """Hyperedges that are maximal cliques of the graph."""
        if self.n_cliques is None or self.n_false_cliques is None:
            return None
        return self.n_cliques - self.n_false_cliques

    @property
    def n_swallowed(self) -> int | None:
        """Hyperedges that lie in no other, but in a clique that is no hyperedge."""
        found = self.n_found
        return None if found is None else self.n_hyperedges - self.n_nested - found

    @property
    def is_sperner(self) -> bool:
        """Whether no hyperedge lies in another."""
        return self.n_nested == 0

    @property
    def is_conformal(self) -> bool | None:
        """Whether each clique lies in a hyperedge; None where that is not known."""
        if self.n_false_cliques is None:
            return False if self.n_bare_triangles else None
        return self.n_false_cliques == 0

    @property
    def is_recoverable(self) -> bool | None:
        """Whether the maximal cliques of the graph are the hyperedges exactly."""
        return self.is_conformal if self.is_sperner else False

    @property
    def jaccard(self) -> float | None:
        """Score of taking all maximal cliques for the hyperedges."""
        found = self.n_found
        if found is None or self.n_cliques is None:
            return None
        either = self.n_hyperedges + self.n_cliques - found
        return found / either if either else 1.0

    @property
    def storage_ratio(self) -> float | None:
        """Node ids to store the graph (2 an edge) over those for the hypergraph."""
        return 2 * self.n_edges / self.n_members if self.n_members else None

    @property
    def weighted_storage_ratio(self) -> float | None:
        """The same for the graph with weights, a number more an edge."""
        return 3 * self.n_edges / self.n_members if self.n_members else None

    # -- as a table and as text ------------------------------------------------------
    def facts(self) -> list[Fact]:
        """Lines of the report, the losses first."""
        return _facts(self)

    def rows(self) -> list[dict[str, Any]]:
        """One flat record for each fact, for tables and JSON."""
        return [
            {
                "key": f.key,
                "what": f.what,
                "count": f.count,
                "of": f.of,
                "share": f.share,
                "meaning": f.meaning,
            }
            for f in self.facts()
        ]

    def to_frame(self, backend: str = "pandas") -> Any:
        """`rows` as a table; ``backend`` is "pandas" or "polars"."""
        if backend not in ("pandas", "polars"):
            raise GraphValueError(
                f"backend must be 'pandas' or 'polars'; got {backend!r}."
            )
        library = require(backend, extra=backend, why="Making a table of results")
        return library.DataFrame(self.rows())

    def to_dict(self) -> dict[str, Any]:
        """Everything in JSON's types, ids that are no number as text."""
        names = (
            "min_size", "n_nodes", "n_hyperedges", "n_members", "n_repeats", "n_edges",
            "n_single_edges", "n_nested", "n_cliques", "n_false_cliques", "n_found",
            "n_swallowed", "largest_clique", "n_triangles", "n_bare_triangles",
            "is_sperner", "is_conformal", "is_recoverable", "jaccard", "storage_ratio",
            "weighted_storage_ratio",
        )  # fmt: skip
        return {
            "format": FORMAT,
            **{name: getattr(self, name) for name in names},
            "sizes": {str(k): v for k, v in self.sizes.items()},
            "nested": [[_plain(a), _plain(b)] for a, b in self.nested],
            "false_cliques": [_plain(c) for c in self.false_cliques],
            "not_computed": list(self.not_computed),
            "verdict": self.verdict,
            "facts": self.rows(),
        }

    def to_json(self, **options: Any) -> str:
        """`to_dict` as text; ``options`` go to `json.dumps`."""
        return json.dumps(self.to_dict(), **{"ensure_ascii": False, **options})

    @property
    def verdict(self) -> str:
        """Whether the hyperedges can be read off the graph, in a sentence or two."""
        return _verdict(self)

    @property
    def table(self) -> str:
        """Counts and shares as aligned text."""
        lines = [(f.what, *_numbers(f)) for f in self.facts()]
        widths = [max((len(line[i]) for line in lines), default=0) for i in range(3)]
        return "\n".join(
            f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}".rstrip()
            for a, b, c in lines
        )

    def __str__(self) -> str:
        return "\n".join(_report(self))

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"


def _facts(loss: ProjectionLoss) -> list[Fact]:
    n, cliques = loss.n_hyperedges, loss.n_cliques
    return [
        Fact(
            "n_nested", "hyperedges inside another", loss.n_nested, n,
            "The graph shows no trace of them. They come back only by what hyperedges "
            "of this kind are known to look like.",
        ),
        Fact(
            "n_swallowed", "hyperedges inside a false clique", loss.n_swallowed, n,
            "They lie in no other hyperedge, yet other edges join them to more nodes, "
            "so that they are no maximal clique.",
        ),
        Fact(
            "n_found", "hyperedges that are maximal cliques", loss.n_found, n,
            "All that looking for maximal cliques can find.",
        ),
        Fact(
            "n_false_cliques", "maximal cliques that are no hyperedge",
            loss.n_false_cliques, cliques,
            "Nodes that meet in pairs but never all together. Who takes each clique "
            "for a hyperedge invents these.",
        ),
        Fact(
            "n_bare_triangles", "triangles in no hyperedge", loss.n_bare_triangles,
            loss.n_triangles,
            "Three nodes that meet in pairs but never all three together.",
        ),
        Fact(
            "n_single_edges", "edges of one hyperedge only", loss.n_single_edges,
            loss.n_edges,
            "Each belongs to one hyperedge. Edges of several carry more than the "
            "unweighted graph tells; keep their weights if you can.",
        ),
        Fact(
            "largest_clique", "nodes of the largest clique", loss.largest_clique, None,
            "A clique of k nodes has 2^k subsets that may be hyperedges.",
        ),
    ]  # fmt: skip


def _verdict(loss: ProjectionLoss) -> str:
    if loss.n_hyperedges == 0:
        return "There are no hyperedges."
    if loss.is_recoverable:
        return (
            "Nothing is lost: no hyperedge lies in another and every clique lies in a "
            "hyperedge, so the maximal cliques of the graph are the hyperedges."
        )
    if loss.is_recoverable is None:
        return (
            "No hyperedge lies in another; whether every clique lies in a hyperedge "
            "is not known, for there are too many to list."
        )
    if loss.jaccard is None:
        return "The hyperedges cannot be read off the graph."
    return (
        "The hyperedges cannot be read off the graph: taking its maximal cliques for "
        f"them finds {_percent(loss.n_found, loss.n_hyperedges)} and scores "
        f"{100 * loss.jaccard:.2f} % (Jaccard index)."
    )


def _report(loss: ProjectionLoss) -> list[str]:
    smallest = f" of {loss.min_size} and more nodes" if loss.min_size > 1 else ""
    out = [
        f"{loss.n_hyperedges:,} hyperedges{smallest} over {loss.n_nodes:,} nodes, "
        f"projected to {loss.n_edges:,} edges",
        "",
        *fill(loss.verdict, _WIDTH).split("\n"),
        "",
    ]
    for f in loss.facts():
        count, share = _numbers(f)
        of = f" of {f.of:,}" if f.of is not None and f.count is not None else ""
        tail = f" ({share})" if share else ""
        out.append(f"{f.what}: {count}{of}{tail}")
        out += _indented(f.meaning)
    out += ["", f"sizes: {_sizes(loss)}"]
    if loss.storage_ratio is not None and loss.weighted_storage_ratio is not None:
        out += fill(
            f"storage: the hyperedges take {loss.n_members:,} node ids; the graph "
            f"takes {loss.storage_ratio:.2f} times as many, with weights "
            f"{loss.weighted_storage_ratio:.2f} times",
            _WIDTH,
        ).split("\n")
    if loss.n_repeats:
        out.append(f"repeats: {loss.n_repeats:,} more hyperedges, counted once here")
    for title, lines in _examples(loss):
        out += ["", title, *(f"  {line}" for line in lines)]
    out += [f"not computed: {reason}" for reason in loss.not_computed]
    return out


def _examples(loss: ProjectionLoss) -> list[tuple[str, list[str]]]:
    nested = [f"{_named(a)} in {_named(b)}" for a, b in loss.nested]
    false = [_named(c) for c in loss.false_cliques]
    parts = (("for example nested:", nested), ("for example false cliques:", false))
    return [(title, lines) for title, lines in parts if lines]


def _numbers(fact: Fact) -> tuple[str, str]:
    count = "not computed" if fact.count is None else f"{fact.count:,}"
    return count, _percent(fact.count, fact.of)


def _percent(count: int | None, of: int | None) -> str:
    return f"{100 * count / of:.1f} %" if count is not None and of else ""


def _sizes(loss: ProjectionLoss) -> str:
    shown = [f"{size}: {count:,}" for size, count in sorted(loss.sizes.items())]
    if len(shown) <= 8:
        return ", ".join(shown)
    rest = sum(count for size, count in sorted(loss.sizes.items())[7:])
    start = sorted(loss.sizes)[7]
    return f"{', '.join(shown[:7])}, {start} to {max(loss.sizes)}: {rest:,}"


def _indented(words: str) -> list[str]:
    return fill(words, _WIDTH, initial_indent="    ", subsequent_indent="    ").split(
        "\n"
    )


def _named(nodes: tuple[Hashable, ...]) -> str:
    names = [str(v) for v in nodes[:_NAMED]]
    more = f", … ({len(nodes)} nodes)" if len(nodes) > _NAMED else ""
    return "{" + ", ".join(names) + more + "}"


def _plain(nodes: tuple[Hashable, ...]) -> list[Any]:
    return [v if isinstance(v, (int, str)) else str(v) for v in nodes]
