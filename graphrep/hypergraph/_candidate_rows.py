"""Candidates of a search as rows of members, in an order of their own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.graph._hyperedge_rows import RowTable
from graphrep.kernels import _incidence, _multiplicity
from graphrep.typing import AnyArray, IntArray


class Rows(NamedTuple):
    """Members of candidate c are ``members[indptr[c] : indptr[c + 1]]``, ascending."""

    indptr: IntArray
    members: IntArray

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def sizes(self) -> IntArray:
        """Number of members of each."""
        return np.diff(self.indptr)

    def hashes(self) -> AnyArray:
        """64 bits of each, a function of its members."""
        hashes: AnyArray = _incidence.row_hashes(*self)
        return hashes

    def take(self, chosen: AnyArray) -> Rows:
        """Take some of the rows, in the order given."""
        chosen = np.arange(len(self))[chosen]  # a mask will do
        starts = self.indptr[chosen]
        sizes = self.sizes[chosen]
        pointers = np.concatenate([[0], np.cumsum(sizes)])
        spread = np.repeat(starts - pointers[:-1], sizes)
        return Rows(pointers, self.members[spread + np.arange(pointers[-1])])

    def in_own_order(self) -> Rows:
        """Each row once, ordered by hash, so by nothing but what it holds."""
        owner = RowTable(*self).owner
        first = np.flatnonzero(owner == np.arange(len(owner)))
        hashes = self.hashes()[first]
        return self.take(first[np.argsort(hashes, kind="stable")])

    def subsets(self, parents: IntArray, sizes: IntArray, keys: AnyArray) -> Rows:
        """One random subset of each parent; it depends on parent and key alone."""
        pointers = np.concatenate([[0], np.cumsum(sizes)])
        out = np.empty(pointers[-1], self.members.dtype)
        _multiplicity.random_subsets(parents, keys, *self, pointers, out)
        return Rows(pointers, out)


def joined(parts: list[Rows]) -> Rows:
    """Rows of several, one after another."""
    sizes = np.concatenate([np.empty(0, np.int64), *(p.sizes for p in parts)])
    members = np.concatenate([np.empty(0, np.int32), *(p.members for p in parts)])
    return Rows(np.concatenate([[0], np.cumsum(sizes)]), members)
