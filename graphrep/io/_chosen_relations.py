"""Which relations of a file a caller wants, and whether the file has them."""

from __future__ import annotations

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.typing import PathType

_LISTED = 5


def chosen_relations(given: object) -> frozenset[str] | None:
    """Relations that a caller wants, None for all of them."""
    if given is None:
        return None
    if isinstance(given, str):
        return frozenset((given,))
    if isinstance(given, (list, tuple, set, frozenset)):
        return frozenset(map(str, given))
    raise GraphValueError(
        f"relations must be a relation, a list of relations or None; got {given!r}."
    )


def refuse_unknown_relations(
    wanted: frozenset[str] | None, found: dict[str, int], path: PathType
) -> None:
    """Refuse a wanted relation that no statement of the file has."""
    unknown = sorted((wanted or frozenset()) - set(found))
    if unknown:
        known = ", ".join(map(repr, list(found)[:_LISTED]))
        raise GraphFormatError(
            f"No statement has the relation {unknown[0]!r}; there are {known}"
            f"{', …' if len(found) > _LISTED else ''}.",
            path=path,
        )
