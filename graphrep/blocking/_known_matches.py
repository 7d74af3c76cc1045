"""KnownMatches: matches that a blocker was fitted with, and whose tables they are."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from graphrep.blocking._matches import Matches, scores_of_known
from graphrep.typing import AnyArray, IntArray

if TYPE_CHECKING:
    from graphrep.blocking._records import Records
    from graphrep.graph import NodeIndex

_MARK_BYTES = 16


class KnownMatches:
    """Rows of known matches, and marks of the ids of the tables that they are of.

    Parameters
    ----------
    matches : Matches
        Their rows.
    marks : sequence of two str
        `mark_of` the ids of the left and of the right table.
    """

    def __init__(self, matches: Matches, marks: tuple[str, str]) -> None:
        self.matches, self.marks = matches, marks

    @classmethod
    def of(cls, matches: Matches | None, A: Records, B: Records) -> KnownMatches | None:
        """Known matches of two tables, None where there are none."""
        if matches is None or not len(matches.left):
            return None
        return cls(matches, (mark_of(A.index), mark_of(B.index)))

    def are_of(self, A: Records, B: Records) -> bool:
        """Tell whether they are of these tables, by the ids of the records."""
        return self.marks == (mark_of(A.index), mark_of(B.index))

    def needed(
        self, left: IntArray, right: IntArray, target: float, n_right: int
    ) -> tuple[int | None, float]:
        """How many of some pairs, best first, hold a share of them, and their share.

        None where all the pairs together do not.
        """
        before = -np.arange(float(len(left)))
        places = scores_of_known(left, right, before, self.matches, n_right)
        last = np.quantile(places, 1.0 - target, method="lower")
        needed = None if np.isinf(last) else int(1 - last)
        return needed, float(np.mean(np.isfinite(places)))

    def state(self) -> tuple[dict[str, AnyArray], list[str]]:
        """Arrays and values that make them again."""
        rows = np.stack([self.matches.left, self.matches.right])
        narrow = np.int32 if rows.max(initial=0) < 2**31 else np.int64
        return {"known_rows": rows.astype(narrow)}, list(self.marks)

    @classmethod
    def from_state(
        cls, arrays: dict[str, AnyArray], marks: list[str]
    ) -> KnownMatches | None:
        """Make them again; None for a file that has none."""
        if "known_rows" not in arrays:
            return None
        rows = np.asarray(arrays["known_rows"], np.int64)
        if rows.ndim != 2 or len(rows) != 2 or not rows.size or len(marks) != 2:
            raise ValueError(
                f"known matches of shape {rows.shape}, {len(marks)} tables"
            )
        return cls(Matches(rows[0], rows[1]), (str(marks[0]), str(marks[1])))


def mark_of(index: NodeIndex) -> str:
    """Digest of the ids of a table, in order, the same in every process."""
    head = f"{len(index)} {index.is_integer} "
    digest = blake2b(head.encode(), digest_size=_MARK_BYTES)
    digest.update(np.ascontiguousarray(index.keys(), np.uint64).data)
    return digest.hexdigest()
