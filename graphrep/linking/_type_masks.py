"""TypeMasks: which concepts have one of some types."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Terminology
from graphrep.typing import AnyArray, IntArray


class TypeMasks:
    """Types of concepts as flat arrays, so that a mask costs no walk over lists.

    Parameters
    ----------
    terminology : Terminology
        With types.

    Raises
    ------
    GraphTypeError
        If it has none.
    """

    def __init__(self, terminology: Terminology) -> None:
        if terminology.types is None:
            raise GraphTypeError(
                "types can be asked for only with a terminology that has types."
            )
        sizes = np.fromiter(map(len, terminology.types), np.int64)
        self._n_concepts = terminology.n_concepts
        self._known: dict[str, int] = {}
        known = self._known
        self._codes = np.fromiter(
            (known.setdefault(t, len(known)) for own in terminology.types for t in own),
            np.int32,
        )
        self._concepts = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)

    def mask(self, types: frozenset[str]) -> AnyArray:
        """Mask of the concepts with one of the types: bool (n_concepts,).

        Raises
        ------
        GraphValueError
            For a type that no concept has.
        """
        unknown = sorted(types - self._known.keys())
        if unknown:
            raise GraphValueError(
                f"No concept has the type {unknown[0]!r}; there are "
                f"{len(self._known):,} types, such as {', '.join([*self._known][:3])}."
            )
        wanted = np.zeros(len(self._known), bool)
        wanted[[self._known[one] for one in types]] = True
        out = np.zeros(self._n_concepts, bool)
        out[self._concepts[wanted[self._codes]]] = True
        return out


def by_types(
    types: Any, n_queries: int
) -> list[tuple[frozenset[str] | None, IntArray]]:
    """Group queries by the set of types that each may have; None for any type.

    Raises
    ------
    GraphValueError
        If there is a list that has not one entry for each query.
    """
    if types is None or isinstance(types, (str, set, frozenset)):
        return [(_as_set(types), np.arange(n_queries))]
    entries = list(types)
    if len(entries) != n_queries:
        raise GraphValueError(
            f"types must be a text, a set, or a list with one entry for each of "
            f"{n_queries:,} queries; got {len(entries):,} entries."
        )
    groups: dict[frozenset[str] | None, list[int]] = {}
    for query, entry in enumerate(entries):
        groups.setdefault(_as_set(entry), []).append(query)
    return [(key, np.array(rows)) for key, rows in groups.items()]


def _as_set(types: Any) -> frozenset[str] | None:
    if types is None:
        return None
    return frozenset({types} if isinstance(types, str) else types)
