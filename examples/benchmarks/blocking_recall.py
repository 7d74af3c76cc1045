"""Recall as it is estimated without labels, against the truth.

    python blocking_recall.py --data DIR
    python blocking_recall.py --data DIR --leave-out
    python blocking_recall.py --data DIR --sets wdc_block_small
    python blocking_recall.py --data DIR --join --sets abt_buy dblp_acm
    python blocking_recall.py --made
    python blocking_recall.py --data DIR --few
    python blocking_recall.py --data DIR --twice --sets febrl1 musicbrainz20k

``--data`` names a folder with a folder for each set: ``tableA.csv`` and ``tableB.csv``
with a column ``id`` (or ``table.csv`` for one table), and ``matches_full.csv`` or
``matches.csv`` with two columns of ids, perhaps compressed. Columns that name the
answer are dropped.

A cell is the true recall in per cent, the estimate and, in brackets, the interval that
goes with it, for 1, 2 and 5 times the records of the smaller table. ``copies`` is the
share of changed copies of records that score as much as the last of these pairs do with
their originals: the estimate that was given before. Then come the true recall of
``target_recall=.95``, how many times the smaller table it takes, and how many the truth
would have asked for. Below are means over sets and budgets: the absolute error, the
largest, and how often the interval, a point wider at both ends, holds the truth. A
question mark stands where the estimate has a doubt, a star where the interval fails.

``--leave-out`` takes priors from the other sets, not those of the library: means and
standard deviations, over sets, of the moments of scores of true matches and of the rate
at which other pairs fall off. ``--join`` makes one table of two. ``--made`` takes
made-up records, on which nothing was tuned, and adds blockers that know no scores.
``--few`` drops records of the right table until 3, 10 and 25 of 100 records have a
match. ``--twice`` puts one table on both sides, which asks for the matches other than
the copies; on the next line the copies count, too, and on the one after that they are
excluded (with ``--join`` of two tables joined).
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from graphrep.blocking import (
    KeyBlocker,
    MinHashBlocker,
    NLSHBlocker,
    Records,
    TfidfBlocker,
    as_records,
)
from graphrep.blocking._copy_scores import copy_scores
from graphrep.blocking._matches import Matches, as_matches
from graphrep.blocking._recall_estimate import LikelyMatches
from graphrep.blocking._score_mixture import ScoreMixture
from graphrep.datasets import make_records

SETS = (
    "abt_buy", "amazon_google", "walmart_amazon", "dblp_acm", "dblp_acm_dirty",
    "dblp_scholar_pairs", "imdb_tmdb", "beer", "fodors_zagats", "febrl4", "febrl1",
    "rldata10000", "musicbrainz20k", "wdc_block_small",
)  # fmt: skip
LEAKS = {"orig_id", "soc_sec_id", "rec_id", "cluster_id", "class", "CID", "TID"}
TIMES = (1, 2, 5)
TARGET = 0.95
SHARES = (0.03, 0.1, 0.25)  # of records that have a match, with --few
SAME = {"dblp_acm_dirty": "dblp_acm"}  # one source


class Task(NamedTuple):
    """Tables, matches, and what recall is estimated with."""

    name: str
    A: Records
    B: Records | None
    gold: Any
    near: LikelyMatches
    cpu: float
    options: dict[str, Any]  # of the blockers

    @property
    def other(self) -> Records:
        """The right table, or the only one."""
        return self.A if self.B is None else self.B

    @property
    def unit(self) -> int:
        """Records of the smaller table."""
        return min(len(self.A), len(self.other))

    def keys(self, left: Any, right: Any) -> Any:
        """One number for each pair."""
        return np.asarray(left, np.int64) * len(self.other) + right


def main() -> None:
    """Print a table for each family of sets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", nargs="+", default=SETS[:-1], choices=SETS)
    parser.add_argument("--leave-out", action="store_true")
    parser.add_argument("--join", action="store_true", help="one table of two")
    parser.add_argument("--made", action="store_true", help="made-up records")
    parser.add_argument("--few", action="store_true", help="few records match")
    parser.add_argument("--twice", action="store_true", help="a table on both sides")
    options = parser.parse_args()
    if options.data is None and not options.made:
        parser.error("give --data or --made")
    warnings.simplefilter("ignore")
    warm_up()
    tasks = list(made() if options.made else read(options))
    if options.few:
        tasks = [one for task in tasks for one in fewer(task)]
    if options.twice:
        tasks = [one for task in tasks if task.B is None for one in twice(task)]
    heads = " | ".join(f"{t}x" for t in TIMES)
    print(f"| set | blocker | {heads} | copies | at {TARGET:g} | CPU s |")
    print("|" + "---|" * (len(TIMES) + 5))
    rows: dict[tuple[str, str], list[tuple[float, float, bool]]] = {}
    for task in tasks:
        if options.leave_out:
            leave_out(task, tasks)
        family = "one table" if task.B is None else "two tables"
        family += task.name.partition(",")[2] if options.twice else ""
        for name, cells, found in lines(task, options.made):
            print(f"| {task.name} | {name} | {' | '.join(cells)} |", flush=True)
            rows.setdefault((family, name), []).extend(found)
    print("\n| sets | blocker | error | largest | error of copies | held |")
    print("|---|---|---|---|---|---|")
    for (family, name), found in rows.items():
        errors, copies, held = np.array(found, float).T
        old = "" if np.isnan(copies).any() else f"{100 * np.abs(copies).mean():.1f}"
        print(
            f"| {family} | {name} | {100 * np.abs(errors).mean():.1f} "
            f"| {100 * np.abs(errors).max():.1f} | {old} | {100 * held.mean():.0f} % |"
        )


