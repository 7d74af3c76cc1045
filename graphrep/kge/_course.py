"""Course: epochs one after the other, looks at validation, and the best of them."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from graphrep._utils._progress import Progress
from graphrep.kge._batches import Batches, Tables
from graphrep.kge._checkpoint import Checkpoint
from graphrep.typing import AnyArray

_log = logging.getLogger("graphrep")
Look = Callable[[Tables], float]


class Plan(NamedTuple):
    """How long to train, and when to look.

    Attributes
    ----------
    name : str
        What is trained, for progress and log.
    n_epochs, validate_every : int
        Epochs at most, and from look to look.
    patience : int or None
        Looks without a better MRR after which it ends.
    learning_rate, decay : float
        For the history.
    verbose : bool
        Whether looks are logged.
    """

    name: str
    n_epochs: int
    validate_every: int
    patience: int | None
    learning_rate: float
    decay: float
    verbose: bool


class Course:
    """A training as far as it has come.

    Parameters
    ----------
    seed : int
        Seed of the training, kept with it.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.history: list[dict[str, Any]] = []
        self.best: Tables | None = None
        self.best_epoch = 0
        self.best_mrr = -math.inf
        self.bad_looks = 0

    def run(
        self,
        trainer: Batches,
        plan: Plan,
        look: Look | None,
        tell: Progress,
        checkpoint: Checkpoint | None = None,
    ) -> Tables:
        """Train from where it stands to the end; returns the parameters to keep.

        Parameters
        ----------
        trainer : Batches
            What is trained.
        plan : Plan
            How long.
        look : callable or None
            Gives the validation MRR of parameters.
        tell : Progress
            Told after each epoch.
        checkpoint : Checkpoint or None, default=None
            Written after each look.
        """
        seen = ""
        while len(self.history) < plan.n_epochs and not self._is_over(plan):
            epoch = len(self.history)
            looks = (epoch + 1) % plan.validate_every == 0
            looks = looks or epoch + 1 == plan.n_epochs
            start = time.process_time()
            loss = trainer.epoch(epoch, looks)
            seconds = time.process_time() - start
            mrr = look(trainer.tables()) if looks and look is not None else None
            self._note(trainer, plan, loss if looks else None, mrr, seconds)
            if looks:
                seen = _figures(loss, mrr)
                if checkpoint is not None:
                    checkpoint.write(*self._packed(trainer))
            tell(f"{plan.name}{seen}", epoch + 1, plan.n_epochs)
        if self.best is None:
            self.best_epoch = len(self.history)
            return trainer.tables()
        return self.best

    def resume(
        self, trainer: Batches, arrays: dict[str, AnyArray], record: dict[str, Any]
    ) -> None:
        """Stand where a checkpoint stood."""
        best = arrays.pop("best_entities", None), arrays.pop("best_relations", None)
        if best[0] is not None and best[1] is not None:
            self.best = best[0], best[1]
        trainer.restore(arrays)
        self.history = record["history"]
        self.best_epoch, self.bad_looks = record["best_epoch"], record["bad_looks"]
        mrr = record["best_mrr"]
        self.best_mrr = -math.inf if mrr is None else mrr

    def _is_over(self, plan: Plan) -> bool:
        return plan.patience is not None and self.bad_looks >= plan.patience

    def _note(
        self,
        trainer: Batches,
        plan: Plan,
        loss: float | None,
        mrr: float | None,
        seconds: float,
    ) -> None:
        epoch = len(self.history)
        record = {
            "epoch": epoch + 1,
            "loss": loss,
            "learning_rate": plan.learning_rate * plan.decay**epoch,
            "seconds": seconds,
            "valid_mrr": mrr,
        }
        self.history.append(record)
        if plan.verbose and loss is not None:
            _log.info("%s: epoch %d%s", plan.name, epoch + 1, _figures(loss, mrr))
        if mrr is None:
            return
        if mrr > self.best_mrr:
            self.best_mrr, self.best_epoch, self.bad_looks = mrr, epoch + 1, 0
            entities, relations = trainer.tables()
            self.best = entities.copy(), relations.copy()
        else:
            self.bad_looks += 1

    def _packed(self, trainer: Batches) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        arrays = trainer.state()
        if self.best is not None:
            arrays["best_entities"], arrays["best_relations"] = self.best
        record = {
            "seed": self.seed,
            "history": self.history,
            "best_epoch": self.best_epoch,
            "bad_looks": self.bad_looks,
            "best_mrr": self.best_mrr if math.isfinite(self.best_mrr) else None,
        }
        return arrays, record


def _figures(loss: float, mrr: float | None) -> str:
    valid = "" if mrr is None else f", valid MRR {mrr:.3f}"
    return f": loss {loss:.4g}{valid}"
