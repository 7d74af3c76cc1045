"""recommend: which blocker reaches a recall with the fewest pairs, from a sample."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from graphrep._utils._optional import require
from graphrep._utils._random import draw_seed
from graphrep.blocking._augment import augment
from graphrep.blocking._blocker import Blocker
from graphrep.blocking._key_blocker import KeyBlocker
from graphrep.blocking._matches import Matches, as_matches
from graphrep.blocking._meta_blocker import MetaBlocker
from graphrep.blocking._minhash_blocker import MinHashBlocker
from graphrep.blocking._nlsh_blocker import NLSHBlocker
from graphrep.blocking._records import Records, as_records
from graphrep.blocking._sorted_neighbourhood_blocker import SortedNeighbourhoodBlocker
from graphrep.blocking._tfidf_blocker import TfidfBlocker
from graphrep.exceptions import GraphTypeError, GraphValueError, MemoryLimitError
from graphrep.typing import AnyArray, IntArray

_AT = (1, 5, 20)  # pairs a record at which the table shows the recall
_COLUMNS = 8  # columns that are tried as keys
_WHOLE = 20  # one table is kept whole up to this many times the sample
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TYPO = 12  # letters for each of which a typing error is made, about


class RecommendedRow(NamedTuple):
    """What one blocker reached on the sample.

    Attributes
    ----------
    name : str
        Name of the blocker.
    per_record : float
        Pairs a sampled record at which the wanted recall is reached; NaN if it is not.
    recall : float
        Recall of all pairs that were looked at.
    recall_at_1, recall_at_5, recall_at_20 : float
        Recall with this many pairs a record.
    seconds : float
        Processor time on the sample.
    note : str
        Why there is nothing to say, where a blocker could not run.
    """

    name: str
    per_record: float
    recall: float
    recall_at_1: float
    recall_at_5: float
    recall_at_20: float
    seconds: float
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether the wanted recall was reached."""
        return self.per_record == self.per_record


@dataclass(frozen=True)
class Recommendation:
    """Blockers, the one with the fewest pairs for the wanted recall first.

    Attributes
    ----------
    rows : list of RecommendedRow
        One for each blocker: those that reach the recall by their pairs, then the
        others by their recall.
    best : Blocker
        The first of them, not fitted, with the budget that it needs.
    reached : bool
        Whether it reaches the wanted recall.
    target_recall : float
        The wanted recall.
    basis : {"matches", "synthetic"}
        Whether recall was measured on known matches, or on made-up copies of records.
    n_records, n_matches : int
        Records of the sample, and matches among them.
    """

    rows: list[RecommendedRow]
    best: Blocker
    reached: bool
    target_recall: float
    basis: str
    n_records: int
    n_matches: int

    def __str__(self) -> str:
        what = "known matches" if self.basis == "matches" else "made-up copies"
        lines = [
            f"recall {self.target_recall:g} of {self.n_matches:,} {what}, "
            f"{self.n_records:,} records",
            f"{'blocker':<24}{'pairs/record':>13}{'recall':>8}{'@1':>7}{'@5':>7}"
            f"{'@20':>7}{'seconds':>9}",
        ]
        for row in self.rows:
            needed = f"{row.per_record:.2f}" if row.reached else "-"
            lines.append(
                f"{row.name:<24}{needed:>13}{row.recall:>8.3f}{row.recall_at_1:>7.3f}"
                f"{row.recall_at_5:>7.3f}{row.recall_at_20:>7.3f}{row.seconds:>9.2f}"
                f"{'  ' + row.note if row.note else ''}"
            )
        return "\n".join(lines)

    def to_frame(self) -> Any:
        """Table of the blockers, best first, as a pandas DataFrame."""
        pandas = require("pandas", extra="pandas", why="Recommendation.to_frame")
        return pandas.DataFrame(self.rows, columns=list(RecommendedRow._fields))


class _Sample(NamedTuple):
    left: Records
    right: Records | None
    gold: Matches
    n_records: int


