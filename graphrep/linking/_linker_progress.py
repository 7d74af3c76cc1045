"""How far the fit of a linker is, told stage by stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from graphrep._utils._progress import Progress, silent

_STAGES = {
    # per cent of the time that each takes (HPO, 42,499 names, without labels)
    "indexes of names": 3,
    "encoder": 62,
    "phrases to learn from": 6,
    "ranker": 5,
    "encoder, all names": 24,
}


class FitProgress:
    """Tells of stages that follow each other as one piece of work.

    Parameters
    ----------
    title : str
        What is fitted.
    progress : Progress or None
        Who looks; None for nobody.
    """

    def __init__(self, title: str, progress: Progress | None) -> None:
        self.title, self.progress = title, progress or silent
        self.stage = next(iter(_STAGES))

    def begin(self, stage: str) -> None:
        """Tell that a stage, one of `_STAGES`, begins."""
        self.stage = stage
        self.within(stage, 0, 1)

    def within(self, label: str, done: int, total: int) -> None:
        """Tell how far the stage is; a `Progress` for what works in it."""
        names = list(_STAGES)
        before = sum(_STAGES[name] for name in names[: names.index(self.stage)])
        share = done / total if total else 0.0
        at = before + round(_STAGES[self.stage] * share)
        self.progress(f"{self.title}: {self.stage}", at, sum(_STAGES.values()))

    @contextmanager
    def of(self, encoder: Any) -> Iterator[None]:
        """Tell how far an encoder is that learns while the block runs."""
        encoder._progress = self.within
        try:
            yield
        finally:
            del encoder._progress

    def end(self) -> None:
        """Tell that all is done."""
        total = sum(_STAGES.values())
        self.progress(self.title, total, total)
