"""What encodes texts for a linker, whoever made it, as a function of unit vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.linking._linker_views import Encode
from graphrep.typing import FloatArray


def encode_with(encoder: Any) -> Encode:
    """Give the function that makes unit vectors of texts.

    Parameters
    ----------
    encoder : object with ``transform`` or ``encode``, or callable

    Raises
    ------
    GraphTypeError
        If it is nothing that encodes.
    GraphValueError
        When called, if it does not give a row for each text.
    """
    call = next(
        (
            getattr(encoder, name)
            for name in ("transform", "encode")
            if hasattr(encoder, name)
        ),
        encoder,
    )
    if not callable(call):
        raise GraphTypeError(
            "encoder must have transform or encode, or be a function; got "
            f"{type(encoder).__name__}."
        )

    def encode(texts: Sequence[str]) -> FloatArray:
        rows = np.asarray(call(list(texts)), np.float32)
        if rows.ndim != 2 or len(rows) != len(texts):
            raise GraphValueError(
                f"The encoder must give a row for each of {len(texts):,} texts; "
                f"got shape {rows.shape}."
            )
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        out: FloatArray = rows / np.maximum(lengths, 1e-9)
        return out

    return encode
