"""Smoothest eigenvectors of a graph's Laplacian, connected part by connected part."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from graphrep.linalg import FunctionOperator, SparseOperator, eigsh, scaled
from graphrep.typing import FloatArray, IntArray

_STACKED = 32
"""Components of up to so many nodes are solved together with others of their size."""

_PUSH = 3.0
"""Takes the eigenvalue 1 of a constant vector below all others, which are >= -1."""

_SIGN_TIE = 1e-6


class Part(NamedTuple):
    """Components of one size, or nodes of several components taken as a whole.

    Attributes
    ----------
    rows : ndarray of shape (n_parts, size)
        Rows of the graph, one line for each component.
    matrix : scipy.sparse.csr_array of shape (n_parts * size, n_parts * size)
        ``D^-1/2 A D^-1/2`` of these rows in their order: block-diagonal.
    trivial : scipy.sparse.csr_array of shape (n_trivial, n_parts * size)
        Known eigenvectors of the eigenvalue 1: one for each connected component.
    """

    rows: IntArray
    matrix: Any
    trivial: Any


def parts_of(
    adjacency: Any, strength: FloatArray, labels: IntArray, *, together: bool
) -> list[Part]:
    """Cut a graph into its connected components, or only sort its nodes by them.

    Parameters
    ----------
    adjacency : scipy.sparse.csr_array
        Symmetric.
    strength : ndarray of shape (n_nodes,)
        Row sums of it; nodes without any are left out.
    labels : ndarray of shape (n_nodes,)
        Component of each node, the largest 0, ordered by size.
    together : bool
        Keep all components in one part.

    Returns
    -------
    list of Part
        The largest component first.
    """
    used = np.flatnonzero(strength > 0)
    if not len(used):
        return []
    order = used[np.argsort(labels[used], kind="stable")]
    root = np.sqrt(strength)
    factor = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
    matrix = scaled(adjacency, left=factor, right=factor)
    if not np.array_equal(order, np.arange(len(strength))):
        matrix = matrix[order][:, order].tocsr()
    sizes = np.unique(labels[order], return_counts=True)[1]
    trivial = _trivial_vectors(root[order], sizes)
    if together:
        return [Part(order[None, :], matrix, trivial)]
    parts: list[Part] = []
    component = start = 0
    while component < len(sizes):
        n_parts, size = _run_length(sizes, component), int(sizes[component])
        end = start + n_parts * size
        rows = order[start:end].reshape(n_parts, size)
        own = trivial[component : component + n_parts, start:end]
        parts.append(Part(rows, matrix[start:end, start:end], own))
        component, start = component + n_parts, end
    return parts


def smallest_pairs(
    part: Part, n_components: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Largest eigenvalues of the normalised adjacency behind the trivial ones.

    Returns
    -------
    values : ndarray of shape (n_parts, k)
        Descending; k is at most the number of vectors that are not trivial.
    vectors : ndarray of shape (n_parts, size, k)
        Orthonormal columns.
    """
    n_parts, size = part.rows.shape
    if size <= _STACKED and len(part.rows) == part.trivial.shape[0]:
        return _solve_stack(part, n_components)
    rank = min(n_components, size - part.trivial.shape[0])
    if rank < 1:
        return np.zeros((n_parts, 0)), np.zeros((n_parts, size, 0))
    edges = SparseOperator(part.matrix, symmetric=True)
    constants = SparseOperator(part.trivial)

    def without_trivial(X: FloatArray) -> FloatArray:
        Y = edges.matmat(X)
        Y -= _PUSH * constants.rmatmat(constants.matmat(X))
        return Y

    operator = FunctionOperator((size, size), without_trivial)
    values, vectors = eigsh(operator, rank, which="LA", seed=seed)
    return values[None], vectors[None]


def fix_signs(vectors: FloatArray) -> None:
    """Turn columns in place so that the first of their largest entries is positive."""
    size = np.abs(vectors)
    largest = size >= size.max(axis=1, keepdims=True) * (1 - _SIGN_TIE)
    first = np.argmax(largest, axis=1)[:, None, :]
    vectors *= np.where(np.take_along_axis(vectors, first, axis=1) < 0, -1.0, 1.0)


def _solve_stack(part: Part, n_components: int) -> tuple[FloatArray, FloatArray]:
    n_parts, size = part.rows.shape
    stack: FloatArray = np.zeros((n_parts, size, size))
    entries = part.matrix.tocoo()
    which = entries.row // size
    stack[which, entries.row % size, entries.col % size] = entries.data
    trivial = part.trivial.data.reshape(n_parts, size)
    stack -= _PUSH * trivial[:, :, None] * trivial[:, None, :]
    values, vectors = np.linalg.eigh(stack)
    rank = min(n_components, size - 1)
    kept = slice(-1, -1 - rank, -1)
    return values[:, kept], vectors[:, :, kept].copy()


def _trivial_vectors(root: FloatArray, sizes: IntArray) -> Any:
    """Make unit vectors ``D^1/2 1`` of components that follow one another."""
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    volumes = np.add.reduceat(root**2, indptr[:-1])
    data = root / np.sqrt(np.repeat(volumes, sizes))
    shape = (len(sizes), len(root))
    return sparse.csr_array((data, np.arange(len(root)), indptr), shape=shape)


def _run_length(sizes: IntArray, start: int) -> int:
    """Count the components from a place on to solve together."""
    if sizes[start] > _STACKED:
        return 1
    others = np.flatnonzero(sizes[start:] != sizes[start])
    return int(others[0]) if len(others) else len(sizes) - start


__all__ = ["Part", "fix_signs", "parts_of", "smallest_pairs"]
