"""Checkpoint: a training as far as it has come, in one file that is whole or absent."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._json import encode
from graphrep.exceptions import GraphFormatError, GraphValueError, ModelFileError
from graphrep.graph import KnowledgeGraph
from graphrep.io._safetensors import read_safetensors, write_safetensors
from graphrep.typing import AnyArray, PathType

_FORMAT = "graphrep-training"
_FREE = ("n_epochs", "n_jobs", "verbose", "device", "random_state")
"""Parameters that a training may go on with when they have changed."""


class Checkpoint:
    """Where a training is kept, and what it is a training of.

    Parameters
    ----------
    path : path-like
        File, replaced as a whole.
    task : dict of str to JSON value
        What must be the same for a training to go on.
    """

    def __init__(self, path: PathType, task: dict[str, Any]) -> None:
        self.path = Path(path)
        self.task = task
        if not self.path.parent.is_dir():
            raise GraphValueError(
                f"{self.path}: its folder does not exist, so no checkpoint can be "
                "written there. Make it, or give another path."
            )

    def write(self, arrays: dict[str, AnyArray], record: dict[str, Any]) -> None:
        """Replace the file by the state of now."""
        texts = {
            "format": _FORMAT,
            "task": json.dumps(self.task),
            "record": json.dumps(record),
        }
        write_safetensors(self.path, arrays, texts)

    def read(self) -> tuple[dict[str, AnyArray], dict[str, Any]] | None:
        """Give what `write` was given, None where there is no file.

        Raises
        ------
        ModelFileError
            If the file is no checkpoint, or damaged.
        GraphValueError
            If it belongs to another training.
        """
        if not self.path.exists():
            return None
        try:
            arrays, texts = read_safetensors(self.path, mmap=False)
            if texts.get("format") != _FORMAT:
                raise GraphFormatError("it holds no training of graphrep")
            task, record = json.loads(texts["task"]), json.loads(texts["record"])
        except (GraphFormatError, KeyError, ValueError) as error:
            raise ModelFileError(
                f"{self.path}: no checkpoint can be read here ({error}). Give another "
                "path, or delete the file to begin anew."
            ) from None
        self._refuse_other(task)
        return arrays, record

    def _refuse_other(self, task: dict[str, Any]) -> None:
        for name in {**self.task, **task}:
            there, here = task.get(name), self.task.get(name)
            if there != here:
                raise GraphValueError(
                    f"{self.path} belongs to another training: {name} was {there!r} "
                    f"there and is {here!r} here. Give another path, or delete the "
                    "file to begin anew."
                )


def training_task(
    model: Any, graph: KnowledgeGraph, held_out: KnowledgeGraph | None
) -> dict[str, Any]:
    """Give what a checkpoint must agree on: class, parameters, seed and triples."""
    parameters = {
        name: value
        for name, value in model.get_params(deep=False).items()
        if name not in _FREE
    }
    task: dict[str, Any] = {"class": type(model).__name__}
    task.update(encode(parameters, "parameter"))
    task["training triples"] = _digest(graph)
    task["validation triples"] = None if held_out is None else _digest(held_out)
    seed = model.random_state
    if isinstance(seed, (int, np.integer)):
        task["random_state"] = int(seed)
    return task


def _digest(graph: KnowledgeGraph) -> str:
    """Sixteen digits that tell triples, their weights and vocabularies apart."""
    found = hashlib.sha256(np.ascontiguousarray(graph.triples, "<i8").tobytes())
    if graph.weights is not None:
        found.update(np.ascontiguousarray(graph.weights, "<f8").tobytes())
    for index in (graph.entities, graph.relations):
        found.update(repr(index.ids.tolist()).encode())
    return found.hexdigest()[:16]
