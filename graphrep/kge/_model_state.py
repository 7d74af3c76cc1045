"""What a fitted model of triples is on disk: arrays and plain values, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.graph import KnowledgeGraph
from graphrep.typing import AnyArray

_TABLES = ("entity_parameters_", "relation_parameters_")
_SCALARS = ("history_", "best_epoch_", "n_iter_", "random_seed_", "device_")
_OPTIONAL = ("calibration_", "kernels_")


def fitted_state(model: Any) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """Arrays and JSON-able values of a fitted model, entity ids aside."""
    known: KnowledgeGraph = model.known_
    arrays: dict[str, AnyArray] = {name: getattr(model, name) for name in _TABLES}
    arrays["known_triples_"] = np.array(known.triples)
    if known.weights is not None:
        arrays["known_weights_"] = np.array(known.weights)
    scalars = {name: getattr(model, name) for name in _SCALARS}
    scalars |= {n: getattr(model, n) for n in _OPTIONAL if hasattr(model, n)}
    scalars["known_relations_"] = known.relations.ids.tolist()
    scalars["known_labels_"] = [
        [entity, list(texts)] for entity, texts in known.labels.items()
    ]
    return arrays, scalars


def set_fitted_state(
    model: Any, arrays: dict[str, AnyArray], scalars: dict[str, Any]
) -> None:
    """Take back what `fitted_state` gave; ``node_ids_`` is set already."""
    labels = {entity: tuple(texts) for entity, texts in scalars["known_labels_"]}
    model.known_ = KnowledgeGraph(
        arrays["known_triples_"],
        model.node_ids_,
        scalars["known_relations_"],
        weights=arrays.get("known_weights_"),
        labels=labels,
    )
    model.n_entities_ = model.known_.n_entities
    model.n_relations_ = model.known_.n_relations
    model._shape = model._geometry()
    widths = model._shape.entity_width, model._shape.relation_width
    sizes = model.n_entities_, 2 * model.n_relations_
    for name, shape in zip(_TABLES, zip(sizes, widths, strict=True), strict=True):
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has the shape {arrays[name].shape}")
        setattr(model, name, arrays[name])
    for name in _SCALARS:
        setattr(model, name, scalars[name])
    for name in _OPTIONAL:
        if name in scalars:
            setattr(model, name, scalars[name])
