"""A terminology inside a saved model, as arrays and plain values, and back."""

from __future__ import annotations

from typing import Any

from graphrep.graph import NodeIndex, Terminology
from graphrep.graph import _terminology_store as store
from graphrep.typing import AnyArray

_PREFIX = "terminology_"


def terminology_state(
    terminology: Terminology,
) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """Take a terminology apart; its ids are left out, a model keeps them itself."""
    arrays = {
        f"{_PREFIX}{name}": array
        for name, array in store.arrays_of(terminology).items()
        if name != "ids" and not name.startswith("ids_")
    }
    return arrays, {"terminology": store.manifest_of(terminology)}


def terminology_of_state(
    ids: AnyArray, arrays: dict[str, AnyArray], scalars: dict[str, Any]
) -> Terminology:
    """Undo `terminology_state`."""
    own = {
        name.removeprefix(_PREFIX): array
        for name, array in arrays.items()
        if name.startswith(_PREFIX)
    }
    return store.rebuilt(scalars["terminology"], own, NodeIndex(ids))