def recommend(
    A: Any, B: Any = None, matches: Any = None, *, target_recall: float = 0.95,
    sample: int = 1000, blockers: Any = None, max_per_record: float = 100.0,
    random_state: Any = 0,
) -> Recommendation:  # fmt: skip
    """Tell which blocker reaches a recall with the fewest pairs.

    Parameters
    ----------
    A, B : table-like
        Tables, as for a blocker; without B the records of A are compared with each
        other.
    matches : pairs-like or None, default=None
        Known matches; they need not be all. None makes copies of records as another
        source might write them (words left out and moved, columns emptied or moved,
        typing errors) and counts how often a copy is paired with its original. That is
        a stand-in: it ranks blockers by what they bear, and real matches may be harder.
    target_recall : float, default=0.95
        Share of the matches that is to be found.
    sample : int, default=1000
        Records of the smaller table that are tried against the whole of the larger one;
        for made-up copies the number of copies, of records of the larger table. One
        table with known matches is cut to 20 times as many records.
    blockers : mapping of str to Blocker, sequence of Blocker or None, default=None
        What is tried; None for TF-IDF of characters and of words, `NLSHBlocker`,
        tokens, q-grams, meta-blocking, MinHash, sorted neighbourhood, and each of the
        first 8 columns as a key. Their budgets are not looked at, and they are fitted
        without matches.
    max_per_record : float, default=100.0
        Most pairs a record of the sample that are looked at.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the sample and of the copies.

    Returns
    -------
    Recommendation

    Raises
    ------
    GraphValueError
        If there is no match in the sample, or parameters are out of range.

    Notes
    -----
    With known matches at least half of the sample has one, if there are so many. Pairs
    a record are a budget in multiples of the smaller table; they hold for the whole
    tables as far as the sample is like them.

    Examples
    --------
    >>> from graphrep.blocking import recommend
    >>> names = ["red fox inn", "grey owl house", "blue hen cafe", "old mill bar"]
    >>> found = recommend({"name": names}, {"name": names[::-1]}, target_recall=0.9)
    >>> found.basis, found.n_matches
    ('synthetic', 4)
    """
    if not 0 < target_recall <= 1:
        raise GraphValueError(
            f"target_recall must be above 0 and at most 1; got {target_recall!r}."
        )
    if sample < 1 or not max_per_record > 0:
        raise GraphValueError(
            "sample and max_per_record must be positive; got "
            f"{sample!r} and {max_per_record!r}."
        )
    left = as_records(A)
    right = None if B is None else as_records(B)
    rng = np.random.default_rng(draw_seed(random_state))
    tried = _named(blockers, left, right)
    if matches is None:
        drawn = _made_up(left, right, int(sample), rng)
    else:
        known = as_matches(matches, left, right, one_table=right is None)
        drawn = _labelled(left, right, known, int(sample), rng)
    if not len(drawn.gold.left):
        raise GraphValueError(
            "There is no match to measure recall with: the matches are empty, or no "
            "record has a text."
        )
    rows = {
        name: _tried(name, blocker, drawn, target_recall, max_per_record)
        for name, blocker in tried.items()
    }
    order = sorted(
        rows.values(),
        key=lambda r: (not r.reached, r.per_record if r.reached else -r.recall),
    )
    first = order[0]
    budget = first.per_record if first.reached else float(max_per_record)
    return Recommendation(
        order, clone(tried[first.name]).set_params(budget=float(budget)), first.reached,
        target_recall, "synthetic" if matches is None else "matches", drawn.n_records,
        len(drawn.gold.left),
    )  # fmt: skip


def _named(blockers: Any, A: Records, B: Records | None) -> dict[str, Blocker]:
    if blockers is None:
        return _usual(A, B)
    if isinstance(blockers, Mapping):
        named = dict(blockers)
    elif isinstance(blockers, Sequence) and not isinstance(blockers, str):
        named = {}
        for blocker in blockers:
            name, n = type(blocker).__name__, 2
            while name in named:
                name, n = f"{type(blocker).__name__}-{n}", n + 1
            named[name] = blocker
    else:
        named = {"": blockers}
    for blocker in named.values():
        if not isinstance(blocker, Blocker):
            raise GraphTypeError(
                "blockers must be a mapping or sequence of blockers; got "
                f"{type(blocker).__name__}."
            )
    if not named:
        raise GraphValueError("blockers must name at least one blocker; got none.")
    return named


def _usual(A: Records, B: Records | None) -> dict[str, Blocker]:
    """List what is tried where nothing is named."""
    named: dict[str, Blocker] = {
        "tfidf-characters": TfidfBlocker(),
        "tfidf-words": TfidfBlocker("word"),
        "nlsh": NLSHBlocker(random_state=0),  # of two that tie, what learns nothing
        "tokens": KeyBlocker("tokens", weight="log"),
        "qgrams": KeyBlocker("qgrams"),
        "meta-blocking": MetaBlocker(),
        "minhash": MinHashBlocker(threshold=0.2),
        "sorted-neighbourhood": SortedNeighbourhoodBlocker(window=20),
    }
    shared = [name for name in A.columns if B is None or name in B.columns]
    for name in shared[:_COLUMNS]:
        named[f"key: {name}"] = KeyBlocker((name,))
    return named


