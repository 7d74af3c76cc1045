"""Edges as a stream of chunks, whatever they come from: what a store is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._optional import module_of
from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.graph._csr import as_weights, weight_message
from graphrep.graph._ids import integer_array, shown
from graphrep.io._id_table import Tokens
from graphrep.kernels import _csr as csr_kernels
from graphrep.kernels import _stream_ids as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray, PathType

CANONICAL, TEXTS, INTEGERS = "canonical", "texts", "integers"
"""Rules for ids: integers if every text is a canonical one, texts, and integers."""

NONE_ABSENT = np.empty(0, bool)
_MOST_BYTES = 2**31 - 1


class Chunk(NamedTuple):
    """Edges of one block, the ids of source and target in turn.

    Attributes
    ----------
    n_edges : int
        Edges and single nodes; the partner of a single node is absent.
    integers : ndarray of int64 of shape (2 * n_edges,) or None
        Ids, where they come as integers.
    absent : ndarray of bool of shape (2 * n_edges,) or (0,)
        Which ids are none; empty where all are there.
    data, tokens : ndarray of uint8, tuple of ndarray; or None
        Ids as they lie in the bytes of texts. A token of no length is absent.
    weights : ndarray of float of shape (n_edges,) or None
    error : Exception or None
        What stopped the reader after these edges.
    """

    n_edges: int
    integers: IntArray | None = None
    absent: AnyArray = NONE_ABSENT
    data: AnyArray | None = None
    tokens: Tokens | None = None
    weights: FloatArray | None = None
    error: Exception | None = None

    def name(self, at: int) -> Any:
        """One id, for a message."""
        if self.integers is not None:
            return int(self.integers[at])
        assert self.data is not None
        assert self.tokens is not None
        _, starts, lengths = self.tokens
        end = int(starts[at]) + abs(int(lengths[at]))
        return self.data[int(starts[at]) : end].tobytes().decode("utf-8", "replace")


@dataclass
class EdgeStream:
    """Chunks of edges and what is known about them before they are read.

    Attributes
    ----------
    chunks : iterator of Chunk
    id_rule : {"canonical", "texts", "integers"}
        What the ids become; a stream of arrays finds out with its first chunk.
    directed : bool
    n_range : int or None
        Number of nodes whose ids are their row numbers, where a file says so.
    n_nodes : int or None
        Number of nodes that a file says it has.
    n_edges : int or None
        Most edges that will come, where known.
    allow_empty : bool
        Whether no edge at all is right.
    path : path-like or None
        What to name in errors.
    warn_blanks : bool
        Whether to warn of ids that begin or end with a space.
    """

    chunks: Iterator[Chunk]
    id_rule: str | None
    directed: bool
    n_range: int | None = None
    n_nodes: int | None = None
    n_edges: int | None = None
    allow_empty: bool = False
    path: PathType | None = None
    warn_blanks: bool = False


def checked_weights(values: Any, chunk: Chunk, before: int) -> FloatArray:
    """Weights as floats; one that cannot be used is named by its edge."""
    weights = as_weights(np.asarray(values))
    if len(weights) != chunk.n_edges:
        raise GraphValueError(
            f"{len(weights):,} weights were given for {chunk.n_edges:,} edges."
        )
    bad, negative, _, _ = csr_kernels.check_weights(weights)
    at = int(bad if bad >= 0 else negative)
    if at >= 0:
        edge = (chunk.name(2 * at), chunk.name(2 * at + 1))
        where = f"edge {edge} at position {before + at}"
        raise GraphValueError(weight_message(float(weights[at]), where))
    return weights


def text_tokens(data: AnyArray, offsets: IntArray, columns: int) -> Tokens:
    """Tokens of texts between offsets: all of one column, then all of the other.

    Raises
    ------
    GraphValueError
        For an empty id, and for ids of 2 GiB together.
    """
    if len(data) > _MOST_BYTES:
        raise GraphValueError(
            f"The ids of one chunk have {len(data):,} bytes; pass smaller chunks."
        )
    n = len(offsets) - 1
    keys = np.empty(n, np.uint64)
    starts, lengths = np.empty(n, np.int32), np.empty(n, np.int32)
    source = data if len(data) else np.zeros(1, np.uint8)
    empty = int(kernels.cut_texts(source, offsets, keys, starts, lengths))
    if empty >= 0:
        side = "source" if empty < n // columns else "target"
        raise GraphValueError(
            f"The {side} of edge {empty % (n // columns):,} of a chunk is an empty "
            "text. Give every node an id."
        )
    return keys, starts, lengths


def in_turn(source: AnyArray, target: AnyArray) -> AnyArray:
    """One array of both columns, source and target in turn."""
    out = np.empty(2 * len(source), source.dtype)
    out[0::2] = source
    out[1::2] = target
    return out


def array_stream(parts: Iterable[Any], *, directed: bool | None = None) -> EdgeStream:
    """Stream of (source, target) or (source, target, weight), arrays or lists."""
    return EdgeStream(_array_chunks(parts), None, bool(directed), allow_empty=True)


def _array_chunks(parts: Iterable[Any]) -> Iterator[Chunk]:
    before = 0
    for part in parts:
        if not isinstance(part, (tuple, list)) or len(part) not in (2, 3):
            raise GraphTypeError(
                "A chunk of edges must be (source, target) or (source, target, "
                f"weight); got {shown(part)}."
            )
        chunk = _chunk_of_arrays(part[0], part[1])
        if len(part) == 3 and part[2] is not None:
            chunk = chunk._replace(weights=checked_weights(part[2], chunk, before))
        before += chunk.n_edges
        yield chunk


def _chunk_of_arrays(source: Any, target: Any) -> Chunk:
    if len(source) != len(target):
        raise GraphValueError(
            f"source and target must have the same length; got {len(source):,} and "
            f"{len(target):,}."
        )
    a, b = integer_array(source), integer_array(target)
    if a is not None and b is not None:
        return Chunk(len(a), in_turn(a, b))
    both = []
    for ids, values in ((source, a), (target, b)):
        if values is not None and len(values):
            raise GraphTypeError("A chunk mixes integers and texts as ids.")
        both.append([_bytes_of(node) for node in ids])
    offsets = np.zeros(2 * len(both[0]) + 1, np.int64)
    np.cumsum([len(raw) for side in both for raw in side], out=offsets[1:])
    data = np.frombuffer(b"".join(both[0] + both[1]), np.uint8)
    return chunk_of_texts(data, offsets)


def chunk_of_texts(data: AnyArray, offsets: IntArray) -> Chunk:
    """Chunk of texts: those of the sources, then those of the targets."""
    tokens = text_tokens(data, offsets, 2)
    n = (len(offsets) - 1) // 2
    keys, starts, lengths = (in_turn(part[:n], part[n:]) for part in tokens)
    return Chunk(n, data=data, tokens=(keys, starts, lengths))


def _bytes_of(node: Any) -> bytes:
    if not isinstance(node, str):
        raise GraphTypeError(
            f"The ids of a stream must be all integers or all texts; got {shown(node)} "
            f"of type {type(node).__name__}."
        )
    try:
        return node.encode()
    except UnicodeEncodeError:
        raise GraphValueError(f"Id {shown(node)} is not valid Unicode.") from None


def is_stream(source: object) -> bool:
    """Whether this comes chunk by chunk: an iterator, or a lazy Arrow stream."""
    if isinstance(source, Iterator):
        return True
    lazy = module_of(source) not in {"pandas", "polars", "pyarrow"}
    return lazy and hasattr(source, "__arrow_c_stream__")


def text_stream(
    paths: list[PathType],
    *,
    directed: bool | None = None,
    allow_empty: bool = False,
    n_jobs: int | None = None,
    **options: Any,
) -> EdgeStream:
    """Stream of one edge list or of several, one after the other."""
    from graphrep.io._edgelist import stream_edgelist

    rule = id_rule_of(options.get("id_dtype"))
    chunks = (
        chunk_of_parsed(parsed, rule, path)
        for path in paths
        for parsed in stream_edgelist(path, n_jobs=n_jobs, **options)
    )
    return EdgeStream(
        chunks,
        rule,
        bool(directed),
        allow_empty=allow_empty,
        path=paths[0],
        warn_blanks=True,
    )


def id_rule_of(id_dtype: Any) -> str:
    """Rule for ids in text files."""
    from graphrep.io._edgelist import id_kind
    from graphrep.io._id_table import INTEGER, TEXT

    return {None: CANONICAL, TEXT: TEXTS, INTEGER: INTEGERS}[id_kind(id_dtype)]


def chunk_of_parsed(parsed: Any, rule: str, path: PathType) -> Chunk:
    """Chunk of the records that the reader of edge lists cut."""
    n = parsed.n_records
    data = parsed.block.data
    keys, starts, lengths = (part[: 2 * n] for part in parsed.tokens)
    weights = parsed.weights[:n] if len(parsed.weights) else None
    if rule != INTEGERS:
        return Chunk(
            n, data=data, tokens=(keys, starts, lengths), weights=weights,
            error=parsed.error,
        )  # fmt: skip
    values = np.empty(2 * n, np.int64)
    bad = int(kernels.read_integer_tokens(data, starts, lengths, values))
    chunk = Chunk(n, data=data, tokens=(keys, starts, lengths))
    if bad >= 0:
        raise GraphFormatError(
            f"Node id {chunk.name(bad)!r} does not fit int64. Leave id_dtype away to "
            "keep such ids as texts.",
            path=path,
        )
    return Chunk(n, values, lengths == 0, weights=weights, error=parsed.error)
