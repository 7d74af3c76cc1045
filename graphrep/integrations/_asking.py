"""Any linker asked in one way, and what is done with its answers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Terminology
from graphrep.linking import CandidateList

_WIDER = 4  # times k, where types are looked at behind the search


class Linker(Protocol):
    """What finds the concepts of phrases."""

    def candidates(self, phrases: Sequence[str], k: int) -> CandidateList:
        """Find the k best concepts of each phrase."""
        ...


def terminology_of(linker: Any) -> Terminology:
    """Terminology that a linker was fitted to.

    Raises
    ------
    GraphTypeError
        If it has none.
    """
    known = getattr(linker, "terminology_", None)
    if isinstance(known, Terminology):
        return known
    raise GraphTypeError(
        f"A fitted linker with terminology_ is needed; got {type(linker).__name__}."
    )


def read_linker(linker: Any) -> Any:
    """Check that there is a ``candidates`` method."""
    if not callable(getattr(linker, "candidates", None)):
        raise GraphTypeError(
            "A linker needs a method candidates(phrases, k), as NGramIndex has; got "
            f"{type(linker).__name__}."
        )
    terminology_of(linker)
    return linker


def ask(
    linker: Any, phrases: Sequence[str], k: int, types: Sequence[Any] | None = None,
    contexts: Sequence[str | None] | None = None,
) -> CandidateList:  # fmt: skip
    """Candidates of phrases, each of the types that it may have.

    ``contexts``, the text that each phrase stands in, go to linkers that take them. A
    linker whose ``candidates`` has no ``types`` is asked for 4 k concepts, of which
    those of other types are dropped, so that fewer than k may be left.
    """
    if not len(phrases):
        none = np.empty(0, np.int64)
        return CandidateList([0], none, none, terminology_of(linker), mentions=())
    takes = inspect.signature(linker.candidates).parameters
    more: dict[str, Any] = {}
    if contexts is not None and "contexts" in takes:
        more["contexts"] = contexts
    found: CandidateList
    if types is None or all(one is None for one in types):
        return linker.candidates(phrases, k, **more)  # type: ignore[no-any-return]
    if "types" in takes:
        found = linker.candidates(phrases, k, types=types, **more)
        return found
    found = linker.candidates(phrases, _WIDER * k, **more)
    return found.restrict(types=list(types)).top(k)


def types_of_labels(
    labels: Sequence[Any], types: Mapping[Any, Any] | None
) -> list[frozenset[str] | None] | None:
    """Types that a concept may have by the labels of mentions; None for any."""
    if types is None:
        return None
    table = {
        label: frozenset({wanted} if isinstance(wanted, str) else wanted)
        for label, wanted in types.items()
    }
    return [table.get(label) for label in labels]


def looked_up(found: CandidateList, given: Sequence[Any] | None, what: str) -> Any:
    """Ids of what was looked up, one for each query; the mentions where none is given.

    Raises
    ------
    GraphValueError
        If there are not as many as queries, or neither ids nor mentions.
    """
    subjects = found.mentions if given is None else given
    if subjects is None or len(subjects) != len(found):
        raise GraphValueError(
            f"{what} are needed for {len(found):,} queries; got "
            f"{'none' if subjects is None else format(len(subjects), ',')}."
        )
    return subjects


def best_of(found: CandidateList, top: int, threshold: float | None) -> CandidateList:
    """Keep the first candidates of each query, none below a threshold."""
    kept = found.top(top)
    return kept if threshold is None else kept.above(threshold)


def one_line(text: str) -> str:
    """Text without the tabs and line feeds that a table cannot hold."""
    return " ".join(text.split())
