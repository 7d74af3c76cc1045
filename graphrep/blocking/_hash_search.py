"""HashSearch: blockers of vectors that look neighbours up exactly or by hash codes."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import StrOptions
from graphrep.blocking._hash_codes import HashIndex
from graphrep.blocking._hash_plan import HashPlan
from graphrep.exceptions import GraphValueError
from graphrep.retrieval import ExactIndex
from graphrep.typing import AnyArray, FloatArray

_TABLES = 16  # hash tables that are not counted yet
_OWN = ("self", "base", "metric", "n_jobs")  # what a blocker gives itself


class HashSearch:
    """Part of blockers that search among vectors: which index, and its options.

    All have these parameters and attributes.

    Parameters
    ----------
    search : {"exact", "hash"}, default="exact"
        Whether neighbours are looked up among all records, or by `HashIndex` with
        ``hash_options``.
    hash_options : dict or None, default=None
        Parameters of `HashIndex`, such as ``{"recall": 0.99}``.

    Attributes
    ----------
    hash_plans_ : dict of str to HashPlan
        After pairs were chosen by hash codes in memory: functions and tables, and P1
        and P2 that they were chosen by, of the vectors of the table that was searched,
        "right" and "left" ("left" alone for one table).
    """

    search: str
    hash_options: dict[str, Any] | None
    n_jobs: int | None
    hash_plans_: dict[str, HashPlan]

    def _check_search(self) -> None:
        """Refuse options that `HashIndex` has not, or that have no effect."""
        self.__dict__.pop("hash_plans_", None)  # of an earlier fit
        if self.hash_options is None:
            return
        if self.search != "hash":
            raise GraphValueError(
                "hash_options have no effect with search='exact'. Pass search='hash', "
                "or leave them out."
            )
        known = [p for p in inspect.signature(HashIndex).parameters if p not in _OWN]
        for name in self.hash_options:
            if name not in known:
                raise GraphValueError(
                    f"hash_options have no {name!r}; they are {', '.join(known)}."
                )

    def _hash_seed(self) -> Any:
        """Where the seed of the functions comes from; `HashIndex` draws it."""
        raise NotImplementedError

    def _exact(self, base: FloatArray) -> Any:
        return ExactIndex(base)

    def _indexes(self, one_table: bool) -> Any:
        """Give a function from vectors to their index: right ones first, then left."""
        sides = iter(("left",) if one_table else ("right", "left"))
        if self.search == "exact":
            return self._exact
        self.hash_plans_ = {}

        def index(base: FloatArray) -> HashIndex:
            made = HashIndex(base, n_jobs=self.n_jobs, **self._hashing())
            self.hash_plans_[next(sides)] = made.plan
            return made

        return index

    def _hashing(self) -> dict[str, Any]:
        """Parameters of `HashIndex`."""
        return {"random_state": self._hash_seed(), **(self.hash_options or {})}

    def _n_tables(self) -> int:
        """Hash tables of an index, for the plan."""
        if self.search == "exact":
            return 0
        return int((self.hash_options or {}).get("n_tables") or _TABLES)

    def _hashing_in_files(
        self, one_table: bool
    ) -> tuple[dict[str, dict[str, Any]] | None, dict[str, AnyArray] | None]:
        """Parameters of the index of either table, and the near pairs among them."""
        if self.search == "exact":
            return None, None
        options, near = self._hashing(), None
        if options.get("near") is not None:
            near = dict(zip("xy", map(np.asarray, options.pop("near")), strict=True))
        hashing: dict[str, dict[str, Any]] = {}
        for side in ("left",) if one_table else ("right", "left"):
            seed = draw_seed(options["random_state"])  # right first, as in memory
            hashing[side] = {**options, "random_state": seed}
        return hashing, near


HASHING: dict[str, list[Any]] = {
    "search": [StrOptions({"exact", "hash"})],
    "hash_options": [dict, None],
}
"""Constraints of the parameters of all."""
