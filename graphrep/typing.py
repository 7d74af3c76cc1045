"""Names for the types that the public functions take; nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from graphrep.graph import Graph

    IntArray: TypeAlias = NDArray[np.integer[Any]]
    FloatArray: TypeAlias = NDArray[np.floating[Any]]
    AnyArray: TypeAlias = NDArray[Any]
    GraphLike: TypeAlias = Graph | Any
else:
    IntArray = FloatArray = AnyArray = GraphLike = Any

NodeId: TypeAlias = Hashable
NodeIds: TypeAlias = "Sequence[Hashable] | AnyArray"
PathType: TypeAlias = str | PathLike[str]
SeedLike: TypeAlias = Any
DeviceLike: TypeAlias = str
