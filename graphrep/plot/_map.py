"""Map: points in the plane for nodes, and the ways to lay them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphrep._utils._optional import require
from graphrep._utils._random import draw_seed
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Vectors
from graphrep.typing import AnyArray, FloatArray, IntArray, SeedLike

METHODS = ("pca", "tsne", "umap")
_N_PCA = 50
_N_NEIGHBOURS = 4
_PERPLEXITY = 30.0
_BLOCK = 2048
_MAX_GROUPS = 30
OTHER = "other"


@dataclass(frozen=True)
class Map:
    """Nodes laid out in the plane.

    Parameters
    ----------
    xy : ndarray of shape (n_nodes, 2)
        Coordinates, float32.
    ids : list of str
        Ids as text.
    names : list of str or None
        What a reader knows the nodes by.
    groups : ndarray of shape (n_nodes,)
        Number of the group of each node.
    group_names : tuple of str
        Names of the groups; a single empty name where there are no groups.
    title : str
        Heading.
    method : str
        How the map was made, in words.
    """

    xy: FloatArray
    ids: list[str]
    names: list[str] | None
    groups: IntArray
    group_names: tuple[str, ...]
    title: str = ""
    method: str = ""

    def __len__(self) -> int:
        return len(self.xy)


def embedding_map(
    vectors: Any,
    labels: Any = None,
    names: Any = None,
    *,
    method: str = "pca",
    normalize: bool = True,
    max_points: int = 4000,
    title: str = "",
    random_state: SeedLike = 0,
) -> Map:
    """Lay vectors out in the plane.

    Parameters
    ----------
    vectors : Vectors or array-like of shape (n_nodes, n_components)
        What to draw. Arrays have the row numbers as ids.
    labels : mapping of id to label, or sequence in row order, or None
        Groups, for the colours. The 30 largest are kept, the rest becomes "other".
    names : mapping of id to name, or sequence in row order, or None
        Names shown beside the ids.
    method : {"pca", "tsne", "umap"}, default="pca"
        The two main axes; or t-SNE, or UMAP (package umap-learn), of the 50 main
        axes.
    normalize : bool, default=True
        Bring vectors to unit length first, so that nearness is by cosine.
    max_points : int, default=4000
        t-SNE and UMAP lay out a sample of so many nodes and put each other node
        among its four nearest sampled ones.
    title : str, default=""
        Heading of the picture.
    random_state : int, RandomState instance or None, default=0
        Seed of the sample and the layout.

    Returns
    -------
    Map

    Examples
    --------
    >>> import numpy as np
    >>> drawing = embedding_map(np.eye(4), labels=["a", "a", "b", "b"])
    >>> len(drawing), drawing.group_names
    (4, ('a', 'b'))
    """
    from threadpoolctl import threadpool_limits

    if method not in METHODS:
        raise GraphValueError(
            f"method must be one of {', '.join(map(repr, METHODS))}; got {method!r}."
        )
    if max_points < 2:
        raise GraphValueError(f"max_points must be at least 2; got {max_points}.")
    if not isinstance(vectors, Vectors):
        vectors = Vectors(vectors)
    ids = vectors.node_ids.tolist()
    groups, group_names = _groups(_in_rows(labels, ids, "labels"), len(ids))
    shown = _in_rows(names, ids, "names")
    matrix = np.asarray(vectors.matrix, np.float32)
    seed = draw_seed(random_state)
    # One thread: the same picture on any machine, and threads of t-SNE that wait for
    # a core in a busy loop make it many times slower where others use the cores.
    with threadpool_limits(1):
        xy, how = _layout(matrix, method, normalize, max_points, seed)
    return Map(
        xy=xy,
        ids=[str(node) for node in ids],
        names=None if shown is None else ["" if n is None else str(n) for n in shown],
        groups=groups,
        group_names=group_names,
        title=title,
        method=how,
    )


def _in_rows(given: Any, ids: list[Any], what: str) -> list[Any] | None:
    """Bring a mapping or a sequence into row order; None where an id has nothing."""
    if given is None:
        return None
    if isinstance(given, Mapping):
        return [given.get(node, given.get(str(node))) for node in ids]
    if isinstance(given, np.ndarray) and given.ndim == 1:
        given = given.tolist()
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise GraphTypeError(
            f"{what} must be a mapping of id to value or a sequence in row order; "
            f"got {type(given).__name__}."
        )
    if len(given) != len(ids):
        raise GraphValueError(
            f"{what} has {len(given):,} entries for {len(ids):,} nodes."
        )
    return list(given)


def _groups(labels: list[Any] | None, n_nodes: int) -> tuple[IntArray, tuple[str, ...]]:
    """Numbers and names of groups, in order of first appearance, "other" last."""
    if labels is None:
        return np.zeros(n_nodes, np.int64), ("",)
    texts = [OTHER if label is None else str(label) for label in labels]
    counts = Counter(texts)
    counts.pop(OTHER, None)
    kept = {name for name, _ in counts.most_common(_MAX_GROUPS)}
    order = [name for name in dict.fromkeys(texts) if name in kept]
    if len(kept) < len(set(texts)):
        order.append(OTHER)
    number = {name: i for i, name in enumerate(order)}
    last = len(order) - 1
    return np.array([number.get(text, last) for text in texts]), tuple(order)


def _layout(
    matrix: FloatArray, method: str, normalize: bool, max_points: int, seed: int
) -> tuple[FloatArray, str]:
    if normalize:
        norms = np.linalg.norm(matrix, axis=1, keepdims=True)
        matrix = matrix / np.where(norms > 0, norms, 1)
    n_nodes = len(matrix)
    if method == "pca" or n_nodes < 4:
        return main_axes(matrix, 2), "the two main axes (PCA)"
    axes = main_axes(matrix, _N_PCA)
    rows = np.arange(n_nodes)
    if n_nodes > max_points:
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(n_nodes, max_points, replace=False))
    place = _tsne if method == "tsne" else _umap
    placed = place(axes[rows], seed % 2**32)
    words = {"tsne": "t-SNE", "umap": "UMAP"}[method]
    if len(rows) == n_nodes:
        return placed, words
    xy = _put_among(axes, axes[rows], placed)
    xy[rows] = placed
    return xy, f"{words} of {max_points:,} nodes, the others put among them"


def main_axes(matrix: AnyArray, n_axes: int) -> FloatArray:
    """Coordinates along the axes of largest variance, with signs that are fixed."""
    centred = matrix - matrix.mean(axis=0, dtype=np.float64).astype(np.float32)
    values, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = axes[:, np.argsort(-values, kind="stable")[:n_axes]]
    largest = np.argmax(np.abs(axes), axis=0)
    axes = axes * np.where(axes[largest, np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    out: FloatArray = np.asarray(centred @ axes.astype(np.float32), np.float32)
    if out.shape[1] < min(n_axes, 2):  # vectors of one component lie on a line
        out = np.c_[out, np.zeros(len(out), np.float32)]
    return out


def _tsne(axes: FloatArray, seed: int) -> FloatArray:
    from sklearn.manifold import TSNE

    n_nodes = len(axes)
    model = TSNE(
        2, perplexity=min(_PERPLEXITY, max(1.0, (n_nodes - 1) / 3)), max_iter=500,
        learning_rate="auto", init=axes[:, :2] * _scale(axes), random_state=seed,
    )  # fmt: skip
    return np.asarray(model.fit_transform(axes), np.float32)


def _scale(axes: FloatArray) -> Any:
    """Factor that gives the start of t-SNE the small spread it wants."""
    spread = float(axes[:, 0].std())
    return np.float32(1e-4 / spread if spread > 0 else 1.0)


def _umap(axes: FloatArray, seed: int) -> FloatArray:
    umap = require("umap", extra="umap", why="method='umap' (package umap-learn)")
    return np.asarray(umap.UMAP(random_state=seed).fit_transform(axes), np.float32)


def _put_among(axes: FloatArray, sampled: FloatArray, placed: FloatArray) -> FloatArray:
    """Place every node at the mean of its nearest sampled nodes, by nearness."""
    k = min(_N_NEIGHBOURS, len(sampled))
    xy = np.empty((len(axes), 2), np.float32)
    squares = np.einsum("ij,ij->i", sampled, sampled)
    for start in range(0, len(axes), _BLOCK):
        block = axes[start : start + _BLOCK]
        distance = squares - 2 * (block @ sampled.T)
        distance += np.einsum("ij,ij->i", block, block)[:, None]
        near = np.argpartition(distance, k - 1, axis=1)[:, :k]
        apart = np.maximum(np.take_along_axis(distance, near, 1), 0)
        weight = np.exp(-apart / (apart.min(axis=1, keepdims=True) + 1e-3))
        weight /= weight.sum(axis=1, keepdims=True)
        xy[start : start + _BLOCK] = np.einsum("ij,ijk->ik", weight, placed[near])
    return xy
