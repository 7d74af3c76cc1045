"""HubnessCorrector: nearest neighbours that are not always the same few."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from graphrep._utils._devices import on_processor
from graphrep._utils._numbers import positive_int
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep.exceptions import GraphValueError
from graphrep.metrics._hubness import hubness_scores, k_occurrence
from graphrep.retrieval import _hubness_fit as fitting
from graphrep.retrieval import _hubness_methods as methods
from graphrep.retrieval._exact import ExactIndex
from graphrep.retrieval._hubness_augment import augmented_queries, augmented_targets
from graphrep.retrieval._hubness_inputs import prepared, read_vectors, square_of
from graphrep.retrieval._hubness_passes import (
    CpuPasses,
    Passes,
    Side,
    is_sparse,
)
from graphrep.retrieval._hubness_search import (
    asked,
    by_global_rank,
    by_groups,
    by_mutual_proximity,
)
from graphrep.typing import AnyArray, FloatArray, IntArray, PathType

if TYPE_CHECKING:
    from typing import Self

_EXACT = ("gc", "mp")  # that are no inner product


class HubnessCorrector(BaseEstimator):
    """Correct a nearest neighbour search for hubs, targets near to everything.

    Parameters
    ----------
    method : str, default="csls"
        How; ``s`` is the similarity of a query and a target ``g``, LSE the log of the
        sum of ``exp(beta s)`` over a bank.

        ==========  ==========================================================
        none        ``s``
        center      ``s`` of vectors less the mean of the targets
        csls        ``s - r / 2``, r: mean ``s`` of the k nearest of the query bank [1]_
        is          ``s - LSE / beta`` over the query bank: inverted softmax [2]_
        dis         the same where the nearest target is activated (QB-Norm) [3]_
        dualis      ``s - (LSE_Q + w LSE_G) / (beta + w gallery_beta)`` [4]_
        dualdis     the same, each half where it is activated [4]_
        sinkhorn    ``s - t``, t: the targets' potential of a transport plan [5]_
        dbsn        the same with the gallery bank stacked to the targets [5]_
        dsl         ``s`` and half the squared distance to the local centroid [6]_
        ls          ``-d^2 / r``, r: distance to the k-th nearest of the bank [7]_
        nicdm       ``-d^2 / r``, r: mean distance to the k nearest of the bank [7]_
        mp          ``-ln(-ln p)``, p: mutual proximity of normal fits [7]_
        gc          minus the query's rank among the bank, ``s`` breaks ties [8]_
        invgc       ``s`` of targets moved away from their neighbours [9]_
        ==========  ==========================================================
    metric : {"cosine", "dot"}, default="cosine"
        Similarity; distances are the Euclidean ones of the same (unit) vectors.
    k : int, default=10
        Neighbours in the bank for csls, dsl, ls and nicdm.
    beta : float or "auto", default=20.0
        Inverse temperature, for cosines. 0 leaves ``s`` as it is, a huge one subtracts
        the largest similarity. "auto" takes the best of 1, 2, 5, 10, 20, 50, 100 on
        the held-out pairs of `fit`.
    gallery_beta : float or None, default=None
        That of the gallery half; None takes ``beta``.
    gallery_weight : float, default=0.1
        Weight w of the gallery half of dualis and dualdis. 1 is the published product,
        which harms where neighbouring targets are true siblings.
    gate_k : int, default=1
        A target is activated if it is among the ``gate_k`` nearest of some member of
        the bank (dis, dualdis).
    n_iter : int, default=10
        Iterations of sinkhorn and dbsn.
    rate, gallery_rate : float, default=1.0 and None
        How far invgc moves targets from either bank; None takes ``rate``.
    pool_rate : float, default=0.01
        Share of a bank that counts as neighbours in invgc, one at least.
    strength : float or "auto", default=1.0
        Share of the bias that is subtracted, in [0, 1], for methods with one. "auto"
        takes the best of 0, 0.1, 0.25, 0.5, 0.75, 1 on the held-out pairs.
    max_bank : int or None, default=None
        Members drawn from a larger bank.
    device : str, default="cpu"
        "cpu" and "auto" run numpy; "cuda", "cuda:1", "mps" or "torch:cpu" run torch,
        for dense vectors only.
    random_state : int, RandomState or None, default=None
        Seed of the draw of ``max_bank``.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.

    Attributes
    ----------
    targets_ : ndarray or csr_array of float32 of shape (n_targets, n_features)
        The vectors that are searched, of length 1 for cosine.
    bias_ : ndarray of float32 of shape (n_targets,)
        What is subtracted at full strength, less its mean; zeros for methods without.
    offset_ : float
        The mean that was taken off: ``bias_ + offset_`` is the formula's number.
    activation_ : ndarray of bool of shape (n_targets,)
        Targets that the query bank activates; all without gates.
    beta_, strength_ : float
        What was used.
    held_out_ : list of dict
        Mean reciprocal rank of each beta and strength that was tried.
    n_k_ : ndarray of int64 of shape (n_targets,)
        Occurrences among the k nearest of the bank before correction, at first use.

    Raises
    ------
    GraphValueError
        For an unknown method or metric, an empty bank, vectors of other widths, NaN,
        and "auto" without held-out pairs or with a method that has nothing to choose.

    Notes
    -----
    Banks are read in blocks with a running sum: O(n_bank n_targets d) time (times
    ``2 n_iter`` for sinkhorn) and memory of a tile a thread. All methods but gc and mp
    are a search for the largest inner product of vectors with a few more coordinates,
    which `augment` and `augment_queries` give to any index; gc and mp score all
    targets. No target is left out before the correction, so one that is rarely near
    can be found.

    Without a query bank the targets are their own, and what is of the group of a
    target (names of one concept, or the row itself) does not count against it.

    Deviations: everything is in logarithms, so a closed gate leaves out a bias and
    nothing else, also where one of two gates is open; mp fits all distances and not
    those of candidates; ls and nicdm leave out the scale of the query, which ranks no
    target; scales of ls and nicdm are at least a ten-thousandth of their mean; the
    released code of DBNorm passes one matrix for both halves, here the intended one
    is used.

    References
    ----------
    .. [1] G. Lample et al., "Word translation without parallel data", ICLR 2018.
    .. [2] S. L. Smith et al., "Offline bilingual word vectors, orthogonal
       transformations and the inverted softmax", ICLR 2017.
    .. [3] S.-V. Bogolin et al., "Cross modal retrieval with querybank normalisation",
       CVPR 2022.
    .. [4] Y. Wang et al., "Balance act: mitigating hubness in cross-modal retrieval
       with query and gallery banks", EMNLP 2023.
    .. [5] "Dual bank Sinkhorn normalization", arXiv 2508.02538, ACM MM 2025.
    .. [6] K. Hara et al., "Flattening the density gradient for eliminating spatial
       centrality to reduce hubness", AAAI 2016.
    .. [7] D. Schnitzer et al., "Local and global scaling reduce hubs in space", JMLR
       13, 2012.
    .. [8] G. Dinu, A. Lazaridou, M. Baroni, "Improving zero-shot learning by mitigating
       the hubness problem", ICLR workshop 2015.
    .. [9] "InvGC: robust cross-modal retrieval by inverse graph convolution", Findings
       of EMNLP 2023.

    Examples
    --------
    >>> import numpy as np
    >>> targets = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    >>> queries = np.array([[1.0, 0.45], [0.45, 1.0]])
    >>> HubnessCorrector("none").fit(targets).kneighbors(queries, 1)[0].tolist()
    [[0], [0]]
    >>> corrector = HubnessCorrector("is").fit(targets, query_bank=queries)
    >>> corrector.kneighbors(queries, 1)[0].tolist(), corrector.augment().shape
    ([[1], [2]], (3, 3))
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "method": [StrOptions(set(methods.METHODS))],
        "metric": [StrOptions({"cosine", "dot"})],
        "k": [Interval(Integral, 1, None, closed="left")],
        "beta": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
        "gallery_beta": [Interval(Real, 0, None, closed="left"), None],
        "gallery_weight": [Interval(Real, 0, None, closed="left")],
        "gate_k": [Interval(Integral, 1, None, closed="left")],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "rate": [Interval(Real, 0, None, closed="left")],
        "gallery_rate": [Interval(Real, 0, None, closed="left"), None],
        "pool_rate": [Interval(Real, 0, 1, closed="right")],
        "strength": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "max_bank": [Interval(Integral, 1, None, closed="left"), None],
        "device": [str],
        "random_state": ["random_state"],
        **THREADS,
    }

    targets_: Any
    bias_: FloatArray
    node_ids_: Any = range(0)  # a saved corrector keeps no ids

    def __init__(
        self, method: str = "csls", *, metric: str = "cosine", k: int = 10,
        beta: float | str = 20.0, gallery_beta: float | None = None,
        gallery_weight: float = 0.1, gate_k: int = 1, n_iter: int = 10,
        rate: float = 1.0, gallery_rate: float | None = None, pool_rate: float = 0.01,
        strength: float | str = 1.0, max_bank: int | None = None, device: str = "cpu",
        random_state: Any = None, n_jobs: int | None = None,
    ) -> None:  # fmt: skip
        self.method = method
        self.metric = metric
        self.k = k
        self.beta = beta
        self.gallery_beta = gallery_beta
        self.gallery_weight = gallery_weight
        self.gate_k = gate_k
        self.n_iter = n_iter
        self.rate = rate
        self.gallery_rate = gallery_rate
        self.pool_rate = pool_rate
        self.strength = strength
        self.max_bank = max_bank
        self.device = device
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "bias_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(
        self, X: Any, y: Any = None, *, query_bank: Any = None,
        query_groups: Any = None, gallery_bank: Any = "self",
        gallery_groups: Any = None, groups: Any = None, pairs: Any = None,
    ) -> Self:  # fmt: skip
        """Learn how near each target is to everything.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_targets, n_features)
            Vectors of the targets: concepts, or their names.
        y : None
            Ignored.
        query_bank : array-like or sparse matrix, or None, default=None
            Vectors of queries like those to come; they need no labels. None takes the
            targets, without pairs of one group.
        query_groups : sequence or None, default=None
            Group of each member of the query bank, where it is known: it does not count
            against targets of that group.
        gallery_bank : array-like, sparse matrix or "self", default="self"
            Vectors like those of the targets, for dualis, dualdis, dbsn and invgc.
        gallery_groups : sequence or None, default=None
            Group of each member of the gallery bank.
        groups : sequence or None, default=None
            Group of each target, such as the concept of a name; None and NaN stand for
            a target on its own. Without groups all are.
        pairs : (queries, gold) or None, default=None
            Held-out queries, and the group of the right target of each (its row in
            ``X`` without groups), for "auto".

        Returns
        -------
        self
        """
        self._validate_params()
        fitting.forget(self)
        rows = validate_data(
            self, X, accept_sparse="csr", dtype=[np.float64, np.float32]
        )
        fitting.refuse_settings(self, pairs)
        targets = prepared(rows, self.metric)
        given = fitting.Given(
            query_bank, query_groups, gallery_bank, gallery_groups, groups, pairs
        )
        fitting.fit(self, targets, given, self._passes(), draw_seed(self.random_state))
        return self

    # -- search ------------------------------------------------------------------
    def kneighbors(
        self, X: Any, k: int = 10, *, unique_groups: bool = False, index: Any = None
    ) -> tuple[IntArray, FloatArray]:
        """Find the k best targets of each query after correction.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_queries, n_features)
            Vectors of the queries.
        k : int, default=10
            Number of targets; cut to those that there are.
        unique_groups : bool, default=False
            Whether a group stands at most once, as its best target.
        index : object or None, default=None
            Index of the rows of `augment` for the inner product: with ``query(X, k)``
            that gives (rows, scores), or ``search(X, k)`` that gives (scores, rows) as
            in Faiss. None searches exactly.

        Returns
        -------
        indices : ndarray of int64 of shape (n_queries, k)
            Rows of the targets, best first; ties by the lower row. -1 where fewer
            groups than k were found.
        scores : ndarray of float32 of shape (n_queries, k)
            As in the table of methods; biases are taken without their mean.
        """
        check_is_fitted(self)
        k = positive_int(k, "k")
        rows = self._queries(X)
        n = self.targets_.shape[0]
        if not unique_groups or self._n_groups == n:
            return self._search(rows, min(int(k), n), index)
        return by_groups(
            lambda part, size: self._search(rows[part], size, index),
            self._codes, rows.shape[0], min(int(k), self._n_groups),
        )  # fmt: skip

    def augment(self, X: Any = None) -> Any:
        """Give vectors of the targets whose inner product is the corrected score.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_targets, n_features), default=None
            The targets as they were fitted; None takes those that were kept.

        Returns
        -------
        ndarray or csr_array of float32 of shape (n_targets, n_features + extra)
            One more coordinate for a bias, two for two gates, none where the vectors
            themselves were changed.

        Raises
        ------
        GraphValueError
            For gc and mp, which are no inner product.
        """
        check_is_fitted(self)
        rows = None
        if X is not None:
            rows = read_vectors(X, self._source(), self.metric, "X")
            if rows.shape[0] != self.targets_.shape[0]:
                raise GraphValueError(
                    f"X has {rows.shape[0]:,} rows but {self.targets_.shape[0]:,} "
                    "targets were fitted; each has its own bias."
                )
        return augmented_targets(self, rows)

    def augment_queries(self, X: Any) -> Any:
        """Give vectors of queries to search the rows of `augment` with.

        Dynamic methods look up the nearest target of each query for its gate.
        """
        check_is_fitted(self)
        return augmented_queries(self, self._queries(X))

    # -- statistics --------------------------------------------------------------
    def score_hubness(self, X: Any = None, k: int = 10) -> dict[str, dict[str, float]]:
        """Measure hubness among the k nearest targets, before and after correction.

        Parameters
        ----------
        X : array-like or sparse matrix, or None, default=None
            Queries; None takes the bank of the fit, without pairs of one group.
        k : int, default=10

        Returns
        -------
        dict
            ``before`` and ``after``, each with the fields of
            `graphrep.metrics.HubnessScores`.
        """
        check_is_fitted(self)
        n = self.targets_.shape[0]
        if X is None:
            found = self._bank_neighbours(k)
        else:
            rows = self._queries(X)
            found = (
                self._raw(rows, min(k, n))[0], self._search(rows, min(k, n), None)[0],
            )  # fmt: skip
        names = ("before", "after")
        return {
            name: dict(hubness_scores(k_occurrence(rows, n), min(k, n))._asdict())
            for name, rows in zip(names, found, strict=True)
        }

    @property
    def n_k_(self) -> IntArray:
        """Occurrences of each target among the k nearest of the bank, uncorrected."""
        if not hasattr(self, "_n_k"):
            bank, targets = self._bank_sides()
            rows, _ = self._passes().top_k(bank, targets, self.k)
            self._n_k = k_occurrence(rows, self.targets_.shape[0])
        return self._n_k

    def save(self, path: PathType, *, overwrite: bool = True) -> None:
        """Write the fitted corrector to a directory (or ``.zip``) without pickle.

        Read it back with `graphrep.load`. The query bank is kept for gc only.
        """
        from graphrep.persistence import save

        check_is_fitted(self)
        save(self, path, overwrite=overwrite)

    # -- private -----------------------------------------------------------------
    def _passes(self) -> Passes:
        if on_processor(self.device):
            return CpuPasses(self.n_jobs)
        from graphrep.retrieval._hubness_torch import TorchPasses

        return TorchPasses(self.device)

    def _source(self) -> Any:
        """Give what the queries must look like."""
        return self.targets_

    def _queries(self, X: Any) -> Any:
        rows = validate_data(
            self, X, reset=False, accept_sparse="csr", dtype=[np.float64, np.float32]
        )
        return read_vectors(rows, self._source(), self.metric, "X")

    def _raw(self, rows: Any, k: int) -> tuple[IntArray, FloatArray]:
        """Search without correction."""
        return self._inner(rows, self.targets_, k, "_raw_index")

    def _inner(
        self, rows: Any, targets: Any, k: int, name: str
    ) -> tuple[IntArray, FloatArray]:
        if is_sparse(targets) or not on_processor(self.device):
            return self._passes().top_k(Side(rows), Side(targets), k)
        if name not in self.__dict__:
            self.__dict__[name] = ExactIndex(targets, "dot")
        return self.__dict__[name].query(rows, k, n_jobs=self.n_jobs)  # type: ignore[no-any-return]

    def _search(self, rows: Any, k: int, index: Any) -> tuple[IntArray, FloatArray]:
        targets = Side(self.targets_, self._codes)
        if self.method == "gc":
            bank = Side(self._bank_rows, self._bank_codes)
            return by_global_rank(targets, bank, rows, k, self.n_jobs)
        if self.method == "mp":
            square = square_of(self.metric, rows, self.targets_)
            sides = (Side(self.targets_), Side(rows))
            return by_mutual_proximity(self._passes(), *sides, k, self.normal_, square)
        queries = augmented_queries(self, rows)
        if index is not None:
            return asked(index, queries, k)
        if "_augmented" not in self.__dict__:
            self._augmented = augmented_targets(self, None)
        return self._inner(queries, self._augmented, k, "_index")

    def _bank_sides(self) -> tuple[Side, Side]:
        if "_bank" not in self.__dict__:
            raise AttributeError(
                "A corrector that was loaded has no bank any more; pass queries to "
                "score_hubness, or fit again."
            )
        return self._bank, Side(self._bank_targets, self._codes)

    def _bank_neighbours(self, k: int) -> tuple[IntArray, IntArray]:
        bank, targets = self._bank_sides()
        passes = self._passes()
        before, _ = passes.top_k(bank, targets, k)
        if self.method in _EXACT:
            after, _ = self._search(bank.rows, min(k, len(targets)), None)
            return before, after
        rows = augmented_queries(self, bank.rows)
        corrected = Side(augmented_targets(self, None), self._codes)
        after, _ = passes.top_k(Side(rows, bank.codes), corrected, k)
        return before, after

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        for name in ("_index", "_raw_index", "_augmented"):
            state.pop(name, None)
        return state

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        return fitting.state_of(self)

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        fitting.set_state(self, arrays, scalars)
        return self
