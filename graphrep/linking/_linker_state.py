"""PhraseLinker as plain arrays and numbers, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.graph import TextColumn
from graphrep.linking._key_table import KeyTable
from graphrep.linking._linker_ranker import Ranker
from graphrep.linking._linker_views import NameViews, part_of
from graphrep.linking._name_encoder import NameEncoder
from graphrep.linking._terminology_state import terminology_of_state, terminology_state
from graphrep.typing import AnyArray

_NUMBERS = ("ranker_", "n_labels_", "random_seed_")
_VIEWS, _RANKER, _ENCODER = "views_", "order_", "encoder_"


def parameters_of(linker: Any) -> dict[str, Any]:
    """Parameters for a file; an encoder that is an object is kept beside them."""
    parameters: dict[str, Any] = linker.get_params(deep=False)
    if not isinstance(linker.encoder, str):
        parameters["encoder"] = None
    parameters["hubness"] = None  # its bias is among the arrays
    return parameters


def state_of(linker: Any) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """Take a fitted linker apart."""
    arrays, scalars = terminology_state(linker.terminology_)
    arrays |= {f"{_VIEWS}{n}": a for n, a in linker._views.state().items()}
    arrays |= {"sources": linker._sources, "depth": linker._depth}
    learnt = linker._learnt
    arrays |= {"learnt": np.asarray(learnt.data), "learnt_ends": learnt.offsets}
    table = linker._table_of_ids()
    arrays |= {"id_hashes": table.hashes, "id_rows": table.rows}
    if linker._ranker is not None:
        arrays |= {f"{_RANKER}{n}": a for n, a in linker._ranker.state().items()}
    scalars |= {name: getattr(linker, name) for name in _NUMBERS}
    encoder = linker.encoder_
    scalars["encoder_kind"] = "none" if linker._views.vectors is None else "foreign"
    if isinstance(encoder, NameEncoder):
        own, numbers = encoder._fitted_state()
        arrays |= {f"{_ENCODER}{n}": a for n, a in own.items()}
        settings = encoder.get_params(deep=False)
        settings["orders"] = list(settings["orders"])
        scalars |= {
            "encoder_kind": "names", "encoder_state": numbers,
            "encoder_settings": settings,
            "encoder_given": not isinstance(linker.encoder, str),
        }  # fmt: skip
    return arrays, scalars


def set_state(
    linker: Any, arrays: dict[str, AnyArray], scalars: dict[str, Any]
) -> None:
    """Undo `state_of`."""
    known = terminology_of_state(linker.node_ids_, arrays, scalars)
    for name in _NUMBERS:
        setattr(linker, name, scalars[name])
    linker._learnt = TextColumn.from_buffer(arrays["learnt"], arrays["learnt_ends"])
    linker._sources = arrays["sources"]
    views = NameViews.of_state(
        part_of(arrays, _VIEWS), known.n_concepts, linker.n_jobs
    )  # fmt: skip
    linker.encoder_ = None
    if scalars["encoder_kind"] == "names":
        settings = dict(scalars["encoder_settings"])
        settings["orders"] = tuple(settings["orders"])
        encoder = NameEncoder(**settings)
        encoder._set_fitted_state(part_of(arrays, _ENCODER), scalars["encoder_state"])
        linker.encoder_ = encoder
        if scalars["encoder_given"]:
            linker.encoder = NameEncoder(**settings)
    linker._set(known, views, arrays["depth"])
    linker._id_table = KeyTable(arrays["id_hashes"], arrays["id_rows"])
    own = part_of(arrays, _RANKER)
    linker._ranker = Ranker.of_state(own) if own else None
