"""KeyBlocker: records that agree on a key, a word or a run of characters."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np

from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep.blocking._block_profile import BlockProfile, profile_of
from graphrep.blocking._blocker import COMMON, RawPairs
from graphrep.blocking._blocks import Blocks
from graphrep.blocking._fit_once import FitOnce
from graphrep.blocking._keys import as_passes, build_blocks
from graphrep.blocking._records import Records

KEYS: dict[str, list[Any]] = {
    "keys": [str, tuple, list, callable],
    "q": [Interval(Integral, 1, None, closed="left")],
    "max_pairs": [Interval(Integral, 0, None, closed="left")],
}
"""Constraints of the parameters of all blockers that build blocks from keys."""


class KeyBlocker(FitOnce):
    """Pairs of records that share a key: standard, token and q-gram blocking.

    Parameters
    ----------
    keys : str, callable, tuple or list of these, default="tokens"
        What records must share. The name of a column: its whole text, in small
        letters, blanks merged. A function of `Records`: an array with the text of each
        record, or with several texts for each (a list or tuple). A tuple of names and
        functions: a composite key, all parts at once. "tokens": any word of the
        record [1]_; "qgrams": any run of ``q`` characters. A list: any of several keys.
        A column that is called "tokens" or "qgrams" is meant by ``("tokens",)``.
    q : int, default=6
        Length of the runs of characters of "qgrams".
    weight : {"size", "log", "pairs"}, default="size"
        What sharing a block counts: 1 / records in the block, the square of ln(records
        in all / records in the block), or 1 / pairs of the block (ARCS). The score of a
        pair is the sum over the blocks that it shares.
    max_block : int or None, default=1000
        Blocks with more records (of both tables together) are purged: they give no
        pairs and no weight. None purges none.
    max_pairs : int, default=50_000_000
        Bound on the pairs that are listed, before rules and budget. About 20 bytes for
        each while they are listed, and 70 more while the best are chosen.

    Attributes
    ----------
    n_pairs_ : int
        Most different pairs that the blocks of the fitted tables give, from the sizes
        of the blocks alone. Pairs in several blocks are counted for each, but never
        more for a record than there are partners.
    n_blocks_, n_purged_ : int
        Blocks that give pairs, and how many of them were purged for their size.

    Raises
    ------
    MemoryLimitError
        If the blocks may give more than ``max_pairs``, before any pair is made.

    Notes
    -----
    Records without a key (an empty text, or an empty part of a composite key) get no
    pairs. O(records + comparisons) time.

    References
    ----------
    .. [1] G. Papadakis et al., "Comparative analysis of approximate blocking techniques
       for entity resolution", PVLDB 9(9), 2016.

    Examples
    --------
    >>> from graphrep.blocking import KeyBlocker
    >>> A = {"name": ["Red fox", "grey owl"], "zip": ["10", "20"]}
    >>> B = {"name": ["owl", "red hen"], "zip": ["20", ""]}
    >>> KeyBlocker("zip").fit_candidate_pairs(A, B).to_frame().values.tolist()
    [[1.0, 0.0, 0.5]]
    >>> len(KeyBlocker(["zip", "tokens"]).fit_candidate_pairs(A, B))
    2
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        **KEYS,
        "weight": [StrOptions({"size", "log", "pairs"})],
        "max_block": [Interval(Integral, 2, None, closed="left"), None],
        **THREADS,
        **COMMON,
    }

    def __init__(
        self,
        keys: Any = "tokens",
        *,
        q: int = 6,
        weight: str = "size",
        max_block: int | None = 1000,
        max_pairs: int = 50_000_000,
        budget: int | float | None = 5.0,
        per_record: int | None = None,
        min_per_record: int = 0,
        columns: list[str] | None = None,
        include: Callable[[Records, Records], Any] | None = None,
        exclude: Callable[[Records, Records], Any] | None = None,
        exclude_identical: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.keys = keys
        self.q = q
        self.weight = weight
        self.max_block = max_block
        self.max_pairs = max_pairs
        self.budget = budget
        self.per_record = per_record
        self.min_per_record = min_per_record
        self.columns = columns
        self.include = include
        self.exclude = exclude
        self.exclude_identical = exclude_identical
        self.n_jobs = n_jobs

    def profile(self, A: Any, B: Any = None, *, n: int = 20) -> BlockProfile:
        """Show the largest blocks of two tables, or of one; makes no pairs.

        Parameters
        ----------
        A, B : table-like
            Tables, as for ``fit``, which need not have been called.
        n : int, default=20
            Number of blocks to show.

        Returns
        -------
        BlockProfile
        """
        self._validate_params()
        left, right = self._read(A, B)
        other = left if right is None else right
        blocks = self._blocks(left, other, right is None)
        return profile_of(blocks, self._purged(blocks), n)

    def _fit(self, A: Records, B: Records, matches: Any, one_table: bool) -> None:
        as_passes(self.keys)
        blocks = self._kept(self._blocks, A, B, one_table)
        kept = self._purged(blocks)
        self.n_pairs_ = kept.n_pairs
        self.n_blocks_, self.n_purged_ = len(blocks), len(blocks) - len(kept)

    def _pairs(self, A: Records, B: Records, one_table: bool) -> RawPairs:
        blocks = self._purged(self._kept(self._blocks, A, B, one_table))
        blocks.check_pairs(
            self.max_pairs,
            "Lower max_block, use more selective keys, or raise max_pairs; profile() "
            "shows the largest blocks.",
        )
        sizes = blocks.sizes.astype(float)
        if self.weight == "size":
            weights = 1.0 / sizes
        elif self.weight == "pairs":
            weights = 1.0 / blocks.cardinalities
        else:
            records = len(A) if one_table else len(A) + len(B)
            weights = np.log(records / sizes) ** 2
        found = blocks.pairs(weights, self.n_jobs)
        return RawPairs(found.left, found.right, found.totals.astype(np.float32))

    def _blocks(self, A: Records, B: Records, one_table: bool) -> Blocks:
        return build_blocks(self.keys, A, B, one_table, self.q, self.n_jobs)

    def _purged(self, blocks: Blocks) -> Blocks:
        if self.max_block is None:
            return blocks
        return blocks.keep(blocks.sizes <= self.max_block)
