"""Training of encoders in epochs, stopped by recall of matches held out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from graphrep._utils._progress import Progress, silent
from graphrep.blocking._augment import augment
from graphrep.blocking._encoder import vector_neighbours
from graphrep.blocking._losses import MatchLoss
from graphrep.blocking._matches import Matches
from graphrep.blocking._miner import TupleMiner, Tuples
from graphrep.blocking._records import Records
from graphrep.blocking._relative import Neighbours, scored_pairs
from graphrep.exceptions import GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray

BUDGETS = (1, 2, 3, 5)
"""Pairs in all, times the records of the smaller table, at which recall is taken."""
_HELD_OUT = 0.1
_MOST_PAIRS = 1_000_000_000  # beyond, all pairs are not compared in each epoch
_SAMPLE = 4_000  # records of a table that are compared then


class Trainable(Protocol):
    """What an encoder does in training."""

    def epoch(self, parts: list[Tuples], number: int, progress: Progress) -> float:
        """Learn from tuples; return the mean loss."""
        ...

    def vectors(self, records: Records) -> FloatArray:
        """Vectors of records as the encoder is."""
        ...

    def state(self) -> Any:
        """Copy of all that is learnt."""
        ...

    def restore(self, state: Any) -> None:
        """Put a state back."""
        ...


@dataclass
class History:
    """What happened in training."""

    losses: list[float] = field(default_factory=list)
    """Mean loss of each epoch."""
    recalls: list[float] = field(default_factory=list)
    """Held-out recall before training and after each epoch."""
    best_epoch: int = 0
    """Epochs whose outcome was kept; 0 if training did not help."""

    @classmethod
    def of_state(cls, values: dict[str, Any] | None) -> History | None:
        """Undo ``vars``, for what was kept in a file; None stays None."""
        return None if values is None else cls(**values)


def train(
    model: Trainable, A: Records, B: Records, miner: TupleMiner, *, n_epochs: int,
    patience: int, seed: int, n_jobs: int | None = None, progress: Progress = silent,
) -> History:  # fmt: skip
    """Train, and keep the epoch with the best recall of matches held out.

    Parameters
    ----------
    model : Trainable
        The encoder.
    A, B : Records
        Tables; the same object for one table.
    miner : TupleMiner
        Fitted to them. A tenth of its matches is held out.
    n_epochs : int
        Most epochs.
    patience : int
        Epochs without a better recall after which training ends.
    seed : int
        Draws the matches held out.
    n_jobs : int or None, default=None
        Threads of the look-up of neighbours.
    progress : callable, default=silent
        Called with how far it is.

    Returns
    -------
    History

    Raises
    ------
    GraphValueError
        If the loss is not finite.

    Notes
    -----
    The score of an epoch is the mean recall of the matches held out among the best 1,
    2, 3 and 5 pairs for each record of the smaller table. Matches that are no labels
    but near records are found by any model, so the left records of those are changed
    by `augment` first. Training that never has a better score than none is undone.
    Near negatives are looked up anew in each epoch; where there are more than 10^9
    pairs those of the miner stay, and recall is taken among 4,000 records of a table.
    """
    one_table = miner.one_table_
    inner, held_out = miner.split(_HELD_OUT, seed)
    judge = _Judge(A, B, held_out, miner.source_ == "neighbours", one_table, seed)
    history = History()
    score, lists = judge(model, n_jobs)
    history.recalls.append(score)
    best, state = score, model.state()
    for number in range(n_epochs):
        progress("train", number, n_epochs)
        loss = model.epoch(inner.tuples(number, lists), number, progress)
        if not np.isfinite(loss):
            raise GraphValueError(
                f"The loss is {loss} in epoch {number + 1}; lower learning_rate."
            )
        score, lists = judge(model, n_jobs)
        history.losses.append(loss)
        history.recalls.append(score)
        if score > best or not len(held_out.left):
            best, state, history.best_epoch = score, model.state(), number + 1
        elif number + 1 - history.best_epoch >= patience:
            break
    model.restore(state)
    return history


class _Judge:
    """Recall of matches held out, and neighbours, of a model as it is."""

    def __init__(
        self, A: Records, B: Records, held_out: Matches, change: bool, one_table: bool,
        seed: int,
    ) -> None:  # fmt: skip
        self.one_table = one_table
        self.whole = len(A) * len(B) <= _MOST_PAIRS
        left, right = held_out
        if not self.whole:
            draw = np.random.default_rng(seed)
            if one_table:
                A, rows = _sampled(A, np.concatenate([left, right]), draw)
                B, (left, right) = A, np.split(rows, 2)
            else:
                A, left = _sampled(A, left, draw)
                B, right = _sampled(B, right, draw)
        self.A, self.B = A, B
        self.held_out = Matches(left, right)
        self.rows = np.unique(left)
        self.copies = None
        if change and len(self.rows):
            self.copies = augment(A, "all", rows=self.rows, seed=seed)

    def __call__(
        self, model: Trainable, n_jobs: int | None
    ) -> tuple[float, tuple[Neighbours, Neighbours] | None]:
        X = model.vectors(self.A)
        Y = X if self.one_table else model.vectors(self.B)
        lists = asked = vector_neighbours(X, Y, one_table=self.one_table, n_jobs=n_jobs)
        if self.copies is not None:
            X = X.copy()
            X[self.rows] = model.vectors(self.copies)
            Y = X if self.one_table else Y
            asked = vector_neighbours(X, Y, one_table=self.one_table, n_jobs=n_jobs)
        recall = recall_curve(asked, self.held_out, self.one_table, BUDGETS)
        return float(np.mean(recall)), lists if self.whole else None


def recall_curve(
    lists: tuple[Neighbours, Neighbours], matches: Matches, one_table: bool,
    budgets: Any, assignment: str = "one-to-one",
) -> FloatArray:  # fmt: skip
    """Recall of matches among the best pairs of all.

    Parameters
    ----------
    lists : tuple of Neighbours
        Of both tables.
    matches : Matches
        Rows of the matches.
    one_table : bool
        Whether both are the same table.
    budgets : sequence of float
        Pairs in all, times the records of the smaller table.
    assignment : str, default="one-to-one"
        See `TfidfBlocker`.

    Returns
    -------
    ndarray of shape (n_budgets,)
        1 where there are no matches.
    """
    n, m = len(lists[0].rows), len(lists[1].rows)
    found = scored_pairs(*lists, assignment, one_table=one_table)
    left, right, scores = found.left, found.right, found.scores
    a, b = np.asarray(matches.left), np.asarray(matches.right)
    if one_table:
        left, right = np.minimum(left, right), np.maximum(left, right)
        a, b = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((right, left, -scores))
    keys = (left * np.int64(max(1, m)) + right)[order]
    _, first = np.unique(keys, return_index=True)
    keys = keys[np.sort(first)]
    wanted = a * np.int64(max(1, m)) + b
    size = n if one_table else min(n, m)
    if not len(wanted):
        return np.ones(len(budgets))
    return np.array([np.isin(wanted, keys[: round(x * size)]).mean() for x in budgets])


def same_matches(q: IntArray) -> AnyArray:
    """Tell which tuples of a batch have the same match: bool of shape (n, n)."""
    same: AnyArray = q[:, None] == q[None, :]
    return same


def batches(
    parts: list[Tuples], size: int, draw: np.random.Generator, least: int = 1
) -> list[tuple[Tuples, IntArray]]:
    """Places of tuples in random batches, each of one kind, in random order."""
    out = []
    for part in parts:
        order = draw.permutation(len(part.p))
        cuts = [order[i : i + size] for i in range(0, len(order), size)]
        out += [(part, cut) for cut in cuts if len(cut) >= least]
    return [out[i] for i in draw.permutation(len(out))]


def least_batch(loss: MatchLoss) -> int:
    """Fewest tuples of a batch that a loss can say anything about."""
    return 2 if loss.name == "barlow" else 1


def _sampled(
    records: Records, rows: AnyArray, draw: np.random.Generator
) -> tuple[Records, AnyArray]:
    """Draw records, those of the matches among them; and say where those stand."""
    some = draw.choice(len(records), min(_SAMPLE, len(records)), replace=False)
    kept = np.union1d(some, rows)
    return records.take(kept), np.searchsorted(kept, rows)
