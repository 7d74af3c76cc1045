"""The autoencoder of SDNE once it is trained: rows to vectors to scores, in numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.special import erf, expit

from graphrep._utils._blas import single_blas_thread
from graphrep.graph import CSR
from graphrep.typing import AnyArray, FloatArray, IntArray

LEAK = 0.01
_BLOCK_ROWS = 256  # products of one shape only: a row's bits depend on itself alone
_BLOCK_VALUES = 1 << 22


def activate(x: FloatArray, name: str) -> FloatArray:
    """Apply an activation by name."""
    if name == "leaky_relu":
        return np.where(x > 0, x, np.float32(LEAK) * x)
    if name == "gelu":
        half = x.dtype.type(0.5)
        gelu: FloatArray = x * half * (1 + erf(x * np.sqrt(half)))
        return gelu
    if name == "relu":
        return np.maximum(x, 0)
    if name == "sigmoid":
        squashed: FloatArray = expit(x)
        return squashed
    return x


def activations(name: str) -> tuple[str, str, str]:
    """Activation of the hidden layers, of the embedding and of the output."""
    if name == "sigmoid":
        return name, name, name
    return name, "relu" if name == "relu" else "linear", "linear"


class Layer(NamedTuple):
    """Weights of one layer; of shape (inputs, outputs) but for the decoder's last."""

    weights: FloatArray
    biases: FloatArray


class Autoencoder(NamedTuple):
    """A trained network.

    The first layer of the encoder has a row for each input and the last one of the
    decoder a row for each output, so both are of shape (n_inputs, width).
    """

    encoder: list[Layer]
    decoder: list[Layer]
    activation: str

    def encode(self, rows: sparse.csr_array) -> FloatArray:
        """Vectors of sparse rows; zero where a row is empty."""
        hidden, last, _ = activations(self.activation)
        first = self.encoder[0]
        out: FloatArray = np.zeros(
            (rows.shape[0], len(self.encoder[-1].biases)), np.float32
        )
        for start in range(0, len(out), _BLOCK_ROWS):
            block = rows[start : start + _BLOCK_ROWS]
            x = _padded(block @ first.weights) + first.biases
            for layer in self.encoder[1:]:
                x = activate(x, hidden) @ layer.weights + layer.biases
            out[start : start + _BLOCK_ROWS] = activate(x, last)[: block.shape[0]]
        out[np.diff(rows.indptr) == 0] = 0
        return out

    def decode(self, vectors: FloatArray) -> FloatArray:
        """Run the decoder up to its last hidden layer."""
        hidden, _, _ = activations(self.activation)
        x = vectors.astype(np.float32)
        for layer in self.decoder[:-1]:
            x = activate(x @ layer.weights + layer.biases, hidden)
        return x

    def score(
        self, vectors: FloatArray, rows: IntArray, columns: IntArray
    ) -> FloatArray:
        """Reconstructed entry for each pair, rows and columns broadcast."""
        rows, columns = np.asarray(rows), np.asarray(columns)
        with single_blas_thread():
            if rows.ndim == 2 and rows.shape[1] == 1 and columns.shape[:-1] in _ROW:
                return self._grid(vectors[rows[:, 0]], columns.reshape(-1))
            rows, columns = np.broadcast_arrays(rows, columns)
            return self._pairs(vectors, rows.ravel(), columns.ravel()).reshape(
                rows.shape
            )

    def _grid(self, vectors: FloatArray, columns: IntArray) -> FloatArray:
        last, output = self.decoder[-1], activations(self.activation)[2]
        weights = np.ascontiguousarray(last.weights[columns].T)
        out: FloatArray = np.empty((len(vectors), len(columns)), np.float32)
        for start in range(0, len(out), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            x = self.decode(vectors[block]) @ weights + last.biases[columns]
            out[block] = activate(x, output)
        return out

    def _pairs(
        self, vectors: FloatArray, rows: IntArray, columns: IntArray
    ) -> FloatArray:
        last, output = self.decoder[-1], activations(self.activation)[2]
        used, rows = np.unique(rows, return_inverse=True)
        hidden = self.decode(vectors[used])
        out: FloatArray = np.empty(len(rows), np.float32)
        size = max(1, _BLOCK_VALUES // last.weights.shape[1])
        for start in range(0, len(out), size):
            at, to = rows[start : start + size], columns[start : start + size]
            x = np.einsum("ij,ij->i", hidden[at], last.weights[to]) + last.biases[to]
            out[start : start + size] = activate(x, output)
        return out

    def arrays(self) -> dict[str, FloatArray]:
        """All weights by the names under which an estimator keeps them."""
        named = {}
        for side in ("encoder", "decoder"):
            for number, layer in enumerate(getattr(self, side)):
                named[f"{side}_weights_{number}_"] = layer.weights
                named[f"{side}_biases_{number}_"] = layer.biases
        return named


_ROW: tuple[tuple[int, ...], ...] = ((), (1,))


def autoencoder(state: Mapping[str, Any], activation: str) -> Autoencoder:
    """Put a network together from the arrays that `Autoencoder.arrays` named."""
    sides: list[list[Layer]] = []
    for side in ("encoder", "decoder"):
        layers: list[Layer] = []
        while (name := f"{side}_weights_{len(layers)}_") in state:
            biases = state[f"{side}_biases_{len(layers)}_"]
            layers.append(Layer(state[name], biases))
        sides.append(layers)
    return Autoencoder(sides[0], sides[1], activation)


def matrix_of(rows: CSR, n_columns: int) -> sparse.csr_array:
    """Rows of edges as a float32 matrix."""
    data = rows.data if rows.weighted else np.ones(len(rows.indices), np.float32)
    shape = (len(rows.indptr) - 1, n_columns)
    wide = max(len(rows.indices), n_columns) > np.iinfo(np.int32).max
    kind = np.int64 if wide else np.int32
    parts = (data.astype(np.float64), rows.indices.astype(kind), rows.indptr)
    return sparse.csr_array(parts, shape=shape)


def network_input(
    matrix: sparse.csr_array, scale: float, normalization: str | None
) -> sparse.csr_array:
    """Bring the largest weight to ``scale`` and rows to comparable length."""
    matrix = matrix * (1 / scale)
    if normalization is not None:
        total = np.asarray(matrix.sum(axis=1)).ravel()
        safe = np.where(total > 0, total, 1)
        if normalization == "l2":
            squares = np.asarray((matrix * matrix).sum(axis=1)).ravel()
            per = 1 / np.sqrt(np.where(squares > 0, squares, 1))
        elif normalization == "degree":
            per = 1 / safe
        else:
            per = np.log1p(total) / safe
        matrix = sparse.csr_array(
            (
                matrix.data * np.repeat(per, np.diff(matrix.indptr)),
                matrix.indices,
                matrix.indptr,
            ),
            shape=matrix.shape,
        )
    return matrix.astype(np.float32)


def _padded(block: AnyArray) -> AnyArray:
    if len(block) == _BLOCK_ROWS:
        return block
    whole = np.zeros((_BLOCK_ROWS, block.shape[1]), block.dtype)
    whole[: len(block)] = block
    return whole
