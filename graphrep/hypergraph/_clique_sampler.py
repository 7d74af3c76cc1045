"""CliqueSampler: which subsets of the maximal cliques become candidates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from graphrep.exceptions import MemoryLimitError
from graphrep.graph import Hypergraph
from graphrep.graph._hyperedge_rows import RowTable
from graphrep.hypergraph._rho import Rho, as_float, count_subsets
from graphrep.kernels import _clique_cells as kernels
from graphrep.typing import AnyArray, IntArray

_AUTO_COVERAGE = 0.9
_AUTO_RATIO = 50


class Cell(NamedTuple):
    """Take the k-subsets of this share of the maximal cliques of size n."""

    n: int
    k: int
    share: float


class Candidates(NamedTuple):
    """Cliques of a graph that may be hyperedges, each once.

    Attributes
    ----------
    indptr, members : ndarray of int64, ndarray of int32
        Candidate c is ``members[indptr[c]:indptr[c + 1]]``, ascending.
    n_maximal : int
        So many come first that are maximal cliques.
    n_drawn : ndarray of int64
        How often the sampler drew each of them.
    """

    indptr: IntArray
    members: IntArray
    n_maximal: int
    n_drawn: IntArray

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @property
    def sizes(self) -> IntArray:
        """Number of members of each candidate."""
        return np.diff(self.indptr)


class CliqueSampler:
    """Draw subsets of maximal cliques where hyperedges are to be expected.

    Parameters
    ----------
    method : {"greedy", "random", "head", "head_tail"}
        "greedy" follows a plan that is made by `fit`. "random" draws a maximal
        clique by ``min(2**n, 2**30)`` and any of its subsets with equal chance.
        "head" takes pairs of cliques of three or more, "head_tail" also the clique
        itself and all but one of its members where it has four or more; the cliques
        come in random order.
    budget : int or "auto"
        Number of subsets to draw, with repeats, from the graph the plan is made on.
    extrapolate : bool, default=False
        Whether cliques of a size that the plan has not seen follow the plan of the
        nearest size, as far as the budget goes.
    max_candidates : int or None, default=50_000_000
        Number of subsets beyond which none is drawn at all.

    Attributes
    ----------
    plan_ : list of Cell
        What to draw, the most promising cell first.
    budget_ : int
        The budget that was used.
    coverage_ : float
        Expected number of distinct hyperedges that the plan draws from the graph it
        was made on.

    Notes
    -----
    The greedy plan maximises the expected number of distinct hyperedges drawn from
    cells with shares ``r(n, k)`` under ``sum r(n, k) |Q(n, k)| <= budget``: it takes
    the cell with most hyperedges that no cell taken before has, per subset, until
    the budget is used up or no cell has new ones; of equal ones that with the larger
    k, then the smaller n. Coverage is monotone and submodular.

    ``budget="auto"`` is the smallest budget whose plan covers 90 % of the hyperedges
    that can be covered, but at most 50 subsets for each hyperedge.
    """

    plan_: list[Cell]
    budget_: int
    coverage_: float

    def __init__(
        self,
        method: str,
        budget: int | str,
        *,
        extrapolate: bool = False,
        max_candidates: int | None = 50_000_000,
    ) -> None:
        self.method = method
        self.budget = budget
        self.extrapolate = extrapolate
        self.max_candidates = max_candidates

    def fit(self, rho: Rho, n_hyperedges: int, sizes: IntArray) -> CliqueSampler:
        """Make the plan from the cells of a graph whose hyperedges are known.

        Parameters
        ----------
        rho : Rho
            Its cells.
        n_hyperedges : int
            Number of its hyperedges.
        sizes : ndarray of int
            Sizes of its maximal cliques; no others are known to the plan.
        """
        steps = _greedy(rho)
        if self.budget == "auto":
            self.budget_ = _auto_budget(rho, steps, n_hyperedges)
        else:
            self.budget_ = int(self.budget)
        self._seen = np.unique(sizes)
        self.plan_, self.coverage_ = [], 0.0
        left = self.budget_
        for cell, gain in steps:
            if left <= 0:
                break
            size = int(rho.n_cliques[cell]), int(rho.n[cell]), int(rho.k[cell])
            n_subsets = count_subsets(*size)
            share = min(1.0, left / n_subsets)
            self.plan_.append(Cell(size[1], size[2], share))
            self.coverage_ += share * gain
            left -= n_subsets
        return self

    def sample(
        self, cliques: Hypergraph, rng: np.random.Generator, min_size: int = 1
    ) -> Candidates:
        """Draw candidates from the maximal cliques of a graph.

        Parameters
        ----------
        cliques : Hypergraph
            Maximal cliques, each once.
        rng : Generator
            Decides which cliques and subsets are drawn.
        min_size : int, default=1
            Smaller subsets are left out.

        Raises
        ------
        MemoryLimitError
            For more than ``max_candidates`` subsets.
        """
        draw = {
            "greedy": self._planned,
            "random": self._random,
            "head": self._head,
            "head_tail": self._head,
        }[self.method]
        blocks = [b for b in draw(cliques, rng) if b.shape[1] >= min_size and len(b)]
        return _collect(cliques, blocks, all_maximal=self.method == "greedy")

    def _planned(
        self, cliques: Hypergraph, rng: np.random.Generator
    ) -> Iterator[AnyArray]:
        of_size = _by_size(cliques)
        plan = [c for c in self.plan_ if c.n in of_size]
        if self.extrapolate:
            plan += self._borrowed(of_size, plan)
        wanted = [(_whole(c.share, of_size[c.n]), c.n, c.k) for c in plan]
        self._check_room(sum(count_subsets(*w) for w in wanted))
        orders = {n: rng.permutation(rows) for n, rows in of_size.items()}
        for m, n, k in wanted:
            yield _subsets(cliques, orders[n][:m], n, k)

    def _borrowed(self, of_size: dict[int, IntArray], plan: list[Cell]) -> list[Cell]:
        """Cells of sizes that the plan has not seen, after the nearest one it has."""
        left = self.budget_ - sum(
            count_subsets(_whole(c.share, of_size[c.n]), c.n, c.k) for c in plan
        )
        cells: list[Cell] = []
        unseen = [n for n in of_size if n not in self._seen]
        nearest = {n: int(self._seen[np.abs(self._seen - n).argmin()]) for n in unseen}
        for model in self.plan_:
            for n in unseen:
                if nearest[n] != model.n or model.k > n or left <= 0:
                    continue
                each = math.comb(n, model.k)
                whole = min(_whole(model.share, of_size[n]), left // each)
                left -= whole * each
                cells.append(Cell(n, model.k, whole / len(of_size[n])))
        return cells

    def _check_room(self, total: int) -> None:
        if self.max_candidates is not None and total > self.max_candidates:
            raise MemoryLimitError(
                f"The plan draws {as_float(total):,.0f} subsets of the cliques of this "
                f"graph, more than max_candidates={self.max_candidates:,}: it has more "
                "or larger cliques than the graph the plan was made on. Lower budget, "
                "or raise max_candidates."
            )

    def _random(
        self, cliques: Hypergraph, rng: np.random.Generator
    ) -> Iterator[AnyArray]:
        if not len(cliques):
            return
        self._check_room(self.budget_)
        weights = np.exp2(np.minimum(cliques.sizes, 30))
        rows = rng.choice(len(cliques), self.budget_, p=weights / weights.sum())
        rows.sort()
        for n, chosen in _by_size(cliques, rows).items():
            members = _members(cliques, chosen, n)
            kept = rng.random(members.shape) < 0.5
            while not (some := kept.any(axis=1)).all():
                kept[~some] = rng.random((int((~some).sum()), n)) < 0.5
            counts = kept.sum(axis=1)
            for k in np.unique(counts).tolist():
                yield members[counts == k][kept[counts == k]].reshape(-1, k)

    def _head(
        self, cliques: Hypergraph, rng: np.random.Generator
    ) -> Iterator[AnyArray]:
        self._check_room(self.budget_)
        order = rng.permutation(len(cliques))
        sizes = cliques.sizes[order]
        tail = (sizes >= 4) & (self.method == "head_tail")
        counts = np.where(sizes >= 3, sizes * (sizes - 1) // 2, 0)
        counts += np.where(tail, sizes + 1, 0)
        whole = np.searchsorted(np.cumsum(counts), self.budget_, side="right")
        for n, rows in _by_size(cliques, order[:whole]).items():
            yield from _ends(cliques, rows, n, self.method)
        left = self.budget_ - int(counts[:whole].sum())
        for block in _ends(cliques, order[whole : whole + 1], None, self.method):
            yield block[: max(0, left)]
            left -= len(block)


def _whole(share: float, rows: IntArray) -> int:
    """Round a share of the cliques down, rounding errors left out."""
    return int(share * len(rows) + 1e-9)


def _greedy(rho: Rho) -> list[tuple[int, int]]:
    """Cells by marginal efficiency, and how many new hyperedges each of them has."""
    gains = rho.n_found.copy()
    by_edge = np.argsort(rho.hyperedges, kind="stable")
    cell_of = np.repeat(np.arange(len(gains)), rho.n_found)[by_edge]
    n_edges = int(rho.hyperedges.max(initial=-1)) + 1
    bounds = np.searchsorted(rho.hyperedges[by_edge], np.arange(n_edges + 1))
    covered = np.zeros(n_edges, np.bool_)
    steps = []
    while len(gains):
        score = gains / rho.n_subsets
        best = int(np.argmax(score))  # the first: larger k, then smaller n
        if score[best] <= 0:
            break
        steps.append((best, int(gains[best])))
        inside = rho.hyperedges[rho.indptr[best] : rho.indptr[best + 1]]
        new = inside[~covered[inside]]
        covered[new] = True
        spans = [cell_of[bounds[e] : bounds[e + 1]] for e in new.tolist()]
        gains -= np.bincount(np.concatenate(spans), minlength=len(gains))
    return steps


def _auto_budget(rho: Rho, steps: list[tuple[int, int]], n_hyperedges: int) -> int:
    left = _AUTO_COVERAGE * sum(gain for _, gain in steps)
    most = _AUTO_RATIO * n_hyperedges
    budget = 0
    for cell, gain in steps:
        size = int(rho.n_cliques[cell]), int(rho.n[cell]), int(rho.k[cell])
        n_subsets = count_subsets(*size)
        if gain >= left:
            budget += math.ceil(n_subsets * (left / gain))
            break
        budget += n_subsets
        left -= gain
        if budget >= most:
            break
    return min(budget, most)


def _collect(
    cliques: Hypergraph, blocks: list[AnyArray], all_maximal: bool
) -> Candidates:
    """Merge subsets that were drawn several times; maximal cliques come first."""
    sizes = [np.full(len(b), b.shape[1]) for b in blocks]
    indptr, members = _rows(sizes, [b.ravel() for b in blocks])
    table = RowTable(indptr, members)
    counts = np.bincount(table.owner, minlength=len(indptr) - 1)
    first = np.flatnonzero(counts)
    counts = counts[first]
    indptr, members = _take(indptr, members, first)
    at = RowTable(cliques.indptr, cliques.indices).find(indptr, members)
    n_drawn = np.zeros(len(cliques), np.int64)
    n_drawn[at[at >= 0]] = counts[at >= 0]
    maximal = np.arange(len(cliques)) if all_maximal else np.flatnonzero(n_drawn)
    nested = _take(indptr, members, np.flatnonzero(at < 0))
    whole = _take(cliques.indptr, cliques.indices, maximal)
    rows = _rows([np.diff(whole[0]), np.diff(nested[0])], [whole[1], nested[1]])
    n_drawn = np.concatenate([n_drawn[maximal], counts[at < 0]])
    return Candidates(*rows, len(maximal), n_drawn)


def _rows(sizes: list[AnyArray], members: list[AnyArray]) -> tuple[IntArray, IntArray]:
    start = np.zeros(1, np.int64)
    indptr = np.cumsum(np.concatenate([start, *sizes]), dtype=np.int64)
    return indptr, np.concatenate([np.empty(0, np.int32), *members])


def _take(
    indptr: IntArray, members: IntArray, rows: IntArray
) -> tuple[IntArray, IntArray]:
    if len(rows) == len(indptr) - 1:
        return indptr, members
    sizes = np.diff(indptr)[rows]
    out = np.concatenate([[0], np.cumsum(sizes)])
    spread = np.repeat(indptr[rows] - out[:-1], sizes)
    return out, members[spread + np.arange(out[-1])]


def _by_size(cliques: Hypergraph, rows: IntArray | None = None) -> dict[int, IntArray]:
    """Numbers of the cliques of each size that occurs, sizes ascending."""
    given = np.arange(len(cliques)) if rows is None else rows
    sizes = cliques.sizes[given]
    order = np.argsort(sizes, kind="stable")
    found, first = np.unique(sizes[order], return_index=True)
    parts = np.split(given[order], first[1:]) if len(found) else []
    return dict(zip(found.tolist(), parts, strict=True))


def _members(cliques: Hypergraph, rows: IntArray, n: int) -> IntArray:
    """Members of cliques of size n, a row each."""
    members: IntArray = cliques.indices[cliques.indptr[rows][:, None] + np.arange(n)]
    return members


def _subsets(cliques: Hypergraph, rows: IntArray, n: int, k: int) -> IntArray:
    out = np.empty((count_subsets(len(rows), n, k), k), np.int32)
    kernels.subsets(cliques.indptr, cliques.indices, rows, k, out)
    return out


def _ends(
    cliques: Hypergraph, rows: IntArray, n: int | None, method: str
) -> Iterator[IntArray]:
    """Pairs of cliques of one size and, of "head_tail", their large subsets."""
    if not len(rows):
        return
    size = int(cliques.sizes[rows[0]]) if n is None else n
    if size >= 3:
        yield _subsets(cliques, rows, size, 2)
    if size >= 4 and method == "head_tail":
        yield _subsets(cliques, rows, size, size - 1)
        yield _subsets(cliques, rows, size, size)
