"""Bias of names that are near to everything."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from graphrep.exceptions import GraphValueError
from graphrep.retrieval import HubnessCorrector
from graphrep.typing import AnyArray, FloatArray

_BANK = 3000
_OF_A_BIAS = ("none", "csls", "is", "dualis", "sinkhorn")


def hub_bias(
    corrector: HubnessCorrector, vectors: FloatArray, owners: AnyArray
) -> FloatArray:
    """Bias of each name: float32 (n_names,), from a bank of other concepts' names.

    Raises
    ------
    GraphValueError
        For a method that is more than a bias of each name.
    """
    if corrector.method not in _OF_A_BIAS:
        raise GraphValueError(
            f"hubness must have a method of a bias for each name, one of "
            f"{', '.join(_OF_A_BIAS)}; got {corrector.method!r}."
        )
    model: Any = clone(corrector)
    if model.max_bank is None:
        model.set_params(max_bank=_BANK)
    if model.random_state is None:
        model.set_params(random_state=0)
    model.fit(vectors, query_bank=vectors, query_groups=owners, groups=owners)
    bias: FloatArray = np.asarray(model.strength_ * model.bias_, np.float32)
    return np.clip(bias, -1.4, 1.4)
