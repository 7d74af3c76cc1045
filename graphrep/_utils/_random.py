"""Seeds: one 64-bit number for each fit, drawn once."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError


def draw_seed(random_state: Any) -> int:
    """Return one seed in [0, 2**63) from anything that people pass as a seed.

    An integer is used as it is, so that the same integer gives the same result on
    every call; a generator is read once; ``None`` takes fresh entropy.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0]) >> 1
    if isinstance(random_state, numbers.Integral):
        return int(random_state) & 0x7FFF_FFFF_FFFF_FFFF
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(0, 2**63, dtype=np.int64))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(0, 2**63 - 1, dtype=np.int64))
    raise GraphTypeError(
        "random_state must be an int, a numpy RandomState or Generator, or None; "
        f"got {random_state!r}."
    )
