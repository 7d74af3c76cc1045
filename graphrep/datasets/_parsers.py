"""Parsers: the original files of the public benchmark graphs, and prepared copies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Graph
from graphrep.typing import AnyArray

_N_GROUPS = 47


class Parsed(NamedTuple):
    """A graph with the labels and features of its nodes."""

    graph: Graph
    y: Any
    features: Any = None
    y_names: tuple[str, ...] | None = None


def parse_mat(paths: Sequence[Path]) -> Parsed:
    """Read ``network`` and ``group`` of a MATLAB file, and nothing else of it."""
    content = _load_mat(paths[0], ("network", "group"))
    return Parsed(_undirected(content["network"]), _indicator(content["group"]))


def parse_groups_mat(paths: Sequence[Path]) -> Parsed:
    """Read a MATLAB file of friendships ``A`` and the 47 largest groups of ``F``."""
    content = _load_mat(paths[0], ("A", "F"))
    groups = sparse.csc_array(content["F"])
    sizes = np.diff(groups.indptr)
    largest = np.sort(np.argsort(-sizes, kind="stable")[:_N_GROUPS])
    return Parsed(_undirected(content["A"]), _indicator(groups[:, largest]))


def parse_prone(paths: Sequence[Path]) -> Parsed:
    """Read a list of edges and a file with the members of one class a line."""
    edges = _integers(paths[0], None)
    members = []
    for number, line in enumerate(paths[1].read_text("utf-8").splitlines(), 1):
        try:
            members.append(np.array(line.split(), np.int64))
        except ValueError:
            raise GraphFormatError(
                "expected integers, the members of one class.",
                path=paths[1],
                line=number,
            ) from None
    nodes = np.concatenate(members)
    classes = np.repeat(np.arange(len(members)), [len(m) for m in members])
    n_nodes = int(max(edges.max(), nodes.max())) + 1
    labels = _pairs(nodes, classes, (n_nodes, len(members)))
    return Parsed(
        _undirected(_pairs(edges[:, 0], edges[:, 1], (n_nodes, n_nodes))),
        _indicator(labels),
    )


def parse_csv(paths: Sequence[Path]) -> Parsed:
    """Read a table of edges and a table of node and class, without headers."""
    edges, labels = (_integers(path, ",") for path in paths)
    n_nodes, n_classes = (int(column.max()) + 1 for column in labels.T)
    graph = _undirected(_pairs(edges[:, 0], edges[:, 1], (n_nodes, n_nodes)))
    return Parsed(
        graph, _indicator(_pairs(labels[:, 0], labels[:, 1], (n_nodes, n_classes)))
    )


def parse_csr_npz(paths: Sequence[Path]) -> Parsed:
    """Read adjacency, features, labels and names stored as plain arrays."""
    with np.load(paths[0], allow_pickle=False) as z:
        adjacency, features = (
            sparse.csr_array(
                (z[f"{part}_data"], z[f"{part}_indices"], z[f"{part}_indptr"]),
                shape=tuple(z[f"{part}_shape"]),
            )
            for part in ("adj", "attr")
        )
        labels, ids, names = z["labels"], z["node_names"], z["class_names"]
    rows = np.arange(len(labels))
    y = _indicator(_pairs(rows, labels, (len(labels), len(names))))
    graph = _undirected(adjacency).with_nodes(ids.tolist())
    return Parsed(graph, y, features, tuple(names.tolist()))


def parse_prepared(path: Path) -> Parsed:
    """Read a copy in the prepared layout: CSR arrays of graph, labels and features."""
    with np.load(path, allow_pickle=False) as z:
        keys = set(z.files)
        if not {"indptr", "indices", "label_indptr", "label_indices"} <= keys:
            raise GraphFormatError(
                f"expected arrays indptr, indices, label_indptr and label_indices; "
                f"found {', '.join(sorted(keys))}.",
                path=path,
            )
        n_nodes = int(z["n_nodes"])
        graph = Graph.from_csr(
            z["indptr"],
            z["indices"],
            z["weights"] if "weights" in keys else None,
            nodes=z["node_names"].tolist() if "node_names" in keys else None,
            directed=bool(z["directed"]),
        )
        ones = np.ones(len(z["label_indices"]), np.float32)
        y = sparse.csr_array(
            (ones, z["label_indices"], z["label_indptr"]),
            shape=(n_nodes, int(z["n_classes"])),
        )
        features = None
        if "feat_indptr" in keys:
            features = sparse.csr_array(
                (z["feat_data"], z["feat_indices"], z["feat_indptr"]),
                shape=(n_nodes, int(z["n_feats"])),
            )
        names = tuple(z["label_names"].tolist()) if "label_names" in keys else None
    return Parsed(graph, y, features, names)


def _load_mat(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    from scipy.io import loadmat

    content: dict[str, Any] = loadmat(path, variable_names=list(keys))
    missing = [key for key in keys if key not in content]
    if missing:
        raise GraphFormatError(f"has no variable {missing[0]!r}.", path=path)
    return content


def _integers(path: Path, delimiter: str | None) -> AnyArray:
    """Read two columns of integers."""
    try:
        table = np.loadtxt(path, np.int64, delimiter=delimiter, ndmin=2)
    except ValueError as error:
        raise GraphFormatError(
            f"is no table of integers ({error}).", path=path
        ) from None
    if table.shape[1] != 2:
        raise GraphFormatError(
            f"expected 2 columns, found {table.shape[1]}.", path=path
        )
    return table


def _pairs(rows: AnyArray, columns: AnyArray, shape: tuple[int, int]) -> Any:
    ones = np.ones(len(rows), np.float32)
    return sparse.coo_array((ones, (rows, columns)), shape=shape)


def _undirected(matrix: Any) -> Graph:
    """Graph without weights, loops or directions."""
    half = sparse.coo_array(matrix)
    apart = half.row != half.col
    rows, columns = half.row[apart], half.col[apart]
    both = _pairs(np.r_[rows, columns], np.r_[columns, rows], half.shape).tocsr()
    both.data[:] = 1.0
    return Graph(both, directed=False)


def _indicator(matrix: Any) -> Any:
    """``csr_array`` of zeros and ones, sorted."""
    y = sparse.csr_array(matrix).astype(np.float32)
    y.sum_duplicates()
    y.eliminate_zeros()
    y.data[:] = 1.0
    return y
