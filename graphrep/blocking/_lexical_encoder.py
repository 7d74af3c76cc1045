"""LexicalEncoder: sparse views of a record under learned weights of their features."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse

from graphrep._utils._parallel import resolve_n_jobs
from graphrep._utils._progress import Progress, silent
from graphrep.blocking._lexical_neighbours import sparse_neighbours
from graphrep.blocking._losses import MatchLoss
from graphrep.blocking._miner import TupleMiner, Tuples
from graphrep.blocking._records import Records
from graphrep.blocking._relative import Neighbours
from graphrep.kernels import _weighted_cosines
from graphrep.retrieval import SparseIndex, TextFeatures
from graphrep.retrieval._text_features import unit_rows
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

kernels: Any = _weighted_cosines  # kernels carry no annotations
_ANALYZERS = (("char", 3), ("word", 1))
_WHOLE = {"char": 1.0, "word": 0.5}  # first weights of views of the whole record
_PARTS = 0.1  # and of all views of columns together, for each analyzer
_BATCH = 256
_SPAN = 1 << 15  # pairs that one thread takes at a time
_RATES = (0.05, 0.02)  # of Adam: for weights of views, and of features
_DECAY = 1e-3  # of weights of features, for each batch
_PULL = 1e-3  # of weights of views towards their first ones, see learn
_BETAS = (0.9, 0.99)


class View(NamedTuple):
    """Features of one column, or of the whole record."""

    column: str | None
    features: TextFeatures


class Rows(NamedTuple):
    """Rows of a csr matrix of all views side by side, columns sorted."""

    indptr: IntArray
    indices: IntArray
    data: FloatArray


class LexicalEncoder:
    """Cosine of weighted n-grams and words, of records and of their columns.

    Views are the whole record and each column that both tables have, each as character
    3-grams and as words, TF-IDF weighted and scaled to length 1. The square of a
    feature counts ``exp(view weight + feature weight)``; both are learned.

    Parameters
    ----------
    epochs : int, default=2
        Passes over the tuples.
    rates : tuple of two float, default=(0.05, 0.02)
        Steps of Adam for weights of views and of features.
    max_postings : int or None, default=None
        Most entries of the lists of features to read for a record; see
        `SparseIndex.query`. None for an exact search.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.

    Attributes
    ----------
    views_ : list of View
        In the order of the columns of the vectors.
    view_weights_ : dict of str to float
        What each view counts, e.g. ``"name/char"``; ``"*"`` is the whole record.
    losses_ : list of float
        Mean loss of each epoch.

    Notes
    -----
    Vectors stay sparse, so that neighbours are found exactly by `SparseIndex`. An
    un-weighted sum of all views is bad, columns such as a price drown the rest: they
    begin with a tenth of the weight of the record, and have to earn more.

    Time of an epoch: O(tuples x features of a record + batches x all features).
    """

    def __init__(
        self, *, epochs: int = 2, rates: tuple[float, float] = _RATES,
        max_postings: int | None = None, n_jobs: int | None = None,
    ) -> None:  # fmt: skip
        self.epochs = epochs
        self.rates = rates
        self.max_postings = max_postings
        self.n_jobs = n_jobs

    def fit(
        self, A: Records, B: Records, miner: TupleMiner | None = None,
        loss: MatchLoss | None = None, *, seed: int = 0, n_jobs: int | None = None,
        progress: Progress = silent,
    ) -> Self:  # fmt: skip
        """Do `prepare`, and `learn` where there is a miner; see `Encoder`."""
        self.prepare(A, B)
        if miner is not None:
            self.learn(A, B, miner, loss or MatchLoss(), seed=seed, progress=progress)
        return self

    # -- views -------------------------------------------------------------------
    def prepare(self, A: Records, B: Records, *, remember: bool = False) -> Self:
        """Learn the features of both tables and give views their first weights.

        With ``remember`` the features of tables are kept until `forget`.
        """
        self._memo: list[tuple[Records, Rows]] | None = [] if remember else None
        self.views_: list[View] = []
        weights = []
        shared = [name for name in A.columns if name in B.columns]
        if len(A.columns) == len(B.columns) == len(shared) == 1:
            shared = []  # the column is the record
        for column in (None, *shared):
            columns = None if column is None else [column]
            texts = A.texts(columns) + ([] if B is A else B.texts(columns))
            for analyzer, n in _ANALYZERS:
                features = TextFeatures(analyzer, n, n_jobs=self.n_jobs).fit(texts)
                if not len(features.vocabulary_):
                    continue
                self.views_.append(View(column, features))
                part = _PARTS / max(1, len(shared))
                weights.append(_WHOLE[analyzer] if column is None else part)
        self._count_features()
        self._logs = np.log(np.array(weights, np.float64))
        self._own = np.zeros(len(self._view_of))
        self.losses_: list[float] = []
        return self

    @property
    def view_weights_(self) -> dict[str, float]:
        """What each view counts."""
        names = [f"{v.column or '*'}/{v.features.analyzer}" for v in self.views_]
        return dict(zip(names, np.exp(self._logs).tolist(), strict=True))

    @property
    def _weights(self) -> FloatArray:
        weights: FloatArray = np.exp(self._logs[self._view_of] + self._own)
        return weights

    def transform(self, records: Records, *, n_jobs: int | None = None) -> Any:
        """Rows of length 1 whose products are the cosines: csr_array of float32."""
        rows = self._rows(records)
        roots = np.sqrt(self._weights)
        shape = (len(records), len(roots))
        values = rows.data * roots[rows.indices]
        return unit_rows(sparse.csr_array((values, rows.indices, rows.indptr), shape))

    def forget(self) -> None:
        """Let go of the features of tables that `prepare` was to remember."""
        self._memo = None

    def _rows(self, records: Records) -> Rows:
        """All views side by side, without weights."""
        memo: list[tuple[Records, Rows]] | None = self._memo
        if memo is None:
            return self._counted(records)
        for known, rows in memo:
            if known is records:
                return rows
        memo.append((records, self._counted(records)))
        return memo[-1][1]

    def _counted(self, records: Records) -> Rows:
        parts = [
            view.features.transform(
                records.texts(None if view.column is None else [view.column])
            )
            for view in self.views_
        ]
        if not parts:
            nothing = np.zeros(len(records) + 1, np.int64)
            return Rows(nothing, np.zeros(0, np.int32), np.zeros(0, np.float32))
        whole = sparse.hstack(parts, format="csr")
        whole.sort_indices()
        return Rows(
            whole.indptr.astype(np.int64),
            whole.indices.astype(np.int32),
            whole.data.astype(np.float32),
        )

    # -- neighbours --------------------------------------------------------------
    def neighbours(
        self, A: Records, B: Records, one_table: bool, k: int
    ) -> tuple[Neighbours, Neighbours]:
        """Nearest records of each record of either table."""
        X = self.transform(A)
        Y = X if one_table else self.transform(B)
        return sparse_neighbours(X, Y, one_table=one_table, k=k, **self._search())

    def nearest(self, A: Records, B: Records, k: int) -> Neighbours:
        """Find the records of B nearest to those of A."""
        index = SparseIndex(self.transform(B))
        return Neighbours(*index.query(self.transform(A), k, **self._search()))

    def _search(self) -> dict[str, Any]:
        return {"max_postings": self.max_postings, "n_jobs": self.n_jobs}

    # -- learning ----------------------------------------------------------------
    def learn(
        self, A: Records, B: Records, miner: TupleMiner, loss: MatchLoss, *,
        seed: int = 0, progress: Progress = silent,
    ) -> Self:  # fmt: skip
        """Learn the weights from the tuples of a miner.

        Parameters
        ----------
        A, B : Records
            Tables of the miner, of the features of `prepare`.
        miner : TupleMiner
            Fitted on them.
        loss : MatchLoss
            One that takes cosines.
        seed : int, default=0
            Order of the batches.

        Notes
        -----
        Matches that were guessed are alike in what they were found by, and the hinges
        of "nlsh" ask of all to be within R: a column that most of them share, such as a
        date of birth, could gain a hundred times its weight, and matches with an error
        there fell behind. So 0.001 of what the logarithm of a view's weight has moved
        is added to its slope then: a prior at the first weights.
        """
        guessed = miner.source_ == "neighbours" and loss.name == "nlsh"
        pull = _PULL if guessed else 0.0
        first = self._logs.copy()
        tables = {"left": self._rows(A)}
        tables["right"] = tables["left"] if B is A else self._rows(B)
        state = _Adam(len(self._logs) + len(self._own))
        for epoch in range(self.epochs):
            batches = []
            for tuples in miner.tuples(epoch):
                changed = tuples.copies
                copies = None if changed is None else self._counted(changed)
                starts = range(0, len(tuples.p), _BATCH)
                batches += [(tuples, copies, slice(s, s + _BATCH)) for s in starts]
            np.random.default_rng([seed, epoch]).shuffle(batches)
            total = count = 0.0
            progress("learning weights", epoch, self.epochs)
            for tuples, copies, part in batches:
                size = len(tuples.p[part])
                bound = pull * (self._logs - first)
                total += size * self._step(
                    tables, tuples, copies, part, loss, state, bound
                )
                count += size
            self.losses_.append(total / max(1.0, count))
        return self

    def _step(
        self, tables: dict[str, Rows], tuples: Tuples, copies: Rows | None, part: slice,
        loss: MatchLoss, state: _Adam, bound: FloatArray,
    ) -> float:  # fmt: skip
        """One step of Adam on a batch, ``bound`` added to slopes of views; its loss."""
        own = tables[tuples.side]
        others = tables["right" if tuples.side == "left" else "left"]
        matches = others if copies is None else copies
        p, q, r = tuples.p[part], tuples.q[part], tuples.r[part]
        weights = self._weights
        near, far = np.empty((len(p), 3)), np.empty((r.size, 3))
        pairs = (
            (matches, p, q, near),
            (others, np.repeat(p, r.shape[1]), r.ravel(), far),
        )
        for rows, x, y, out in pairs:
            kernels.weighted_cosines(*own, *rows, x, y, weights, out)
        value, near_slopes, far_slopes = loss.of_cosines(
            near[:, 0], far[:, 0].reshape(r.shape), tuples.weights[part]
        )
        slopes = np.zeros(len(self._own))
        for (rows, x, y, out), by in zip(pairs, (near_slopes, far_slopes), strict=True):
            flat = np.ascontiguousarray(by, np.float64).ravel()
            kernels.add_cosine_slopes(*own, *rows, x, y, weights, out, flat, slopes)
        of_views = np.bincount(self._view_of, slopes, len(self._logs)) + bound
        slopes += _DECAY * self._own / max(1, len(p))
        step = state.step(np.concatenate([of_views, slopes]))
        self._logs -= self.rates[0] * step[: len(self._logs)]
        self._own -= self.rates[1] * step[len(self._logs) :]
        return float(value)

    def view_cosines(
        self, A: Records, B: Records, left: IntArray, right: IntArray
    ) -> FloatArray:
        """Cosine of each view of pairs of rows: float32 (n_pairs, n_views)."""
        X = self._rows(A)
        Y = X if B is A else self._rows(B)
        out = np.empty((len(left), len(self.views_)), np.float32)
        fixed = (*X, *Y, left, right, self._view_of, out)

        def work(first: int) -> None:
            kernels.view_cosines(first, min(first + _SPAN, len(left)), *fixed)

        with ThreadPoolExecutor(resolve_n_jobs(self.n_jobs)) as pool:
            for _ in pool.map(work, range(0, len(left), _SPAN)):
                pass
        return out

    # -- keeping -----------------------------------------------------------------
    def settings(self) -> dict[str, Any]:
        """Parameters for a file."""
        return {
            "epochs": self.epochs, "rates": tuple(self.rates),
            "max_postings": self.max_postings, "n_jobs": self.n_jobs,
        }  # fmt: skip

    def state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        """Arrays and values that `set_state` takes back."""
        arrays: dict[str, AnyArray] = {"logs": self._logs, "own": self._own}
        views = []
        for i, (column, features) in enumerate(self.views_):
            arrays[f"vocabulary{i}"] = features.vocabulary_.view(np.int64)
            arrays[f"idf{i}"] = features.idf_
            views.append([column, features.analyzer, features.n])
        return arrays, {"views": views, "losses": list(self.losses_)}

    def set_state(self, arrays: dict[str, AnyArray], values: dict[str, Any]) -> Self:
        """Take back what `state` gave."""
        self.views_, self._memo = [], None
        for i, (column, analyzer, n) in enumerate(values["views"]):
            features = TextFeatures(analyzer, n, n_jobs=self.n_jobs)
            features.vocabulary_ = np.asarray(arrays[f"vocabulary{i}"]).view(np.uint64)
            features.idf_ = np.asarray(arrays[f"idf{i}"])
            self.views_.append(View(column, features))
        self._logs, self._own = np.array(arrays["logs"]), np.array(arrays["own"])
        self.losses_ = [float(loss) for loss in values["losses"]]
        self._count_features()
        return self

    def _count_features(self) -> None:
        sizes = [len(view.features.vocabulary_) for view in self.views_]
        self._view_of = np.repeat(np.arange(len(sizes)), sizes)

    # -- what it sees ------------------------------------------------------------
    def explain(self, left: Records, right: Records) -> list[dict[str, float]]:
        """Share of each view in the cosine of each pair of records."""
        X, Y = self.transform(left), self.transform(right)
        product = X.multiply(Y).tocsr()
        out = np.zeros((len(left), len(self.views_)))
        rows = np.repeat(np.arange(len(left)), np.diff(product.indptr))
        np.add.at(out, (rows, self._view_of[product.indices]), product.data)
        names = list(self.view_weights_)
        return [dict(zip(names, row.tolist(), strict=True)) for row in out]


class _Adam:
    """Moments of the method of Kingma and Ba (2015)."""

    def __init__(self, size: int) -> None:
        self._mean, self._square, self._time = np.zeros(size), np.zeros(size), 0

    def step(self, slopes: AnyArray) -> FloatArray:
        """Direction of the next step, per unit of the rate."""
        first, second = _BETAS
        self._time += 1
        self._mean += (1.0 - first) * (slopes - self._mean)
        self._square += (1.0 - second) * (slopes * slopes - self._square)
        mean = self._mean / (1.0 - first**self._time)
        square = self._square / (1.0 - second**self._time)
        out: FloatArray = mean / (np.sqrt(square) + 1e-8)
        return out
