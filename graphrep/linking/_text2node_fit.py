"""The steps of a fit of Text2Node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._devices import single_torch_thread, torch_device
from graphrep._utils._progress import Progress
from graphrep.exceptions import GraphValueError
from graphrep.linking._mapper_losses import unit
from graphrep.linking._mapper_training import (
    History,
    Pairs,
    Recipe,
    Training,
    make_pairs,
)
from graphrep.linking._node_targets import (
    NodeTargets,
    name_vectors,
    structure_vectors,
)
from graphrep.linking._numpy_mapper import NumpyMapper
from graphrep.linking._phrase_encoder import PhraseEncoder, Phrases
from graphrep.linking._taxonomy import Taxonomy, read_taxonomy, texts_of
from graphrep.linking._text2node_gold import gold_sets
from graphrep.linking._tokenizer import split_all
from graphrep.linking._word_vectors import word_vectors
from graphrep.typing import FloatArray, IntArray

_LARGEST_BANK = 5000  # phrases that a corrector of hubs looks at


class Given(NamedTuple):
    """What a fit was given.

    Attributes
    ----------
    taxonomy : Taxonomy
    names : list of list of str
        Words of all names.
    pairs : Pairs
        Distinct phrases and their nodes.
    """

    taxonomy: Taxonomy
    names: list[list[str]]
    pairs: Pairs


class Parts(NamedTuple):
    """What a fit made; ``bank`` holds some of its phrases and a node of each."""

    encoder: PhraseEncoder
    mapper: Any
    node_vectors: FloatArray
    gate: FloatArray | None
    history: History
    bank: tuple[Phrases, IntArray]


def read_pairs(model: Any, X: Any, phrases: Any, nodes: Any) -> Given:
    """Read the taxonomy, and the phrases with the positions of their nodes."""
    taxonomy = read_taxonomy(X)
    terminology = taxonomy.terminology
    names = split_all(list(terminology.name_texts), model.tokenizer)
    if phrases is None:
        if nodes is not None:
            raise GraphValueError("nodes were given without phrases; pass both.")
        lines, right = names, np.asarray(terminology.name_concepts, np.int64)
        weights = _name_weights(model.kind_weights, terminology)
        kept = np.flatnonzero(weights > 0)
        lines = [lines[row] for row in kept.tolist()]
        right, weights = right[kept], weights[kept]
    else:
        if nodes is None:
            raise GraphValueError("phrases were given without nodes; pass both.")
        given = split_all(phrases, model.tokenizer)
        sets = gold_sets(terminology, nodes, len(given))
        sizes = [len(one) for one in sets]
        lines = [line for line, n in zip(given, sizes, strict=True) for _ in range(n)]
        right = np.concatenate(sets)
        weights = np.ones(len(right), np.float32)
    lines = [line[: model.max_length] for line in lines]
    pairs = make_pairs(lines, right, weights)
    if not len(pairs.lines):
        raise GraphValueError("No phrase has a word; there is nothing to learn from.")
    return Given(taxonomy, names, pairs)


def _name_weights(kind_weights: Any, terminology: Any) -> FloatArray:
    weights = np.ones(len(terminology.name_texts), np.float32)
    for kind, weight in (kind_weights or {}).items():
        if kind not in terminology.KINDS:
            raise GraphValueError(
                f"kind_weights names the kind {kind!r}; kinds are "
                f"{', '.join(map(repr, terminology.KINDS))}."
            )
        if not (np.isfinite(weight) and weight >= 0):
            raise GraphValueError(f"The weight of kind {kind!r} is {weight!r}.")
        code = terminology.KINDS.index(kind)
        weights[np.asarray(terminology.name_kinds) == code] = weight
    return weights


def build(model: Any, given: Given, seed: int, progress: Progress) -> Parts:
    """Learn word vectors, targets and the map."""
    taxonomy, names, pairs = given
    words = word_vectors(
        model.word_vectors, texts_of(taxonomy.terminology), seed=seed,
        tokenizer=model.tokenizer, n_jobs=model.n_jobs,
    )  # fmt: skip
    encoder = PhraseEncoder(words, model.pooling, model.max_length)
    lines = [*names, *map(list, pairs.lines)]
    both = encoder.fit(lines)
    of_names = both.take(np.arange(len(names)))
    phrases = both.take(np.arange(len(names), len(lines)))
    targets = make_targets(model, given, encoder, of_names, seed)
    mapper = make_mapper(model, encoder, targets.vectors().shape[1], seed)
    training = Training(mapper, targets, pairs, phrases, _recipe(model, seed))
    shift, scale = _standard(targets.vectors(), model.loss)
    training.standardise(shift, scale)
    history = training.run(progress)
    made = targets.vectors()
    known = made.any(axis=1, keepdims=True)
    vectors = unit(np.where(known, (made - shift) / scale, 0))
    gate = targets.lengths if model.target == "gated" else None
    some = training.rows[:: -(-len(training.rows) // _LARGEST_BANK)]
    bank = phrases.take(pairs.phrases[some]), pairs.nodes[some]
    return Parts(encoder, mapper, vectors, gate, history, bank)


def _recipe(model: Any, seed: int) -> Recipe:
    return Recipe(
        model.loss, model.tau, model.n_random, model.batch_size, model.n_epochs,
        model.learning_rate, model.held_out, model.patience,
        model.gate_drop if model.target == "gated" else 0.0, seed,
    )  # fmt: skip


@contextmanager
def one_thread(mapper: str, device: str) -> Iterator[None]:
    """Sum in one order on a CPU, whatever the number of threads of BLAS and torch."""
    with ExitStack() as stack:
        stack.enter_context(single_blas_thread())
        if mapper in ("bilstm", "cnn"):
            torch, place = torch_device(device, why=f"mapper={mapper!r}", native=True)
            if place.type == "cpu":
                stack.enter_context(single_torch_thread(torch))
        yield


def _standard(Y: FloatArray, loss: str) -> tuple[FloatArray, FloatArray]:
    """Mean and spread of targets for squared errors, 0 and 1 for other losses."""
    if loss != "mse":
        return np.zeros(Y.shape[1], np.float32), np.ones(Y.shape[1], np.float32)
    filled = Y[Y.any(axis=1)].astype(np.float64)
    spread = filled.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1)
    return filled.mean(axis=0).astype(np.float32), spread.astype(np.float32)


def make_targets(
    model: Any, given: Given, encoder: PhraseEncoder, of_names: Phrases, seed: int
) -> NodeTargets:
    """Targets of the nodes, as ``target`` says."""
    taxonomy = given.taxonomy
    n = len(taxonomy.index)
    text = structure = None
    if model.target != "graph":
        concepts = np.asarray(taxonomy.terminology.name_concepts, np.int64)
        means = encoder.means(of_names)
        means[of_names.sizes == 0] = 0
        text = name_vectors(means, concepts, n)
    if model.target != "names":
        structure = structure_vectors(model.node_embedder, taxonomy, seed, model.n_jobs)
    return NodeTargets(
        model.target, text, structure, model.structure_weight, taxonomy.degrees
    )


def make_mapper(model: Any, encoder: PhraseEncoder, n_outputs: int, seed: int) -> Any:
    """Make a mapper of the kind that the model asks for, not trained."""
    if model.mapper in ("mlp", "linear"):
        n_hidden = model.n_hidden if model.mapper == "mlp" else 0
        return NumpyMapper(encoder, n_outputs, n_hidden, model.dropout, seed)
    from graphrep.linking._torch_mapper import TorchMapper

    return TorchMapper(
        encoder, model.mapper, n_outputs, model.n_hidden, model.dropout,
        model.n_recurrent, tuple(model.filter_widths), model.n_filters, model.device,
        seed,
    )  # fmt: skip


__all__ = ["Given", "Parts", "build", "make_mapper", "read_pairs"]
