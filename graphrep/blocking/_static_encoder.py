"""StaticEncoder: mean of the vectors of the words of a record."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._progress import Progress, silent
from graphrep._utils._sklearn_compat import Interval, StrOptions
from graphrep.blocking._dense_training import (
    History,
    batches,
    least_batch,
    same_matches,
    train,
)
from graphrep.blocking._encoder import unit_vectors
from graphrep.blocking._losses import MatchLoss
from graphrep.blocking._miner import TupleMiner, Tuples
from graphrep.blocking._records import Records
from graphrep.blocking._static_model import StaticModel
from graphrep.blocking._word_vectors import word_vectors
from graphrep.blocking._word_vectors_state import words_of_state, words_state
from graphrep.exceptions import GraphValueError
from graphrep.typing import AnyArray, FloatArray

if TYPE_CHECKING:
    from typing import Self

_SIF = 1e-3
_LEARNT = ("token_weights", "gains", "map")


class StaticEncoder(BaseEstimator):
    """Records as weighted means of word vectors, with weights that can be learnt.

    Parameters
    ----------
    vectors : "wordllama", path, mapping, or object of model2vec or gensim, \
default="wordllama"
        Vectors of words or tokens; see `word_vectors`. Nothing is downloaded.
    columns : list of str or None, default=None
        Columns whose texts are used; None for all.
    weighting : {"idf", "sif", "none"}, default="idf"
        Weight of a token: its inverse document frequency in the tables of ``fit``; or
        a / (a + p) with a = .001, where p is its share of all tokens there [1]_.
    n_common : int, default=1
        Principal directions of all records that are taken out of the vectors [1]_.
    learn : {"gains", "projection", "both"} or None, default="both"
        What is learnt from tuples: the logarithm of a factor of each token, a linear
        map of the vectors, or both.
    n_components : int or None, default=None
        Rows of the map; None for the width of the word vectors.
    n_epochs : int, default=10
        Most epochs; see `train` for when it ends.
    patience : int, default=3
        Epochs without a better recall after which training ends.
    batch_size : int, default=64
        Tuples of a step.
    learning_rate : float, default=0.002
        Of Adam, for the map; that of the gains is ten times as large.

    Attributes
    ----------
    history_ : History or None
        Losses and held-out recalls; None where nothing was learnt.

    Notes
    -----
    All in numpy, float32, one BLAS thread, so the same seed gives the same bits.
    O(tokens * n_components) to encode; a step costs three times that of its tuples.

    References
    ----------
    .. [1] S. Arora, Y. Liang, T. Ma, "A simple but tough-to-beat baseline for sentence
       embeddings", ICLR 2017.

    Examples
    --------
    >>> words = {"red": [1.0, 0.0], "crimson": [0.9, 0.1], "hen": [0.0, 1.0]}
    >>> A = Records({"name": ["red", "hen", ""]})
    >>> encoder = StaticEncoder(words, n_common=0).fit(A, A)
    >>> encoder.transform(Records({"name": ["crimson"]})).round(2)
    array([[0.99, 0.11]], dtype=float32)
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "columns": [list, tuple, None],
        "weighting": [StrOptions({"sif", "idf", "none"})],
        "n_common": [Interval(Integral, 0, None, closed="left")],
        "learn": [StrOptions({"gains", "projection", "both"}), None],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "n_epochs": [Interval(Integral, 0, None, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        vectors: Any = "wordllama",
        *,
        columns: list[str] | None = None,
        weighting: str = "idf",
        n_common: int = 1,
        learn: str | None = "both",
        n_components: int | None = None,
        n_epochs: int = 10,
        patience: int = 3,
        batch_size: int = 64,
        learning_rate: float = 2e-3,
    ) -> None:
        self.vectors = vectors
        self.columns = columns
        self.weighting = weighting
        self.n_common = n_common
        self.learn = learn
        self.n_components = n_components
        self.n_epochs = n_epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate

    def fit(
        self, A: Records, B: Records, miner: TupleMiner | None = None,
        loss: MatchLoss | None = None, *, seed: int = 0, n_jobs: int | None = None,
        progress: Progress = silent,
    ) -> Self:  # fmt: skip
        """Learn how common words are, and from tuples what counts.

        Parameters
        ----------
        A, B : Records
            The tables; the same object for one table.
        miner : TupleMiner or None, default=None
            Fitted to these tables; None to learn from no tuples.
        loss : MatchLoss or None, default=None
            What to make small; None for `MatchLoss` as it is.
        seed : int, default=0
            The same seed gives the same encoder.
        n_jobs : int or None, default=None
            Threads of the look-up of neighbours.
        progress : callable, default=silent
            Called with how far it is.

        Returns
        -------
        self
        """
        self._validate_params()
        self.words_ = word_vectors(self.vectors)
        tables = [A] if A is B else [A, B]
        counts = sparse.vstack([self._counts(table) for table in tables], format="csr")
        self.token_weights_ = self._weights(counts)
        self.history_: History | None = None
        with single_blas_thread():
            self._start(counts, seed)
            if miner is not None and self.learn is not None and self.n_epochs:
                trainer = _Trainer(self, A, B, MatchLoss() if loss is None else loss)
                self.history_ = train(
                    trainer, A, B, miner, n_epochs=self.n_epochs,
                    patience=self.patience, seed=seed, n_jobs=n_jobs,
                    progress=progress,
                )  # fmt: skip
                self.gains_, self.map_ = trainer.model.gains, trainer.model.map
        return self

    def transform(self, records: Records, *, n_jobs: int | None = None) -> FloatArray:
        """Vectors of records.

        Parameters
        ----------
        records : Records
            Any with the columns that are used.
        n_jobs : int or None, default=None
            Not used; splitting into tokens takes the threads that the tokenizer takes.

        Returns
        -------
        ndarray of float32 of shape (n_records, n_components)
            Of length 1; 0 for a record without a known word.
        """
        with single_blas_thread():
            rows = self._weighted(self._counts(records))
            return unit_vectors(self._model().pooled(rows) @ self.map_)

    # -- keeping -----------------------------------------------------------------
    def settings(self) -> dict[str, Any]:
        """Parameters for a file; word vectors that are no name are kept beside them."""
        parameters: dict[str, Any] = self.get_params(deep=False)
        if not self._is_named():
            parameters["vectors"] = None
        return parameters

    def state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        """Arrays and values that `set_state` takes back."""
        arrays, words = words_state(self.words_, self.vectors)
        arrays = {f"words_{name}": values for name, values in arrays.items()}
        arrays |= {name: getattr(self, f"{name}_") for name in _LEARNT}
        history = None if self.history_ is None else vars(self.history_)
        return arrays, {"words": words, "history": history}

    def set_state(self, arrays: dict[str, AnyArray], values: dict[str, Any]) -> Self:
        """Take back what `state` gave."""
        words = {
            name.removeprefix("words_"): part
            for name, part in arrays.items()
            if name.startswith("words_")
        }
        self.words_ = words_of_state(words, values["words"])
        if not self._is_named():
            self.vectors = self.words_
        n, d = self.words_.table.shape
        for name, shape in zip(_LEARNT, ((n,), (n,), (d,)), strict=True):
            part = np.array(arrays[name])  # aligned, and not tied to a file
            if part.dtype != np.float32 or part.shape[: len(shape)] != shape:
                raise ValueError(f"{name} of shape {part.shape} and {part.dtype}")
            setattr(self, f"{name}_", part)
        if self.map_.ndim != 2:
            raise ValueError(f"map of shape {self.map_.shape}")
        self.history_ = History.of_state(values["history"])
        return self

    def _is_named(self) -> bool:
        return isinstance(self.vectors, str) and self.vectors == "wordllama"

    # -- parts -------------------------------------------------------------------
    def _counts(self, records: Records) -> Any:
        names = self.columns
        if names is not None:
            names = [name for name in names if name in records.columns]
        return self.words_.counts(records.texts(names))

    def _weights(self, counts: Any) -> FloatArray:
        """Weight of each token of the table of words."""
        n_rows, n_tokens = counts.shape
        if self.weighting == "none":
            return np.ones(n_tokens, np.float32)
        if self.weighting == "idf":
            holders = np.bincount(counts.indices, minlength=n_tokens)
            idf: Any = np.log((1.0 + n_rows) / (1.0 + holders)) + 1.0
            rare: FloatArray = idf.astype(np.float32)
            return rare
        share: Any = counts.sum(axis=0) / max(1.0, float(counts.sum()))
        weights: FloatArray = (_SIF / (_SIF + share)).astype(np.float32)
        return weights

    def _weighted(self, counts: Any) -> Any:
        rows = counts.copy()
        rows.data = rows.data * self.token_weights_[rows.indices]
        return rows

    def _start(self, counts: Any, seed: int) -> None:
        """Gains of 1, and a map that only leaves out the common directions."""
        table = self.words_.table
        d = table.shape[1]
        self.gains_ = np.zeros(len(table), np.float32)
        start = np.eye(d)
        pooled = unit_vectors(self._weighted(counts) @ table).astype(float)
        if self.n_common:
            if self.n_common >= d:
                raise GraphValueError(
                    f"n_common must be below the {d} components of the word vectors; "
                    f"got {self.n_common}."
                )
            _, vectors = np.linalg.eigh(pooled.T @ pooled)
            common = vectors[:, -self.n_common :]
            start -= common @ common.T
        if self.n_components is not None and self.n_components < d:
            rest = pooled @ start
            _, vectors = np.linalg.eigh(rest.T @ rest)
            start = start @ vectors[:, -self.n_components :]
        self.map_ = start.astype(np.float32)

    def _model(self) -> StaticModel:
        return StaticModel(self.words_.table, self.gains_, self.map_)


class _Trainer:
    """What `train` needs of a `StaticEncoder`."""

    def __init__(
        self, encoder: StaticEncoder, A: Records, B: Records, loss: MatchLoss
    ) -> None:
        self.encoder, self.loss = encoder, loss
        self.model = encoder._model()
        self.model.copy()
        kinds = encoder.learn
        rate = encoder.learning_rate
        self.rates = (
            10.0 * rate if kinds in ("gains", "both") else 0.0,
            rate if kinds in ("projection", "both") else 0.0,
        )
        rows = encoder._weighted(encoder._counts(A))
        other = rows if A is B else encoder._weighted(encoder._counts(B))
        self.rows = (rows, other)

    def epoch(self, parts: list[Tuples], number: int, progress: Progress) -> float:
        """Take a step for each batch."""
        draw = np.random.default_rng([number, len(parts)])
        copies = [
            None if part.copies is None
            else self.encoder._weighted(self.encoder._counts(part.copies))
            for part in parts
        ]  # fmt: skip
        places = {id(part): i for i, part in enumerate(parts)}
        size = self.encoder.batch_size
        jobs = batches(parts, size, draw, least_batch(self.loss))
        total = 0.0
        for part, cut in jobs:
            side = 0 if part.side == "left" else 1
            own, others = self.rows[side], self.rows[1 - side]
            made = copies[places[id(part)]]
            matches = others if made is None else made
            p, q, r = part.p[cut], part.q[cut], part.r[cut]
            total += self.model.step(
                sparse.vstack([own[p], matches[q], others[r.ravel()]], format="csr"),
                self.loss, part.weights[cut], same_matches(q), self.rates,
            )  # fmt: skip
        return total / max(1, len(jobs))

    def vectors(self, records: Records) -> FloatArray:
        """Vectors as the model is."""
        encoder = self.encoder
        rows = encoder._weighted(encoder._counts(records))
        return unit_vectors(self.model.pooled(rows) @ self.model.map)

    def state(self) -> Any:
        """Gains and map."""
        return self.model.gains.copy(), self.model.map.copy()

    def restore(self, state: Any) -> None:
        """Put them back."""
        self.model.gains, self.model.map = state