# -- data ------------------------------------------------------------------------------
def read(options: argparse.Namespace) -> Iterator[Task]:
    """Sets of a folder."""
    for name in options.sets:
        folder = options.data / name
        one = not list(folder.glob("tableA.csv*"))
        A = table(folder, "table" if one else "tableA")
        B = None if one else table(folder, "tableB")
        path = next(folder.glob("matches_full.csv*"), None) or next(
            folder.glob("matches.csv*")
        )
        gold = as_matches(path, A, A if B is None else B, one_table=one)
        if options.join and B is not None:
            names = [c for c in A.columns if c in B.columns]
            both = {c: np.concatenate([A.columns[c], B.columns[c]]) for c in names}
            gold = Matches(gold.left, gold.right + len(A))
            A, B = Records(both), None
        yield task_of(name, A, B, gold)


def table(folder: Path, stem: str) -> Records:
    """Read a table without the columns that name the answer."""
    records = as_records(next(folder.glob(f"{stem}.csv*")))
    return records.select([c for c in records.columns if c not in LEAKS])


def made() -> Iterator[Task]:
    """Made-up records."""
    for one in (False, True):
        for kind in ("products", "persons"):
            for errors in (2, 6, 12):
                data = make_records(
                    2000, kind=kind, errors=errors, one_table=one, random_state=1
                )
                A = as_records(data.left)
                B = None if one else as_records(data.right)
                other = A if B is None else B
                gold = as_matches(data.matches, A, other, one_table=one)
                yield task_of(f"{kind}, {errors} errors", A, B, gold)


def fewer(task: Task) -> Iterator[Task]:
    """Drop records that have a match until few do."""
    matched = np.unique(task.gold.right)
    drawn = np.random.default_rng(0).permutation(matched)
    for share in SHARES:
        dropped = drawn[max(5, int(share * task.unit)) :]
        rows = np.setdiff1d(np.arange(len(task.other)), dropped)
        place = np.full(len(task.other), -1)
        place[rows] = np.arange(len(rows))
        B = task.other.repeat(rows)
        left = task.gold.left if task.B is not None else place[task.gold.left]
        right = place[task.gold.right]
        kept = (left >= 0) & (right >= 0)
        gold = Matches(left[kept], right[kept])
        tables = (B, None) if task.B is None else (task.A, B)
        yield task_of(f"{task.name}, {share:.0%}", *tables, gold)


def twice(task: Task) -> Iterator[Task]:
    """Put one table on both sides, without copies among the matches and with them."""
    A, B = task.A, task.A.repeat(np.arange(len(task.A)))
    text, _ = A.text_groups(B)
    left = np.r_[task.gold.left, task.gold.right]
    right = np.r_[task.gold.right, task.gold.left]
    other = text[left] != text[right]
    gold = Matches(left[other], right[other])
    found = task_of(task.name, A, B, gold)
    yield found
    order = np.argsort(text, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(text[order]) > 0, True])
    groups = [order[a:b] for a, b in pairwise(starts)]
    pairs = [np.stack(np.meshgrid(g, g), axis=-1).reshape(-1, 2) for g in groups]
    keys = found.keys(*np.concatenate([*pairs, np.stack(gold, axis=1)]).T)
    both = Matches(*np.divmod(np.unique(keys), len(B)))
    yield found._replace(name=f"{task.name}, with copies", gold=both)
    options = {"exclude_identical": True}
    yield task_of(f"{task.name}, excluded", A, B, gold, options)


def warm_up() -> None:
    """Compile loops."""
    data = make_records(30, random_state=0)
    task_of("", as_records(data.left), as_records(data.right), None)


def task_of(
    name: str, A: Records, B: Records | None, gold: Any,
    options: dict[str, Any] | None = None,
) -> Task:  # fmt: skip
    """Weigh the near pairs of two tables, or of one."""
    options = options or {}
    start = time.process_time()
    near = LikelyMatches(A, A if B is None else B, B is None, n_jobs=1, **options)
    return Task(name, A, B, gold, near, time.process_time() - start, options)


