"""FitOnce: blockers that need the same work for ``fit`` and for the pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphrep.blocking._blocker import Blocker
from graphrep.blocking._candidate_pairs import CandidatePairs


class FitOnce(Blocker):
    """Base of blockers whose ``fit`` builds what ``candidate_pairs`` needs again.

    ``fit_candidate_pairs`` builds it once; nothing of it is kept afterwards.
    """

    def fit_candidate_pairs(
        self, A: Any, B: Any = None, matches: Any = None
    ) -> CandidatePairs:
        """Do ``fit`` and ``candidate_pairs`` of the same tables."""
        self._memo: dict[str, Any] = {}
        try:
            return super().fit_candidate_pairs(A, B, matches)
        finally:
            del self._memo

    def _kept(self, build: Callable[..., Any], *tables: Any) -> Any:
        """Do ``build`` of the tables, only once while the memo is there."""
        memo = getattr(self, "_memo", {})
        if build.__name__ not in memo:
            memo[build.__name__] = build(*tables)
        return memo[build.__name__]
