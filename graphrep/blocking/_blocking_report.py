"""blocking_report: how good candidate pairs are, and which matches they miss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from graphrep._utils._sets import distinct, is_in
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.blocking._matches import Matches, as_matches
from graphrep.blocking._records import Records, as_records
from graphrep.blocking._score_mixture import RecallEstimate
from graphrep.exceptions import GraphValueError
from graphrep.metrics import BlockingScores, RecallCurve, blocking_scores, recall_curve
from graphrep.typing import AnyArray, IntArray

_BUDGETS = (1, 2, 5, 10)
_LONGEST = 300  # characters of a value in an example
_MOST_COMPARED = 20_000  # missed matches that are compared to choose examples


class Field(NamedTuple):
    """One column of two records: its name and both values."""

    column: str
    left: str
    right: str


class PairExample(NamedTuple):
    """Two records side by side.

    Attributes
    ----------
    left_id, right_id : hashable
        Their ids.
    rank : int or None
        Place among the candidates from 1; None for a pair that is none.
    score : float or None
        Its score.
    common_words, words : int
        Distinct words that both records have, and that either has.
    fields : tuple of Field
        Values of all columns.
    """

    left_id: Any
    right_id: Any
    rank: int | None
    score: float | None
    common_words: int
    words: int
    fields: tuple[Field, ...]


class Crowd(NamedTuple):
    """A record with many candidates: its table, id, number of pairs and text."""

    side: str
    id: Any
    n_pairs: int
    text: str


@dataclass(frozen=True)
class BlockingReport:
    """What candidate pairs hold: sizes, scores, recall over the budget, examples.

    Attributes
    ----------
    n_left, n_right, n_pairs, n_possible : int
        Sizes. For one table both numbers of records are the same.
    one_table : bool
        Whether pairs are within one table.
    without_pairs : tuple of int
        Left and right records that are in no pair.
    n_groups, largest_group : int
        Records joined by pairs, directly or through others, make a group: groups of two
        and more records, and the records of the largest.
    crowds : tuple of Crowd
        Records with the most candidates.
    scores : BlockingScores or None
        Against the matches; None where none are known.
    curve : RecallCurve or None
        Recall at growing budgets.
    side_curves : dict of str to RecallCurve
        The same for budgets of each record of the left and of the right table.
    missed, found, wrong : tuple of PairExample
        Matches that are no candidates, those with the most words in common first;
        matches that are, half of them the best and half the worst ranked; and the best
        ranked candidates that are no match.
    missed_rows : Matches or None
        Rows of all matches that are no candidates.
    recall_estimate : RecallEstimate or None
        Recall as estimated without labels, where that was asked for.
    """

    n_left: int
    n_right: int
    one_table: bool
    n_pairs: int
    n_possible: int
    without_pairs: tuple[int, int]
    n_groups: int
    largest_group: int
    crowds: tuple[Crowd, ...]
    scores: BlockingScores | None
    curve: RecallCurve | None
    side_curves: dict[str, RecallCurve]
    missed: tuple[PairExample, ...]
    found: tuple[PairExample, ...]
    wrong: tuple[PairExample, ...]
    missed_rows: Matches | None
    recall_estimate: RecallEstimate | None = None

    @property
    def unit(self) -> int:
        """Budget that counts as 1x: records of the smaller table."""
        return max(1, min(self.n_left, self.n_right))

    def recall_at(self) -> dict[str, float]:
        """Recall at 1x, 2x, 5x and 10x, as far as there are pairs, and at all."""
        if self.curve is None:
            return {}
        out = {
            f"{times}x": float(self.curve.at(times * self.unit))
            for times in _BUDGETS
            if times * self.unit <= self.n_pairs
        }
        return {**out, "all": float(self.curve.at(self.n_pairs))}

    def to_dict(self) -> dict[str, Any]:
        """Everything but the curves as plain values, for JSON."""
        missed, guess = self.missed_rows, self.recall_estimate
        return {
            "n_left": self.n_left,
            "n_right": self.n_right,
            "one_table": self.one_table,
            "n_pairs": self.n_pairs,
            "n_possible": self.n_possible,
            "budget": self.n_pairs / self.unit,
            "without_pairs": list(self.without_pairs),
            "n_groups": self.n_groups,
            "largest_group": self.largest_group,
            "crowds": [crowd._asdict() for crowd in self.crowds],
            "scores": None if self.scores is None else self.scores._asdict(),
            "recall_at": self.recall_at(),
            "recall_estimate": None if guess is None else guess._asdict(),
            "area": None if self.curve is None else self.curve.area(),
            "n_missed": None if missed is None else len(missed.left),
            "missed": [_plain(example) for example in self.missed],
            "found": [_plain(example) for example in self.found],
            "wrong": [_plain(example) for example in self.wrong],
        }

    def to_json(self, **options: Any) -> str:
        """Everything but the curves as JSON; options are those of ``json.dumps``."""
        return json.dumps(self.to_dict(), default=str, allow_nan=False, **options)

    def __str__(self) -> str:
        return "\n".join(f"{name:18}{value}" for name, value in self.facts())

    def __repr__(self) -> str:
        return f"{type(self).__name__}:\n{self}"

    def facts(self) -> list[tuple[str, str]]:
        """Give the main figures as names and texts."""
        sizes = f"{self.n_left:,}"
        if not self.one_table:
            sizes += f" and {self.n_right:,}"
        share = self.n_pairs / self.n_possible if self.n_possible else 0.0
        out = [
            ("records", sizes),
            ("pairs", f"{self.n_pairs:,} ({self.n_pairs / self.unit:.2f}x)"),
            ("CSSR", f"{share:.3%} of {self.n_possible:,} possible pairs"),
            ("without a pair", _sides(self.without_pairs, self.one_table)),
        ]
        if self.recall_estimate is not None:
            out.append(("estimated recall", str(self.recall_estimate)))
            out += [("doubt", doubt) for doubt in self.recall_estimate.doubts]
        if self.scores is not None:
            s = self.scores
            out += [
                ("pair completeness", f"{s.pair_completeness:.4f}"),
                ("pair quality", f"{s.pair_quality:.4f}"),
                ("F1", f"{s.f1:.4f}"),
                ("reduction ratio", f"{s.reduction_ratio:.6f}"),
                ("matches", f"{s.n_found:,} of {s.n_true:,} found"),
                ("recall at", _recalls(self.recall_at())),
            ]
        return out


def blocking_report(
    pairs: CandidatePairs,
    left: Any,
    right: Any = None,
    matches: Any = None,
    *,
    n_examples: int = 20,
    recall_estimate: RecallEstimate | None = None,
) -> BlockingReport:
    """Measure candidate pairs, against known matches where there are any.

    Parameters
    ----------
    pairs : CandidatePairs
        From a blocker, or read from a file.
    left, right : table-like
        The tables that they are of; see `as_records`. No right one for one table.
    matches : pairs-like or None, default=None
        Known matches, all of them: two columns of ids; see `Blocker.fit`. A pair that
        is not among them counts as wrong.
    n_examples : int, default=20
        Most examples of each kind.
    recall_estimate : RecallEstimate or None, default=None
        Recall as `estimate_recall` or a blocker's method of that name estimates it, to
        be shown with the rest.

    Returns
    -------
    BlockingReport
        For a page of it see `graphrep.plot.save_blocking_report`.

    Raises
    ------
    GraphValueError
        If the tables are not those of the pairs, or a match names no record.

    Notes
    -----
    O(n log n) in the number of pairs.

    Examples
    --------
    >>> from graphrep.blocking import TfidfBlocker
    >>> left = {"id": ["a", "b"], "name": ["red lamp", "blue kettle"]}
    >>> right = {"id": ["x", "y"], "name": ["kettle, blue", "lamp red"]}
    >>> pairs = TfidfBlocker(budget=1.0).fit_candidate_pairs(left, right)
    >>> report = blocking_report(pairs, left, right, [("a", "y"), ("b", "x")])
    >>> report.scores.pair_completeness
    1.0
    """
    if n_examples < 0:
        raise GraphValueError(f"n_examples must be 0 or more; got {n_examples}.")
    A = as_records(left)
    B = A if right is None else as_records(right)
    check_tables(pairs, A, B, right is None)
    known = None
    if matches is not None:
        known = as_matches(matches, A, B, one_table=pairs.one_table)
    of_left, of_right = pairs.degrees()
    n_groups, largest = _groups(pairs)
    told = {} if known is None else _against(pairs, A, B, known, n_examples)
    return BlockingReport(
        n_left=len(A),
        n_right=len(B),
        one_table=pairs.one_table,
        n_pairs=len(pairs),
        n_possible=pairs.n_possible,
        without_pairs=(int((of_left == 0).sum()), int((of_right == 0).sum())),
        n_groups=n_groups,
        largest_group=largest,
        crowds=_crowds(pairs, A, B, min(n_examples, 10)),
        recall_estimate=recall_estimate,
        **{**_NOTHING, **told},
    )


_NOTHING: dict[str, Any] = {
    "scores": None, "curve": None, "side_curves": {}, "missed": (), "found": (),
    "wrong": (), "missed_rows": None,
}  # fmt: skip


def check_tables(
    pairs: CandidatePairs, A: Records, B: Records, one_table: bool
) -> None:
    """Refuse tables that are not those of the pairs."""
    if pairs.one_table != one_table:
        wanted = "one table" if pairs.one_table else "two tables"
        raise GraphValueError(f"The pairs are of {wanted}; pass as many.")
    if pairs.left_index != A.index or pairs.right_index != B.index:
        raise GraphValueError(
            f"The pairs are of tables of {pairs.shape[0]:,} and {pairs.shape[1]:,} "
            f"records with other ids than those given ({len(A):,} and {len(B):,}). "
            "Pass the tables, and as_records(table, id=...) where the ids have a "
            "column of another name."
        )


def _against(
    pairs: CandidatePairs, A: Records, B: Records, known: Matches, n: int
) -> dict[str, Any]:
    """Scores, curves and examples against the known matches."""
    rows = (pairs.left_rows.astype(np.int64), pairs.right_rows.astype(np.int64))
    sizes = (len(A), None if pairs.one_table else len(B))
    true = (known.left, known.right)
    keys = known.left * np.int64(max(1, len(B))) + known.right
    at = np.flatnonzero(is_in(pairs.keys, keys))
    rest = np.flatnonzero(~is_in(keys, distinct(pairs.keys[at])))
    missed = Matches(known.left[rest], known.right[rest])
    shown = at if len(at) <= n else np.r_[at[: n - n // 2], at[len(at) - n // 2 :]]
    best = np.arange(min(len(pairs), len(at) + n))
    wrong = best[~is_in(best, at)][:n]
    sides = ("left",) if pairs.one_table else ("left", "right")
    return {
        "scores": blocking_scores(true, rows, *sizes),
        "curve": recall_curve(true, rows, *sizes),
        "side_curves": {s: recall_curve(true, rows, *sizes, side=s) for s in sides},
        "missed": tuple(_nearest(A, B, missed, n)),
        "found": tuple(_ranked(pairs, A, B, shown)),
        "wrong": tuple(_ranked(pairs, A, B, wrong)),
        "missed_rows": missed,
    }


# -- examples ----------------------------------------------------------------------
def _nearest(A: Records, B: Records, missed: Matches, n: int) -> Iterator[PairExample]:
    """Missed matches, those with the largest share of words in common first."""
    step = max(1, -(-len(missed.left) // _MOST_COMPARED))
    examples = [
        _example(A, B, int(a), int(b))
        for a, b in zip(missed.left[::step], missed.right[::step], strict=True)
    ]
    examples.sort(key=lambda one: -one.common_words / max(one.words, 1))
    yield from examples[:n]


def _ranked(
    pairs: CandidatePairs, A: Records, B: Records, places: AnyArray
) -> Iterator[PairExample]:
    for at in places.tolist():
        one = _example(A, B, int(pairs.left_rows[at]), int(pairs.right_rows[at]))
        yield one._replace(rank=at + 1, score=float(pairs.scores[at]))


def _example(A: Records, B: Records, a: int, b: int) -> PairExample:
    names = dict.fromkeys([*A.columns, *B.columns])
    fields = tuple(
        Field(name, _value(A, name, a), _value(B, name, b)) for name in names
    )
    left = {word for field in fields for word in field.left.lower().split()}
    right = {word for field in fields for word in field.right.lower().split()}
    return PairExample(
        A.index[a], B.index[b], None, None, len(left & right), len(left | right), fields
    )


def _value(records: Records, name: str, row: int) -> str:
    if name not in records.columns:
        return ""
    value = str(records.columns[name][row])
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"


def _plain(example: PairExample) -> dict[str, Any]:
    return {
        **example._asdict(),
        "fields": [field._asdict() for field in example.fields],
    }


# -- sizes -------------------------------------------------------------------------
def _groups(pairs: CandidatePairs) -> tuple[int, int]:
    """Count groups of two and more records, and the records of the largest."""
    n, m = pairs.shape
    shift = 0 if pairs.one_table else n
    total = n if pairs.one_table else n + m
    if not len(pairs):
        return 0, 0
    ends: tuple[IntArray, IntArray] = (pairs.left_rows, pairs.right_rows + shift)
    graph = sparse.csr_array((np.ones(len(pairs), bool), ends), shape=(total, total))
    _, group = csgraph.connected_components(graph, directed=False)
    sizes = np.bincount(group)
    return int((sizes > 1).sum()), int(sizes.max())


def _crowds(pairs: CandidatePairs, A: Records, B: Records, n: int) -> tuple[Crowd, ...]:
    out = []
    sides = zip(("left", "right"), (A, B), pairs.degrees(), strict=True)
    for side, records, counts in sides:
        if pairs.one_table and side == "right":
            continue
        order = np.argsort(-counts, kind="stable")[:n]
        rows = order[counts[order] > 1]
        texts = records.take(rows).texts()
        name = "" if pairs.one_table else side
        out += [
            Crowd(name, records.index[int(row)], int(counts[row]), text[:_LONGEST])
            for row, text in zip(rows, texts, strict=True)
        ]
    return tuple(sorted(out, key=lambda crowd: -crowd.n_pairs)[:n])


def _sides(counts: tuple[int, int], one_table: bool) -> str:
    if one_table:
        return f"{counts[0]:,}"
    return f"{counts[0]:,} left, {counts[1]:,} right"


def _recalls(at: dict[str, float]) -> str:
    return ", ".join(f"{name}: {value:.4f}" for name, value in at.items())


__all__ = ["BlockingReport", "Crowd", "Field", "PairExample", "blocking_report"]