# -- priors of other sets --------------------------------------------------------------
def leave_out(task: Task, tasks: list[Task]) -> None:
    """Give a task the priors of the others with scores of the same kind."""
    source = SAME.get(task.name, task.name)
    near = task.near.readings[-1]
    prior = near.prior
    others = [
        moments(other)
        for other in tasks
        if SAME.get(other.name, other.name) != source
        and other.near.readings[-1].prior.start == prior.start
    ]
    columns = np.array(others).T
    centre, width, slope = (
        (float(c.mean()), max(0.1, float(c.std()))) for c in columns
    )
    prior = prior._replace(centre=centre, width=width, slope=slope)
    mixture = ScoreMixture(near.scores, prior, near.copies)
    task.near.readings[-1] = near._replace(prior=prior, mixture=mixture)


def moments(task: Task) -> tuple[float, float, float]:
    """Mean and log deviation of scores of matches, and how fast others fall off."""
    near = task.near.readings[-1]
    true = np.isin(near.keys, task.keys(*task.gold))
    scores = near.scores[true].astype(float)
    steps = near.prior.step * np.arange(7)
    counts = np.histogram(near.scores[~true], near.prior.start + steps)[0] + 0.5
    fall = np.polyfit(steps[:-1], np.log(counts), 1, w=np.sqrt(counts))[0]
    return float(scores.mean()), float(np.log(scores.std())), float(-fall)


# -- figures ---------------------------------------------------------------------------
def lines(task: Task, more: bool) -> Iterator[tuple[str, list[str], list[Any]]]:
    """Cells of each blocker, and errors."""
    truth = task.keys(*task.gold)
    for name, make in (("tfidf", TfidfBlocker), ("nlsh", NLSHBlocker)):
        seed = {} if name == "tfidf" else {"random_state": 0}
        model = make(budget=None, n_jobs=1, **seed, **task.options).fit(task.A, task.B)
        pairs = model.candidate_pairs(task.A, task.B)
        copies = scores_of_copies(model, task)
        cells, found, old = [], [], []
        for times in TIMES:
            best = pairs.head(times * task.unit)
            cell, error, held = compared(task, best, truth)
            true = float(np.isin(truth, best.keys).mean())
            old.append(float(np.mean(copies >= best.scores[-1])))
            cells.append(cell)
            found.append((error, old[-1] - true, held))
        cells.append(" / ".join(f"{100 * share:.1f}" for share in old))
        cells += [at_target(task, pairs, truth), f"{task.cpu:.2f}"]
        yield name, cells, found
    if more:
        column = list(task.A.columns)[1]
        key = KeyBlocker(column)
        hashes = MinHashBlocker(threshold=0.3, random_state=0, n_jobs=1)
        for name, model in (("key", key), ("minhash", hashes)):
            pairs = model.fit_candidate_pairs(task.A, task.B)
            cell, error, held = compared(task, pairs, truth)
            size = f"{len(pairs) / task.unit:.2f}x: "
            yield name, [size + cell, "", "", "", "", ""], [(error, np.nan, held)]


def compared(task: Task, pairs: Any, truth: Any) -> tuple[str, float, bool]:
    """Cell, error, and whether the interval holds the truth but for a point."""
    true = float(np.isin(truth, pairs.keys).mean())
    guess = task.near.estimate(pairs.left_rows, pairs.right_rows)
    held = guess.low - 0.01 <= true <= guess.high + 0.01
    low, high = (f"{100 * bound:.0f}" for bound in guess[1:3])
    mark = ("?" if guess.doubts else "") + ("" if held else " *")
    cell = f"{100 * true:.1f}: {100 * guess.recall:.1f} ({low} to {high}){mark}"
    return cell, guess.recall - true, held


def at_target(task: Task, pairs: Any, truth: Any) -> str:
    """Tell what a target recall gives within 5x."""
    within = pairs.head(TIMES[-1] * task.unit)
    needed = task.near.needed(within.left_rows, within.right_rows, TARGET)
    taken = len(within) if needed is None else needed
    places = np.flatnonzero(np.isin(pairs.keys, truth))
    wanted = int(np.ceil(TARGET * len(truth)))
    best = "-"
    if len(places) >= wanted:
        best = f"{(places[wanted - 1] + 1) / task.unit:.2f}"
    recall = np.isin(truth, pairs.head(taken).keys).mean()
    return f"{100 * recall:.1f} at {taken / task.unit:.2f}x (of {best})"


def scores_of_copies(model: Any, task: Task) -> Any:
    """Scores of changed copies by a blocker's own measure."""
    from graphrep.blocking._lexical_neighbours import lexical_neighbours

    def nearest(A: Records, B: Records, one_table: bool) -> Any:
        if isinstance(model, NLSHBlocker):
            return model._neighbours(A, B, one_table)
        return lexical_neighbours(A, B, one_table=one_table, n_jobs=1)

    lists = nearest(task.A, task.other, task.B is None)
    return copy_scores(
        task.other, lists[1], lambda copied: nearest(copied, task.other, False)[0],
        model.assignment_, seed=0, n_copies=1000,
    )  # fmt: skip


if __name__ == "__main__":
    main()
