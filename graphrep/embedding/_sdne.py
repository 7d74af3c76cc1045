"""SDNE: a deep autoencoder of the rows of the adjacency, trained on sparse rows."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._devices import device_memory, single_torch_thread, torch_device
from graphrep._utils._optional import require
from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep._utils._warn import warn_user
from graphrep.embedding._sdne_model import (
    Autoencoder,
    autoencoder,
    matrix_of,
    network_input,
)
from graphrep.embedding._sdne_train import (
    Recipe,
    Trainer,
    cosine_rate,
    spread,
)
from graphrep.embedding._transductive import Fitted, Task, TransductiveEmbedder
from graphrep.exceptions import GraphValueError
from graphrep.graph import CSR, Graph
from graphrep.graph._csr import drop
from graphrep.typing import AnyArray, FloatArray, GraphLike

_log = logging.getLogger("graphrep")
_WHY = "SDNE"
_EXACT_UP_TO = 4096
_AUTO_STEPS = 1000
_AUTO_EPOCHS = (20, 400)
_COLLAPSED = 0.01
_FLOAT = 4
_ADAM = 3  # a weight and its two moments
_PER_ENTRY = 24  # an entry of a batch: two orders of indices, value and gradient


class SDNE(TransductiveEmbedder):
    r"""Embed nodes by a deep autoencoder of their rows of the adjacency.

    Parameters
    ----------
    n_components : int, default=128
        Dimension of the embedding.
    hidden : sequence of int, default=(256,)
        Widths of the encoder's hidden layers, outermost first; the decoder mirrors
        them. Empty for a single layer each way.
    alpha : float, default=1.0
        Weight of the first-order term, which draws neighbours together.
    beta : float, default=3.0
        Errors at edges count ``beta ** 2`` times those at zeros; at least 1.
    nu : float, default=1e-5
        Weight of the squared weights of all layers.
    decoder_mode : {"auto", "exact", "sampled"}, default="auto"
        Whether all outputs of a row are compared or its edges and a sample of its
        zeros; "auto" is exact up to 4,096 outputs.
    n_negatives : int, default=1024
        Outputs that are drawn for each batch in sampled mode.
    batch_size : int, default=512
        Rows of a step.
    n_epochs : int or None, default=None
        Times that each row is seen; None aims at 1,000 steps within 20 to 400 epochs.
    learning_rate : float, default=5e-3
        First learning rate of Adam; it falls along a cosine.
    activation : {"leaky_relu", "gelu", "relu", "sigmoid"}, default="leaky_relu"
        Of the hidden layers. The embedding and the output are linear; "sigmoid" (as
        published) holds for both of them too, "relu" for the embedding.
    pretrain : bool, default=False
        Train the outermost layer first, then one more each time, then all.
    row_normalization : {"degree", "l2", "log"} or None, default=None
        What rows are divided by: their sum s, their length, or ``s / log(1 + s)``.
    direction : {"out", "both"}, default="out"
        Rows of a directed graph: outgoing edges, or ``[A | A.T]``.
    tol : float, default=1e-4
        Smallest relative fall of the loss that counts; 0 never stops early.
    n_iter_no_change : int, default=30
        Epochs without such a fall after which training stops.
    device : str, default="cpu"
        "cpu", "auto", or what torch calls its device, such as "cuda".
    self_loops : {"drop", "keep"}, default="drop"
        Whether edges from a node to itself are read.
    n_jobs : int or None, default=None
        Accepted for the common surface: training uses one thread, see Notes.
    random_state : int, RandomState instance or None, default=None
        An int gives the same embedding on every call.
    verbose : int, default=0
        1 logs a line for each fit, 2 also each epoch (logger "graphrep").

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Vectors of the fitted nodes; zero where a row is empty.
    target_embedding_ : None
        There is no second side: the decoder's weights score pairs.
    encoder_weights_0_, encoder_biases_0_, ... : ndarray of float32
        Weights of the encoder, outermost layer first.
    decoder_weights_0_, decoder_biases_0_, ... : ndarray of float32
        Weights of the decoder, innermost first; the last one of shape
        (n_outputs, width).
    loss_curve_ : ndarray of shape (n_passes,)
        Mean estimate of the loss per node in each epoch, without the term of ``nu``.
    n_epochs_ : int
        Epochs that were run, those of ``pretrain`` included.
    decoder_mode_ : str
        "exact" or "sampled".
    scale_ : float
        Largest weight of the fitted graph, if above 1: weights are divided by it.
    spread_ : float
        Root mean square distance of two vectors.
    n_dead_ : int
        Nodes with edges whose vector is zero nevertheless.
    node_ids_, n_features_in_, n_isolated_, random_seed_
        See the other embedders.

    Raises
    ------
    MissingDependencyError
        At ``fit`` where torch is not installed; a fitted model needs none.

    Warns
    -----
    GraphWarning
        If vectors are all zero (dead units), or all but equal (``alpha`` too large).

    See Also
    --------
    AdjacencySVD : The best linear reconstruction of the same rows.

    Notes
    -----
    For rows :math:`x_i` of the adjacency, their codes :math:`y_i` and
    reconstructions :math:`\hat x_i`, the loss of [1]_ is

    .. math:: \sum_i \|(\hat x_i - x_i) \odot b_i\|^2
        + \alpha \sum_{ij} a_{ij} \|y_i - y_j\|^2
        + \tfrac{\nu}{2} \sum_l \|W_l\|_F^2,

    with :math:`b_{ij} = \beta` at edges and 1 at zeros.

    *Time and memory.* The first layer is a sparse product. With a linear output the
    squares of all outputs are summed through two Gram matrices, so no mode forms
    them; a step in exact mode takes O(n h^2) for these and Adam, where h is the width
    of the outermost layer. In sampled mode, ``n_negatives`` outputs (the same ones
    for all rows of a batch, so that they are one dense product) stand for all, each
    zero among them with weight ``n / n_negatives``, which leaves the loss unbiased:
    an epoch takes O((m + n n_negatives) h) and a batch never has n columns. Weights
    take 24 h n bytes.

    *Differences from the paper.* Adam and a falling rate instead of SGD; linear
    outputs; edges of the first-order term are drawn by weight, one for eight rows
    (unbiased); of the two layers that have a row for each node, Adam touches only
    rows in use, with bias corrections and the pull of ``nu`` by each row's own steps;
    ``pretrain`` stacks autoencoders instead of Boltzmann machines. Weights above 1
    are scaled to a maximum of 1.

    *Determinism.* Torch runs one thread, as its sums depend on their number: a fit
    uses one core whatever ``n_jobs``. Draws are numpy's, the same on all devices, but
    other devices round differently. Training is in float32. *What to expect*:
    neighbourhoods are reconstructed, labels told badly: 0.16 micro F1 on BlogCatalog
    at 10 %, where other methods here reach 0.33 to 0.37.

    *Edge cases.* An empty row (an isolated node, or one without outgoing edges under
    ``direction="out"``) gets zeros. More dimensions than nodes are allowed. With
    ``direction="both"`` the edges of a row to `transform` count in both directions.

    References
    ----------
    .. [1] Wang, Cui, Zhu, "Structural Deep Network Embedding", KDD 2016.

    Examples
    --------
    >>> from graphrep import SDNE
    >>> from graphrep.datasets import load_karate
    >>> graph = load_karate().graph
    >>> model = SDNE(8, random_state=0)  # doctest: +SKIP
    >>> model.fit_transform(graph).shape  # doctest: +SKIP
    (34, 8)
    """

    decoder = "own"
    _takes_directed = True
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "hidden": ["array-like"],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "beta": [Interval(Real, 1, None, closed="left")],
        "nu": [Interval(Real, 0, None, closed="left")],
        "decoder_mode": [StrOptions({"auto", "exact", "sampled"})],
        "n_negatives": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_epochs": [Interval(Integral, 1, None, closed="left"), None],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "activation": [StrOptions({"leaky_relu", "gelu", "relu", "sigmoid"})],
        "pretrain": ["boolean"],
        "row_normalization": [StrOptions({"degree", "l2", "log"}), None],
        "direction": [StrOptions({"out", "both"})],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "device": [str],
        "self_loops": [StrOptions({"drop", "keep"})],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        hidden: Sequence[int] = (256,),
        alpha: float = 1.0,
        beta: float = 3.0,
        nu: float = 1e-5,
        decoder_mode: str = "auto",
        n_negatives: int = 1024,
        batch_size: int = 512,
        n_epochs: int | None = None,
        learning_rate: float = 5e-3,
        activation: str = "leaky_relu",
        pretrain: bool = False,
        row_normalization: str | None = None,
        direction: str = "out",
        tol: float = 1e-4,
        n_iter_no_change: int = 30,
        device: str = "cpu",
        self_loops: str = "drop",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.hidden = hidden
        self.alpha = alpha
        self.beta = beta
        self.nu = nu
        self.decoder_mode = decoder_mode
        self.n_negatives = n_negatives
        self.batch_size = batch_size
        self.n_epochs = n_epochs
        self.learning_rate = learning_rate
        self.activation = activation
        self.pretrain = pretrain
        self.row_normalization = row_normalization
        self.direction = direction
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.device = device
        self.self_loops = self_loops
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def estimate_memory(self, n_nodes: int, n_entries: int) -> dict[str, int]:
        """Bytes that a fit would need, by what they are for.

        Parameters
        ----------
        n_nodes, n_entries : int
            Nodes and stored entries of the adjacency.

        Returns
        -------
        dict of str to int
            Bytes by purpose, and their sum under "total".
        """
        sides = 2 if self.direction == "both" else 1
        n_columns = sides * n_nodes
        widths = self._widths()
        inner = sum(a * b for a, b in pairwise(widths))
        weights = 2 * _ADAM * _FLOAT * (n_columns * (widths[0] + 1) + inner)
        rows = min(self.batch_size, n_nodes)
        entries = min(
            sides * n_entries, 2 * sides * n_entries * rows // max(n_nodes, 1)
        )
        drawn = self._n_zeros(n_columns)
        in_use = min(n_columns, entries) + min(n_columns, entries + drawn)
        batch = 4 * _FLOAT * in_use * widths[0] + _PER_ENTRY * entries
        if self.activation == "sigmoid":
            batch += 3 * _FLOAT * rows * drawn
        memory = {
            "weights": weights,
            "rows": 3 * sides * n_entries * (_FLOAT + _FLOAT),
            "batch": batch,
            "vectors": 2 * n_nodes * self.n_components * _FLOAT,
        }
        return {**memory, "total": sum(memory.values())}

    # -- fitting -------------------------------------------------------------------
    def _check_parameters(self) -> None:
        for width in self.hidden:
            if not isinstance(width, Integral) or width < 1:
                raise GraphValueError(
                    f"hidden must be widths of at least 1; got {self.hidden!r}."
                )
        require("torch", extra="torch", why=_WHY)

    def _torch(self) -> tuple[Any, Any]:
        return torch_device(self.device, why=_WHY, native=True)

    @device_memory("SDNE", "Lower batch_size, or use device='cpu'.")
    def _embed(self, task: Task) -> Fitted:
        torch, device = self._torch()
        edges = matrix_of(task.graph.csr, task.graph.n_nodes)
        scale = max(1.0, float(edges.data.max(initial=0)))
        matrix = self._input(edges, edges, scale)
        edges = network_input(edges, scale, None)
        with single_torch_thread(torch):
            trainer = Trainer(
                matrix, edges, self._recipe(matrix), task.seed, torch, device
            )
            used = matrix[np.diff(matrix.indptr) > 0]
            start = spread(trainer.network().encode(used))[0]
            curve = self._train(trainer, task) if matrix.nnz else []
            network = trainer.network()
        vectors = network.encode(matrix)
        distance = self._examine(network.encode(used), start)
        self.device_ = str(device)
        exact = self._n_zeros(matrix.shape[1]) == matrix.shape[1]
        for name in [key for key in vars(self) if key.startswith(_WEIGHTS)]:
            delattr(self, name)
        return Fitted(
            vectors,
            attributes={
                **network.arrays(),
                "loss_curve_": np.array(curve, np.float64),
                "n_epochs_": len(curve),
                "decoder_mode_": "exact" if exact else "sampled",
                "scale_": scale,
                **distance,
            },
        )

    def _widths(self) -> tuple[int, ...]:
        return (*map(int, self.hidden), int(self.n_components))

    def _n_zeros(self, n_columns: int) -> int:
        exact = self.decoder_mode == "exact" or (
            self.decoder_mode == "auto" and n_columns <= _EXACT_UP_TO
        )
        return n_columns if exact else min(self.n_negatives, n_columns)

    def _recipe(self, matrix: sparse.csr_array) -> Recipe:
        return Recipe(
            widths=self._widths(),
            activation=self.activation,
            alpha=float(self.alpha),
            beta=float(self.beta),
            nu=float(self.nu),
            n_zeros=self._n_zeros(matrix.shape[1]),
            batch_size=min(self.batch_size, matrix.shape[0]),
            learning_rate=float(self.learning_rate),
        )

    def _train(self, trainer: Trainer, task: Task) -> list[float]:
        n_epochs = self.n_epochs
        if n_epochs is None:
            wanted = -(-_AUTO_STEPS // trainer.steps_per_epoch())
            n_epochs = int(np.clip(wanted, *_AUTO_EPOCHS))
        n_layers = len(self._widths())
        depths = list(range(1 if self.pretrain else n_layers, n_layers + 1))
        steps = self._steps(task, "epoch", n_epochs * len(depths))
        curve: list[float] = []
        for depth in depths:
            curve += self._train_depth(trainer, depth, n_epochs, steps)
        for _ in steps:  # callbacks hear of all epochs, also after an early stop
            pass
        return curve

    def _train_depth(
        self, trainer: Trainer, depth: int, n_epochs: int, steps: Any
    ) -> list[float]:
        curve: list[float] = []
        best, since = np.inf, 0
        for epoch in range(n_epochs):
            next(steps)
            start, end = (
                self.learning_rate * cosine_rate(at / n_epochs)
                for at in (epoch, epoch + 1)
            )
            loss = trainer.epoch(start, end, depth)
            curve.append(loss)
            if not np.isfinite(loss):
                raise GraphValueError(
                    f"Training diverged: the loss of epoch {epoch + 1} is {loss}. "
                    f"Lower learning_rate={self.learning_rate} or alpha={self.alpha}."
                )
            since = 0 if loss < best * (1 - self.tol) else since + 1
            best = min(best, loss)
            if self.tol and since >= self.n_iter_no_change:
                if self.verbose > 1:
                    _log.info("SDNE: loss at rest after %d epochs", epoch + 1)
                break
        return curve

    def _examine(self, vectors: FloatArray, start: float) -> dict[str, Any]:
        """Warn of dead and of collapsed vectors; say how far apart they are."""
        n_dead = int(np.sum(~vectors.any(axis=1)))
        distance, length = spread(vectors)
        if n_dead:
            warn_user(
                f"The vectors of {n_dead:,} nodes with edges are zero: units of "
                f"activation={self.activation!r} are dead. Lower learning_rate="
                f"{self.learning_rate} or use activation='leaky_relu'."
            )
        elif self.alpha and start and distance <= _COLLAPSED * max(length, start):
            warn_user(
                f"The vectors have collapsed: their mean distance is {distance:.3g} at "
                f"a mean length of {length:.3g}. Lower alpha={self.alpha}."
            )
        return {"n_dead_": n_dead, "spread_": distance}

    # -- rows ----------------------------------------------------------------------
    def _input(
        self, out: sparse.csr_array, square: sparse.csr_array | None, scale: float
    ) -> sparse.csr_array:
        """Rows as the network reads them; None where their in-edges are unknown."""
        if self.direction == "both":
            back = out if square is None else square.T.tocsr()
            out = sparse.csr_array(sparse.hstack([out, back], format="csr"))
        return network_input(out, scale, self.row_normalization)

    def transform(self, X: GraphLike) -> AnyArray:
        """Return the fitted vectors, or run the encoder on rows of edges.

        Parameters
        ----------
        X : graph-like or matrix of shape (n_new, n_nodes)
            The graph of `fit`: its vectors are returned. Rows of edge weights to the
            fitted nodes, or another graph of the same nodes: what the encoder makes
            of them, zeros where a row is empty.

        Returns
        -------
        ndarray of shape (n_new, n_components)
            Vectors in the space of ``embedding_``.

        Raises
        ------
        GraphValueError
            For a graph of other nodes. A fit is never repeated here.
        """
        return super().transform(X)

    def _rows_of(self, graph: Graph) -> CSR:
        csr = graph.csr
        return drop(csr, loops=True) if self.self_loops == "drop" else csr

    def _embed_rows(self, rows: CSR) -> AnyArray:
        matrix = self._input(matrix_of(rows, len(self._nodes)), None, self.scale_)
        with single_blas_thread():
            vectors = self._network().encode(matrix)
        return vectors.astype(self.embedding_.dtype, copy=False)

    def _network(self) -> Autoencoder:
        return autoencoder(vars(self), self.activation)

    def decoder_score(self, rows: Any, columns: Any) -> AnyArray:
        """Reconstructed entry of the adjacency for pairs of nodes.

        Parameters
        ----------
        rows, columns : int or array-like of int
            Row numbers of sources and targets, broadcast against each other; a
            column of rows against a row of columns is one dense product.

        Returns
        -------
        ndarray
            The larger, the likelier the edge. Rows and columns are not exchangeable:
            for undirected graphs add the two directions.
        """
        check_is_fitted(self)
        return self._network().score(
            self.embedding_, np.asarray(rows), np.asarray(columns)
        )


_WEIGHTS = (
    "encoder_weights_",
    "encoder_biases_",
    "decoder_weights_",
    "decoder_biases_",
)

__all__ = ["SDNE"]
