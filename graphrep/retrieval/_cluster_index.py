"""ClusterIndex: nearest vectors among those of the nearest clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._numbers import positive_int
from graphrep._utils._random import draw_seed
from graphrep.exceptions import GraphValueError
from graphrep.retrieval import _cluster_build as building
from graphrep.retrieval._arguments import (
    as_base,
    as_metric,
    as_queries,
    as_rows,
    read_bias,
    read_groups,
    settled,
)
from graphrep.retrieval._cluster_search import ClusterSearch, Question
from graphrep.retrieval._storage import Storage
from graphrep.typing import AnyArray, FloatArray, IntArray, PathType

if TYPE_CHECKING:
    from typing import Self

_SAMPLE = 1000  # vectors whose neighbours say how many clusters to look at
_RANK = 10  # neighbours of each
_STORAGES = {"float32": "float32", "uint16": "float16", "int8": "int8"}
_ARRAYS = (
    "panels", "starts", "rows", "slots", "factor", "unit", "stored_centre",
    "centroids", "centre", "scales",
)  # fmt: skip


class ClusterIndex:
    """Vectors that can be asked for near ones, looking at the nearest clusters only.

    An inverted file [1]_: vectors are put in clusters by k-means, the vectors of a
    cluster side by side, and a query looks at all vectors of the clusters whose
    centroids are nearest to it [2]_.

    Parameters
    ----------
    base : array-like of shape (n_base, n_components)
        Vectors of any float type; may be memory-mapped. A copy is kept.
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        As in `ExactIndex`.
    n_clusters : int or None, default=None
        Number of clusters; None for 4 times the square root of n_base, but with 64
        vectors in a cluster at least, on average. Some may stay empty and are dropped.
    n_probes : int or None, default=None
        Clusters that a query looks at; None for as many as ``recall`` needs.
    recall : float, default=0.99
        Share of the 10 nearest that is to be found, if ``n_probes`` is None.
    storage : {"float32", "float16", "int8"}, default="float32"
        Type of the copy. float16 and int8 need a half and a quarter of the memory;
        each row has a unit of its own.
    random_state : int, RandomState, Generator or None, default=0
        Seed of k-means and of the sample that recall is measured on.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.

    Attributes
    ----------
    n_clusters, n_probes : int
        Clusters that there are, and those that a query looks at.
    recall_ : float
        Share of the 10 nearest that was found for a sample of 1,000 vectors of the
        base, none of them learnt from by k-means where there are enough.

    Raises
    ------
    GraphValueError
        For NaN or infinite values, an empty base, an unknown metric or storage, and a
        recall outside (0, 1].

    See Also
    --------
    ExactIndex : Looks at all vectors; needs no time to build.

    Notes
    -----
    Scores are those of `ExactIndex` for the vectors as they are stored, to the last
    bit, and ties go to the lower row; what may be missed is a vector in a cluster that
    was not looked at. With ``n_probes=n_clusters`` nothing is missed: the answer is
    that of ``ExactIndex(base, metric, storage=storage)``. It depends neither on the
    number of threads nor on which queries are asked together.

    Queries unlike the base, a phrase among names, say, may need more clusters, and so
    does a bias that differs much within clusters: `tune` measures with both.

    Building takes O(n_base n_clusters n_components) time, a query
    O((n_clusters + n_base n_probes / n_clusters) n_components). Clusters are filled up
    to multiples of 32 vectors; beside them there are 20 to 25 bytes a vector.

    References
    ----------
    .. [1] J. Sivic, A. Zisserman, "Video Google: a text retrieval approach to object
       matching in videos", ICCV 2003.
    .. [2] H. Jegou, M. Douze, C. Schmid, "Product quantization for nearest neighbor
       search", IEEE TPAMI 33(1), 2011.
    .. [3] A. Babenko, V. Lempitsky, "The inverted multi-index", CVPR 2012.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(2000, 16))
    >>> index = ClusterIndex(X, recall=0.9)
    >>> rows, scores = index.query(X[:3], k=1)
    >>> rows.ravel().tolist(), index.recall_ >= 0.9
    ([0, 1, 2], True)
    """

    n_probes = 1
    node_ids_: Any = range(0)  # a saved index keeps no ids

    def __init__(
        self, base: Any, metric: str = "cosine", *, n_clusters: int | None = None,
        n_probes: int | None = None, recall: float = 0.99, storage: str = "float32",
        random_state: Any = 0, n_jobs: int | None = None,
    ) -> None:  # fmt: skip
        metric, wanted = as_metric(metric), _as_recall(recall)
        given = None if n_probes is None else positive_int(n_probes, "n_probes")
        vectors = as_base(base)
        n = len(vectors)
        size = building.default_clusters(n)
        if n_clusters is not None:
            size = min(n, positive_int(n_clusters, "n_clusters"))
        kind = Storage.of(vectors, storage, metric)
        seed = draw_seed(random_state)
        view = building.View.of(vectors, metric)
        centroids, learnt = building.learn_centroids(vectors, view, size, seed, n_jobs)
        arrays = building.put_in_panels(vectors, view, kind, centroids, n_jobs)
        self._set(arrays, metric, n_jobs)
        rows = _held_out(n, learnt, seed)
        own = rows if n > 1 else None
        self.tune(vectors[rows], wanted, exclude=own, n_probes=given)

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, AnyArray], metric: str = "cosine", *,
        n_probes: int, recall: float = float("nan"), n_jobs: int | None = None,
    ) -> Self:  # fmt: skip
        """Take an index together again of what `to_arrays` gave, without a copy.

        The arrays may be memory-mapped. They are trusted: only their sizes are checked.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            What `to_arrays` gave.
        metric : {"cosine", "dot", "euclidean"}, default="cosine"
            Metric that the index was built for.
        n_probes : int
            Clusters that a query looks at.
        recall : float, default=nan
            What was measured.
        n_jobs : int or None, default=None
            Threads.
        """
        index = cls.__new__(cls)
        index._restore(arrays, metric, n_probes, recall, n_jobs)
        return index

    def to_arrays(self) -> dict[str, AnyArray]:
        """Clusters, vectors and where they lie as flat arrays, for a file."""
        return dict(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays["slots"])

    def __repr__(self) -> str:
        d = self._arrays["panels"].shape[1]
        return (
            f"ClusterIndex(n={len(self):,}, n_components={d}, metric={self.metric!r}, "
            f"n_clusters={self.n_clusters:,}, n_probes={self.n_probes:,}, "
            f"storage={self.storage!r})"
        )

    @property
    def storage(self) -> str:
        """Type of the vectors that are kept."""
        return _STORAGES[str(self._arrays["panels"].dtype)]

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return self._search.n_clusters

    def query(
        self, queries: Any, k: int = 10, *, exclude: Any = None, groups: Any = None,
        bias: Any = None, n_probes: int | None = None, n_jobs: int | None = None,
    ) -> tuple[IntArray, FloatArray]:  # fmt: skip
        """Find the nearest rows in the nearest clusters of each query.

        Parameters
        ----------
        queries : array-like of shape (n_queries, n_components)
            Vectors to look up.
        k : int, default=10
            Number of rows, or of groups; cut to those that there are.
        exclude : array-like of int of shape (n_queries,) or None, default=None
            For each query one row of the base to leave out, such as itself; -1 leaves
            out none.
        groups : array-like of int of shape (n_base,) or None, default=None
            Group of each row, from 0 on, such as the concept that a name belongs to:
            the k nearest groups are found instead of the k nearest rows, each by its
            nearest row. Rows of group -1 are never found.
        bias : array-like of float of shape (n_base,) or None, default=None
            What is added to the score of each row, such as
            ``-corrector.strength_ * corrector.bias_`` of a `HubnessCorrector`; clusters
            are chosen by the mean of theirs. Not for euclidean.
        n_probes : int or None, default=None
            Clusters to look at; None for those of the index. In any case there are
            enough to hold k rows.
        n_jobs : int or None, default=None
            Threads; None for those of the index. The result does not depend on it.

        Returns
        -------
        rows : ndarray of int64 of shape (n_queries, k)
            Rows of the base, nearest first; ties by the lower row. -1 where no more
            groups were found.
        scores : ndarray of float32 of shape (n_queries, k)
            Scores, or distances for euclidean; 0, or infinity, where the row is -1.

        Raises
        ------
        GraphValueError
            For queries of another width, NaN or infinite values, ``k < 1``, rows
            outside the base, and scores beyond float32.
        """
        n = len(self)
        vectors = as_queries(queries, self._arrays["panels"].shape[1])
        k = positive_int(k, "k")
        left_out = as_rows(exclude, len(vectors), n)
        group_of, n_groups = read_groups(groups, n)
        added = read_bias(bias, n, self.metric)
        probes = self.n_probes
        if n_probes is not None:
            probes = positive_int(n_probes, "n_probes")
        most = n - bool((left_out >= 0).any()) if group_of is None else n_groups
        k = min(k, most)
        asked = Question(
            k, self._search.probes_for(probes, min(k, n - 1)),
            np.zeros(0, np.int32) if group_of is None else group_of, n_groups, added,
        )  # fmt: skip
        found = self._search.run(
            vectors, left_out, asked, self.n_jobs if n_jobs is None else n_jobs
        )
        return settled(*found, n, self.metric)

    def tune(
        self, queries: Any, recall: float = 0.99, *, k: int = 10, exclude: Any = None,
        groups: Any = None, bias: Any = None, n_probes: int | None = None,
    ) -> Self:  # fmt: skip
        """Choose how many clusters a query looks at, by queries like those to come.

        Parameters
        ----------
        queries : array-like of shape (n_queries, n_components)
            Sample of queries; all vectors are looked at for each.
        recall : float, default=0.99
            Share of the k nearest that is to be found.
        k : int, default=10
            How many count as nearest.
        exclude : array-like of int of shape (n_queries,) or None, default=None
            For each query one row of the base to leave out.
        groups, bias : array-like of shape (n_base,) or None, default=None
            As they will be given to `query`.
        n_probes : int or None, default=None
            A number to take as it is; only ``recall_`` is measured.

        Returns
        -------
        self
            With `n_probes` and `recall_` set.
        """
        wanted = _as_recall(recall)
        vectors = as_queries(queries, self._arrays["panels"].shape[1])
        rows, _ = self.query(
            vectors, k, exclude=exclude, groups=groups, bias=bias,
            n_probes=self.n_clusters,
        )  # fmt: skip
        added = read_bias(bias, len(self), self.metric)
        ranks = self._search.ranks_of(vectors, rows, added)
        counts = np.bincount(ranks, minlength=self.n_clusters)
        shares = np.cumsum(counts) / max(ranks.size, 1)
        if n_probes is None:
            self.n_probes = int(np.searchsorted(shares, wanted - 1e-12)) + 1
            self.n_probes = min(self.n_probes, self.n_clusters)
        else:
            self.n_probes = min(positive_int(n_probes, "n_probes"), self.n_clusters)
        self.recall_ = float(shares[self.n_probes - 1]) if ranks.size else 1.0
        return self

    def save(self, path: PathType, *, overwrite: bool = True) -> None:
        """Write the index to a directory (or ``.zip``) without pickle.

        `graphrep.load` maps it back from a directory; with ``verify=False`` that reads
        next to nothing.
        """
        from graphrep.persistence import save

        save(self, path, overwrite=overwrite)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return what a file keeps of the parameters."""
        return {"metric": self.metric, "n_jobs": self.n_jobs}

    # -- private -----------------------------------------------------------------
    def _set(
        self, arrays: Mapping[str, AnyArray], metric: str, n_jobs: int | None
    ) -> None:
        self.metric, self.n_jobs = metric, n_jobs
        # read-only as mapped ones are: one compilation serves both
        self._arrays = {name: arrays[name].view() for name in _ARRAYS}
        for array in self._arrays.values():
            array.setflags(write=False)
        self._search = ClusterSearch(self._arrays, metric)

    def _restore(
        self, arrays: Mapping[str, AnyArray], metric: str, n_probes: int,
        recall: float, n_jobs: int | None,
    ) -> None:  # fmt: skip
        missing = set(_ARRAYS).difference(arrays)
        if missing:
            raise GraphValueError(
                f"Arrays of an index lack {', '.join(sorted(missing))}."
            )
        n_panels = len(arrays["panels"])
        n_slots = n_panels * building.tiles.PANEL
        sizes = {name: len(arrays[name]) for name in ("rows", "factor", "unit")}
        if set(sizes.values()) != {n_slots} or (
            len(arrays["starts"]) != len(arrays["centroids"]) + 1
        ):
            raise GraphValueError(
                f"Arrays of an index with {n_slots:,} places do not fit: {sizes}."
            )
        self._set(arrays, as_metric(metric), n_jobs)
        self.n_probes = min(positive_int(n_probes, "n_probes"), self.n_clusters)
        self.recall_ = float(recall)

    @classmethod
    def _blank(cls, metric: str, n_jobs: int | None) -> Self:
        """Make an index that is yet to be given its arrays, for `graphrep.load`."""
        index = cls.__new__(cls)
        index.metric, index.n_jobs = metric, n_jobs
        return index

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        return self.to_arrays(), {"n_probes": self.n_probes, "recall": self.recall_}

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        self._restore(arrays, self.metric, n_jobs=self.n_jobs, **scalars)
        return self


def _as_recall(recall: Any) -> float:
    if isinstance(recall, bool) or not isinstance(recall, (int, float, np.number)):
        raise GraphValueError(f"recall must be a number; got {recall!r}.")
    if not 0 < recall <= 1:
        raise GraphValueError(f"recall must be above 0 and at most 1; got {recall!r}.")
    return float(recall)


def _held_out(n: int, learnt: IntArray, seed: int) -> IntArray:
    """Sample rows, of those that k-means did not learn from where these suffice."""
    left = np.ones(n, bool)
    left[learnt] = False
    rows = np.flatnonzero(left)
    if len(rows) < min(n, _SAMPLE):
        rows = np.arange(n)
    rng = np.random.default_rng([seed, 1])
    return np.sort(rng.permutation(rows)[:_SAMPLE])
