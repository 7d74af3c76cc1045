"""Vectors of nodes for the tools that read vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from graphrep.exceptions import GraphTypeError
from graphrep.graph import Vectors
from graphrep.io import write_vectors
from graphrep.io._compression import open_output, strip_compression
from graphrep.typing import PathType

_JSONL = "jsonl"


def node_vectors(source: Any) -> Vectors:
    """Vectors of nodes and their ids, wherever they stand.

    Parameters
    ----------
    source : Vectors, fitted embedder or fitted linker
        An embedder has ``vectors_``, a linker such as `Text2Node` has
        ``node_vectors_`` and ``node_ids_``.

    Returns
    -------
    Vectors

    Raises
    ------
    GraphTypeError
        For anything else.
    """
    if isinstance(source, Vectors):
        return source
    matrix = getattr(source, "node_vectors_", None)
    if matrix is not None:
        return Vectors(matrix, source.node_ids_)
    found = getattr(source, "vectors_", None)
    if isinstance(found, Vectors):
        return found
    raise GraphTypeError(
        f"No vectors of nodes were found in {type(source).__name__}; pass Vectors, a "
        "fitted embedder, or a fitted linker with node_vectors_."
    )


def export_vectors(
    source: Any, path: PathType, format: str | None = None, **options: Any
) -> None:
    """Write vectors of nodes to a file that other tools read.

    Parameters
    ----------
    source : Vectors, fitted embedder or fitted linker
        See `node_vectors`.
    path : path-like
        Where to; a compression's suffix compresses texts.
    format : str or None, default=None
        One of `graphrep.io.write_vectors`: "word2vec" is what gensim, spaCy's
        ``init vectors`` and custom linkers of xMEN read. Or "jsonl": an object
        ``{"id": ..., "vector": [...]}`` a line. None takes it from the suffix.
    **options
        Of `graphrep.io.write_vectors`.
    """
    vectors = node_vectors(source)
    suffix = Path(strip_compression(path)).suffix.lower()
    if format == _JSONL or (format is None and suffix == ".jsonl"):
        _write_jsonl(vectors, path)
    else:
        write_vectors(vectors, path, format=format, **options)


def _write_jsonl(vectors: Vectors, path: PathType) -> None:
    """Write lines; values have the digits that float32 needs, float64 in full."""
    short = vectors.matrix.dtype.itemsize <= 4
    with open_output(path) as file:
        for node, row in zip(vectors.node_ids.tolist(), vectors.matrix, strict=True):
            values = [float(str(v)) for v in row] if short else row.tolist()
            line = json.dumps({"id": node, "vector": values}, ensure_ascii=False)
            file.write(f"{line}\n".encode())
