"""Text2Node as plain arrays and numbers, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError
from graphrep.graph import Terminology
from graphrep.linking._fasttext import FastTextVectors
from graphrep.linking._phrase_encoder import PhraseEncoder
from graphrep.linking._text2node_fit import make_mapper
from graphrep.linking._word_vectors import JoinedWords, LearntWords, TableWords
from graphrep.typing import AnyArray

_PLAIN = ("node_vectors_", "gate_")
_NUMBERS = ("losses_", "held_out_mrr_", "best_epoch_", "random_seed_")
_FASTTEXT = ("counts_", "ngrams_", "input_", "vectors_")

State = tuple[dict[str, AnyArray], dict[str, Any]]


def pack(texts: Sequence[str]) -> AnyArray:
    """Texts as one array of bytes."""
    return np.frombuffer(json.dumps(list(texts)).encode(), np.uint8)


def unpack(data: AnyArray) -> list[str]:
    """Undo `pack`.

    Raises
    ------
    ValueError
        If it is no list of texts.
    """
    texts = json.loads(np.asarray(data, np.uint8).tobytes().decode())
    if not isinstance(texts, list) or {*map(type, texts)} - {str}:
        raise ValueError("a packed column that is no list of texts")
    return texts


def state_of(model: Any) -> State:
    """Take a fitted model apart.

    Raises
    ------
    GraphTypeError
        For word vectors that only their package can read.
    """
    arrays = {
        name: getattr(model, name)
        for name in _PLAIN
        if getattr(model, name) is not None
    }
    scalars: dict[str, Any] = {name: getattr(model, name) for name in _NUMBERS}
    terminology, encoder = model.terminology_, model._encoder
    arrays["name_texts"] = pack(list(terminology.name_texts))
    arrays["name_concepts"] = np.asarray(terminology.name_concepts, np.int64)
    arrays["name_kinds"] = np.asarray(terminology.name_kinds, np.uint8)
    for name, array in model._mapper.state().items():
        arrays[f"map_{name}"] = array
    arrays["weight_words"] = pack(list(encoder.weights))
    arrays["weight_values"] = np.array([*encoder.weights.values()], np.float64)
    if encoder.direction is not None:
        arrays["direction"] = encoder.direction
    scalars |= {"default_weight": encoder.default, "scales": encoder.words.scales}
    scalars["parts"] = [
        _take_apart(part, f"part{i}_", arrays)
        for i, part in enumerate(encoder.words.parts)
    ]
    return arrays, scalars


def _take_apart(part: Any, prefix: str, arrays: dict[str, AnyArray]) -> dict[str, Any]:
    """Write the arrays of one source of word vectors; return what else it needs."""
    if isinstance(part, TableWords):
        arrays[prefix + "words"], arrays[prefix + "table"] = (
            pack(part.words),
            part.table,
        )
        return {"kind": "table"}
    model = getattr(part, "model", None)
    if type(model) is not FastTextVectors:
        raise GraphTypeError(
            f"Word vectors of {type(model).__name__} cannot be saved; pickle the "
            "estimator, or fit it with FastTextVectors or a table of words."
        )
    for name in _FASTTEXT:
        arrays[prefix + name.strip("_")] = getattr(model, name)
    arrays[prefix + "words"] = pack(model.words_.tolist())
    parameters = {"min_n", "max_n", "n_buckets", "n_components"}
    return {"kind": "fasttext", **{name: getattr(model, name) for name in parameters}}


def restore_state(
    model: Any, arrays: dict[str, AnyArray], scalars: dict[str, Any]
) -> None:
    """Put a model together whose ``node_ids_`` are set already."""
    parts = [
        _put_together(part, f"part{i}_", arrays)
        for i, part in enumerate(scalars["parts"])
    ]
    words = JoinedWords(parts)
    words.scales = list(scalars["scales"])
    encoder = PhraseEncoder(words, model.pooling, model.max_length)
    values = np.asarray(arrays["weight_values"]).tolist()
    encoder.weights = dict(zip(unpack(arrays["weight_words"]), values, strict=True))
    encoder.default = float(scalars["default_weight"])
    if "direction" in arrays:
        encoder.direction = np.asarray(arrays["direction"])
    vectors = arrays["node_vectors_"]
    mapper = make_mapper(model, encoder, vectors.shape[1], int(scalars["random_seed_"]))
    mapper.restore({n[4:]: a for n, a in arrays.items() if n.startswith("map_")})
    model._encoder, model._mapper, model._hubness = encoder, mapper, None
    model.terminology_ = Terminology(
        model.node_ids_, unpack(arrays["name_texts"]), arrays["name_concepts"],
        name_kinds=arrays["name_kinds"],
    )  # fmt: skip
    model.gate_ = arrays.get("gate_")
    for name in _NUMBERS:
        setattr(model, name, scalars[name])
    model.node_vectors_ = vectors


def _put_together(
    part: dict[str, Any], prefix: str, arrays: dict[str, AnyArray]
) -> Any:
    words = unpack(arrays[prefix + "words"])
    if part["kind"] == "table":
        return TableWords(words, arrays[prefix + "table"])
    names = ("min_n", "max_n", "n_buckets", "n_components")
    model = FastTextVectors(**{name: part[name] for name in names})
    model.words_ = np.array(words, object)
    for name in _FASTTEXT:
        setattr(model, name, arrays[prefix + name.strip("_")])
    return LearntWords(model)


__all__ = ["pack", "restore_state", "state_of", "unpack"]
