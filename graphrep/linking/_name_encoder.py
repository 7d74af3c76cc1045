"""NameEncoder: names of one concept near each other, learnt by contrast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._devices import on_processor, torch_device
from graphrep._utils._progress import Progress, silent
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import THREADS, Interval
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.linking._bags import hashed_bags
from graphrep.linking._name_encoder_steps import Steps, Table
from graphrep.linking._queries import entries_of
from graphrep.retrieval import SparseIndex, TextFeatures
from graphrep.typing import AnyArray, FloatArray, IntArray, PathType

if TYPE_CHECKING:
    from typing import Self

_LEAST_RATE = 0.05  # of the learning rate, at the end
_TOLD = 10  # times an epoch that progress is told
_PARTNERS = 4  # other names of its concept that a name is paired with in an epoch
_LOOKED_UP = 150_000  # most names whose nearest are looked up
_POSTINGS = 10_000  # entries of lists that are read for each of them
_CONFUSED = 20  # nearest names among which those of other concepts are looked for


class NameEncoder(BaseEstimator):
    """Texts to vectors: names of a concept near each other, other names far.

    A text is the sum of vectors of its words and character n-grams, each with a weight,
    scaled to length 1. Vectors and weights are learnt from a terminology alone: names
    of the same concept are pulled together, others pushed away [1]_.

    Parameters
    ----------
    n_components : int, default=128
        Length of the vectors.
    orders : tuple of int, default=(3, 4, 5)
        Lengths of the runs of characters that are features, besides words.
    n_buckets : int, default=65536
        Rows of the table of features, a power of two; features are hashed to them.
    n_epochs : int, default=4
        Passes over the pairs of names.
    max_pairs : int or None, default=None
        Most pairs of names of a pass, drawn anew for each; None takes all.
    temperature : float, default=0.05
        By which cosines are divided.
    batch_size : int, default=512
        Pairs of a step.
    n_random : int, default=512
        Names drawn at random that each step tells apart from its own, too.
    n_hard : int, default=8
        Names of other concepts that are nearest to each name by character 3-grams; one
        of them is met with each pair. 0 looks for none.
    learning_rate : float, default=0.003
        Of Adam; falls to a twentieth.
    device : str, default="cpu"
        Where features are summed and learnt: "cpu" (and "auto") runs numba; "cuda",
        "cuda:1" or "torch:cpu" run torch. Counting features and looking for
        near names stay on the processor.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same result every time.

    Attributes
    ----------
    vectors_ : ndarray of float32 of shape (n_buckets, n_components)
        Of the features.
    log_weights_ : ndarray of float32 of shape (n_buckets,)
        Logarithms of their weights.
    losses_ : list of float
        Mean loss of each epoch.
    random_seed_ : int
        The seed that was used.

    Notes
    -----
    The loss of a name is the multi-positive form of InfoNCE: minus the logarithm of
    the share that names of its concept have of all exponentials, those of the step's
    partners, random and near names.

    Time of an epoch: O(pairs x (features of a text + names of a step) x
    n_components). Memory: 12 bytes x n_buckets x n_components while it learns, a third
    afterwards; on a device as much there, and 12 bytes for each feature of each text.
    Texts with no features get a vector of zeros.

    Devices draw the same batches. Vectors of texts agree to 1e-6 for the same table,
    and so does one step of learning; then trainings go apart as between any two orders
    of summing. The same device and seed give the same numbers every time.

    References
    ----------
    .. [1] A. van den Oord, Y. Li, O. Vinyals, "Representation learning with
       contrastive predictive coding", arXiv 1807.03748, 2018. Subword bags after P.
       Bojanowski et al., "Enriching word vectors with subword information", TACL 2017.

    Examples
    --------
    >>> names = ["red fox", "vulpes vulpes", "barn owl", "tyto alba"]
    >>> encoder = NameEncoder(16, n_buckets=1024, n_epochs=20, random_state=0)
    >>> X = encoder.fit(names, [0, 0, 1, 1]).transform(names)
    >>> bool(X[0] @ X[1] > X[0] @ X[2])
    True
    """

    losses_: list[float]
    vectors_: FloatArray
    log_weights_: FloatArray
    node_ids_: Any = range(0)  # no name is kept, in a file neither

    _progress: Progress | None = None
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "orders": [tuple],
        "n_buckets": [Interval(Integral, 1, None, closed="left")],
        "n_epochs": [Interval(Integral, 0, None, closed="left")],
        "max_pairs": [Interval(Integral, 1, None, closed="left"), None],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_random": [Interval(Integral, 0, None, closed="left")],
        "n_hard": [Interval(Integral, 0, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "device": [str],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        orders: tuple[int, ...] = (3, 4, 5),
        n_buckets: int = 1 << 16,
        n_epochs: int = 4,
        max_pairs: int | None = None,
        temperature: float = 0.05,
        batch_size: int = 512,
        n_random: int = 512,
        n_hard: int = 8,
        learning_rate: float = 3e-3,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.orders = orders
        self.n_buckets = n_buckets
        self.n_epochs = n_epochs
        self.max_pairs = max_pairs
        self.temperature = temperature
        self.batch_size = batch_size
        self.n_random = n_random
        self.n_hard = n_hard
        self.learning_rate = learning_rate
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.target_tags.required = True
        return tags

    def fit(self, X: Sequence[str], y: Any) -> Self:
        """Learn from names.

        Parameters
        ----------
        X : sequence of str of length n_names
            Names.
        y : array-like of int of shape (n_names,)
            Concept of each name, 0 or more.

        Returns
        -------
        self

        Raises
        ------
        GraphTypeError
            If a name is no text.
        GraphValueError
            If there are not as many concepts as names, a concept is below 0, or
            n_buckets is no power of two.
        DeviceError
            If there is no such device, or no torch.
        MemoryLimitError
            If the device has too little memory.
        """
        self._validate_params()
        self._check_device()
        texts = _texts(X)
        concepts = _concepts(y, len(texts))
        if self.n_buckets & (self.n_buckets - 1):
            raise GraphValueError(
                f"n_buckets must be a power of two; got {self.n_buckets}."
            )
        with self._all_or_nothing():
            self.random_seed_ = draw_seed(self.random_state)
            draw = np.random.default_rng(self.random_seed_)
            bags = hashed_bags(texts, self.orders, self.n_buckets, self.n_jobs)
            self._start(bags, draw)
            hard = self._confusions(texts, concepts, draw) if self.n_epochs else None
            with self._steps(bags, concepts) as steps:
                self._learn(
                    steps, concepts, hard, draw, self.n_epochs, self.learning_rate
                )
        return self

    def partial_fit(self, X: Sequence[str], y: Any) -> Self:
        """Go on with one more pass over names, at half the rate.

        Parameters
        ----------
        X, y
            As in `fit`: all names that count, new and old.

        Returns
        -------
        self

        Raises
        ------
        NotFittedError
            If nothing was learnt before: weights of features come from `fit`.
        """
        check_is_fitted(self, "vectors_")
        self._check_device()
        texts = _texts(X)
        concepts = _concepts(y, len(texts))
        draw = np.random.default_rng([self.random_seed_, len(self.losses_)])
        bags = hashed_bags(texts, self.orders, self.n_buckets, self.n_jobs)
        hard = self._confusions(texts, concepts, draw)
        with self._all_or_nothing():
            # Copies: arrays of a file cannot be written.
            self.vectors_ = np.array(self.vectors_)
            self.log_weights_ = np.array(self.log_weights_)
            self.losses_ = list(self.losses_)
            with self._steps(bags, concepts) as steps:
                self._learn(steps, concepts, hard, draw, 1, self.learning_rate / 2)
        return self

    def transform(self, X: Sequence[str]) -> FloatArray:
        """Vectors of texts: float32 (n_texts, n_components), of length 1 or 0."""
        check_is_fitted(self, "vectors_")
        texts = _texts(X)
        bags = hashed_bags(texts, self.orders, self.n_buckets, self.n_jobs)
        with self._steps(bags) as steps:
            found: FloatArray = steps.units()
        return found

    # -- keeping -----------------------------------------------------------------
    def save(self, path: PathType, *, overwrite: bool = True) -> None:
        """Write a directory (or ``.zip``) without pickle; `graphrep.load` reads it."""
        from graphrep.persistence import save

        check_is_fitted(self, "vectors_")
        save(self, path, overwrite=overwrite)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_progress", None)
        return dict(state)

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        arrays = {"vectors_": self.vectors_, "log_weights_": self.log_weights_}
        return arrays, {"losses_": self.losses_, "random_seed_": self.random_seed_}

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        self.vectors_, self.log_weights_ = arrays["vectors_"], arrays["log_weights_"]
        self.losses_ = list(map(float, scalars["losses_"]))
        self.random_seed_ = int(scalars["random_seed_"])
        return self

    # -- where -------------------------------------------------------------------
    def _check_device(self) -> None:
        """Refuse a device that is not there before anything is looked up."""
        if not on_processor(self.device):
            torch_device(self.device, why="NameEncoder")

    def _steps(self, bags: Any, concepts: IntArray | None = None) -> Any:
        """Give what sums and learns on the device, a context."""
        table = Table(bags, self.vectors_, self.log_weights_)
        given = table, concepts, self.temperature
        if on_processor(self.device):
            return Steps(*given, self.n_jobs)
        from graphrep.linking._name_encoder_torch import TorchSteps

        return TorchSteps(*given, self.device)

    # -- learning ----------------------------------------------------------------
    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Put back what was learnt before where learning fails or is stopped."""
        kept = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(kept)
            raise

    def _start(self, bags: Any, draw: np.random.Generator) -> None:
        holders = np.bincount(bags.indices, minlength=self.n_buckets)
        rarity = np.log((1.0 + bags.shape[0]) / (1.0 + holders)) + 1.0
        self.log_weights_ = np.log(rarity).astype(np.float32)
        shape = (self.n_buckets, self.n_components)
        vectors = draw.standard_normal(shape, np.float32)
        self.vectors_ = vectors / np.float32(np.sqrt(self.n_components))
        self.losses_ = []

    def _confusions(
        self, texts: list[str], concepts: IntArray, draw: np.random.Generator
    ) -> IntArray | None:
        """Names of other concepts near to each name by its rarest n-grams, -1 for none.

        Of very many names some are looked up.
        """
        if not self.n_hard:
            return None
        rows = TextFeatures("char", n_jobs=self.n_jobs).fit_transform(texts)
        k, n = max(_CONFUSED, self.n_hard), len(texts)
        own = np.arange(n)
        if n > _LOOKED_UP:
            own = np.sort(draw.permutation(n)[:_LOOKED_UP])
        near, _ = SparseIndex(rows).query(
            rows[own], k, exclude=own, max_postings=_POSTINGS, n_jobs=self.n_jobs
        )
        fine = (near >= 0) & (concepts[near] != concepts[own][:, None])
        order = np.argsort(~fine, axis=1, kind="stable")[:, : self.n_hard]
        near = np.where(fine, near, -1)
        out = np.full((n, min(self.n_hard, near.shape[1])), -1, np.int64)
        out[own] = np.take_along_axis(near, order, axis=1)
        return out

    def _learn(
        self, steps: Any, concepts: IntArray, hard: IntArray | None,
        draw: np.random.Generator, n_epochs: int, learning_rate: float,
    ) -> None:  # fmt: skip
        step, progress = 0, self._progress or silent
        for epoch in range(n_epochs):
            anchors, partners = (
                side[: self.max_pairs] for side in _pairs(concepts, draw)
            )
            n, total = len(anchors), 0.0
            per_epoch = -(-n // self.batch_size)
            for first in range(0, n, self.batch_size):
                part = slice(first, first + self.batch_size)
                a = anchors[part]
                others = [partners[part]]
                others.append(draw.integers(len(concepts), size=self.n_random))
                if hard is not None and hard.shape[1]:
                    chosen = hard[a, draw.integers(hard.shape[1], size=len(a))]
                    others.append(chosen[chosen >= 0])
                rows = np.concatenate([a, *others])
                done = (epoch * per_epoch + first // self.batch_size) / (
                    per_epoch * n_epochs
                )
                rate = learning_rate * max(_LEAST_RATE, 1.0 - done)
                if step % max(1, per_epoch // _TOLD) == 0:
                    progress("NameEncoder", step, per_epoch * n_epochs)
                step += 1
                total += steps.step(rows, len(a), rate, step)
            self.losses_.append(total / max(n, 1))


def _pairs(concepts: IntArray, draw: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Names and other names of their concepts, in random order."""
    order = np.argsort(concepts, kind="stable")
    sizes = np.unique(concepts, return_counts=True)[1]
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    size = np.repeat(sizes, sizes)
    rank = np.arange(len(order)) - first
    left, right = [], []
    for _ in range(min(_PARTNERS, max(0, int(sizes.max(initial=0)) - 1))):
        shift = 1 + (draw.random(len(order)) * np.maximum(size - 1, 1)).astype(np.int64)
        several = size > 1
        partner = order[first + (rank + shift) % size]
        left.append(order[several])
        right.append(partner[several])
    if not left:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    pairs = np.unique(np.stack([np.concatenate(left), np.concatenate(right)]), axis=1)
    pairs = pairs[:, draw.permutation(pairs.shape[1])]
    return pairs[0], pairs[1]


def _texts(X: Any) -> list[str]:
    if isinstance(X, str):
        raise GraphTypeError("Names must be a sequence of texts; got one text.")
    texts = list(entries_of(X))
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise GraphTypeError(
                f"Name {row} must be a text; got {text!r} of type "
                f"{type(text).__name__}."
            )
    return texts


def _concepts(y: Any, n: int) -> IntArray:
    concepts = np.asarray(y)
    if not concepts.size:
        concepts = concepts.astype(np.int64)
    if concepts.shape != (n,) or concepts.dtype.kind not in "iu":
        raise GraphValueError(
            f"y must hold the concept, an int, of each of the {n:,} names; "
            f"got {concepts.dtype} of shape {concepts.shape}."
        )
    if len(concepts) and concepts.min() < 0:
        raise GraphValueError(
            f"Concepts must be 0 or more; got {concepts.min()} for name "
            f"{int(concepts.argmin())}."
        )
    found: IntArray = concepts.astype(np.int64)
    return found