# -- samples ---------------------------------------------------------------------
def _made_up(A: Records, B: Records | None, n: int, rng: Any) -> _Sample:
    """Make copies of records of the larger table, against that table."""
    table = A if B is None or len(A) >= len(B) else B
    filled = np.flatnonzero([bool(text) for text in table.texts()])
    rows = np.sort(rng.choice(filled, min(n, len(filled)), replace=False))
    seed = int(rng.integers(1 << 62))
    copies = augment(table, "all", rows=rows, seed=seed)
    copies = _with_typos(copies, rng)
    return _Sample(copies, table, Matches(np.arange(len(rows)), rows), len(rows))


def _with_typos(records: Records, rng: Any) -> Records:
    """Leave out, double, replace or swap letters of records."""
    columns = {
        name: [_mistyped(text, rng) for text in values]
        for name, values in records.columns.items()
    }
    return Records(columns, records.ids)


def _mistyped(text: str, rng: Any) -> str:
    for _ in range(rng.binomial(len(text), 1.0 / _TYPO)):
        at, kind = int(rng.integers(len(text))), int(rng.integers(4))
        if kind == 0 and len(text) > 1:
            text = text[:at] + text[at + 1 :]
        elif kind == 1:
            text = text[:at] + text[at] + text[at:]
        elif kind == 2:
            text = text[:at] + _LETTERS[int(rng.integers(26))] + text[at + 1 :]
        else:
            text = text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
    return text


def _labelled(
    A: Records, B: Records | None, known: Matches, n: int, rng: Any
) -> _Sample:
    """Draw records of the smaller table, against the larger one."""
    if B is None:
        matched = np.unique(np.concatenate([known.left, known.right]))
        rows = _drawn(len(A), matched, _WHOLE * n, rng)
        place = _places(len(A), rows)
        a, b = place[known.left], place[known.right]
        both = (a >= 0) & (b >= 0)
        return _Sample(A.take(rows), None, Matches(a[both], b[both]), len(rows))
    smaller_left = len(A) <= len(B)
    small, ends = (A, known.left) if smaller_left else (B, known.right)
    rows = _drawn(len(small), np.unique(ends), n, rng)
    place = _places(len(small), rows)[ends]
    kept = place >= 0
    if smaller_left:
        gold = Matches(place[kept], known.right[kept])
        return _Sample(A.take(rows), B, gold, len(rows))
    gold = Matches(known.left[kept], place[kept])
    return _Sample(A, B.take(rows), gold, len(rows))


def _drawn(n: int, matched: IntArray, size: int, rng: Any) -> IntArray:
    """Rows of a sample of which half have a match, if so many do; sorted."""
    if size >= n:
        return np.arange(n)
    order = rng.permutation(n)
    rows, rest = order[:size], order[size:]
    have, lack = rows[np.isin(rows, matched)], rows[~np.isin(rows, matched)]
    more = rest[np.isin(rest, matched)][: max(0, size // 2 - len(have))]
    chosen: IntArray = np.sort(np.concatenate([have, more, lack[: size - len(more)]]))
    return chosen[:size] if len(chosen) > size else chosen


def _places(n: int, rows: IntArray) -> IntArray:
    places = np.full(n, -1, np.int64)
    places[rows] = np.arange(len(rows))
    return places


# -- measuring -------------------------------------------------------------------
def _tried(
    name: str, blocker: Blocker, drawn: _Sample, target: float, most: float
) -> RecommendedRow:
    """Run one blocker on the sample, and see where the matches stand."""
    start = time.process_time()
    budget = round(most * drawn.n_records)
    able = clone(blocker).set_params(budget=budget)
    try:
        found = able.fit_candidate_pairs(drawn.left, drawn.right)
    except MemoryLimitError as error:
        nan, spent = float("nan"), time.process_time() - start
        return RecommendedRow(name, nan, 0.0, 0.0, 0.0, 0.0, spent, str(error))
    seconds = time.process_time() - start
    width = np.int64(max(1, found.shape[1]))
    gold = drawn.gold.left * width + drawn.gold.right
    places: AnyArray = np.flatnonzero(np.isin(found.keys, gold))
    wanted = int(np.ceil(target * len(gold) - 1e-9))
    reached = len(places) >= wanted
    needed = (places[wanted - 1] + 1) / drawn.n_records if reached else float("nan")
    at = [float((places < k * drawn.n_records).sum() / len(gold)) for k in _AT]
    recall = len(places) / len(gold)
    return RecommendedRow(name, float(needed), recall, at[0], at[1], at[2], seconds)
