"""Ids of nodes out of texts and into texts, the same way in every text format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.graph import Graph, NodeIndex
from graphrep.io._lines import shorten
from graphrep.typing import AnyArray, PathType

ID_DTYPES = (None, "int64", "str")
_CANONICAL = re.compile(r"0|[1-9][0-9]{0,18}")
_LARGEST = np.iinfo(np.int64).max


def index_from_texts(
    texts: Sequence[str], id_dtype: str | None, path: PathType
) -> NodeIndex:
    """Make an index of ids that were read as texts.

    Parameters
    ----------
    texts : sequence of str
        Distinct ids in row order.
    id_dtype : {None, "int64", "str"}
        None gives integers if every id is a canonical one (no sign, no leading
        zero, within int64) and texts otherwise.
    path : path-like
        File to name in errors.
    """
    if id_dtype not in ID_DTYPES:
        raise GraphValueError(
            f"id_dtype must be None, 'int64' or 'str'; got {id_dtype!r}."
        )
    if id_dtype == "str":
        return NodeIndex(_objects(texts))
    if id_dtype == "int64":
        return NodeIndex(_integers(texts, path))
    if texts and all(map(_CANONICAL.fullmatch, texts)):
        values = [int(text) for text in texts]
        if max(values) <= _LARGEST:
            return NodeIndex(np.array(values, np.int64))
    return NodeIndex(_objects(texts))


def texts_of_index(index: NodeIndex, *, what: str) -> list[str]:
    """Ids as texts for a writer; ``what`` names the format in errors.

    Raises
    ------
    GraphTypeError
        If the ids are neither all integers nor all texts.
    GraphValueError
        If a text cannot be encoded in UTF-8.
    """
    ids: list[Any] = index.ids.tolist()
    if index.is_integer:
        return [str(node) for node in ids]
    for row, node in enumerate(ids):
        if type(node) is not str:
            raise GraphTypeError(
                f"{what} can hold ids that are all integers or all texts; node {row} "
                f"has id {shorten(str(node))} of type {type(node).__name__}. Rename "
                "the nodes with Graph.with_nodes first."
            )
        if not node.isascii():
            try:
                node.encode()
            except UnicodeEncodeError:
                raise GraphValueError(
                    f"Id {node!r} of node {row} is not valid Unicode and cannot be "
                    "written. Rename the node first."
                ) from None
    return ids


def refuse_characters(
    texts: Sequence[str], forbidden: re.Pattern[str], *, what: str, remedy: str
) -> None:
    """Refuse ids that a format cannot hold, naming the first."""
    for row, text in enumerate(texts):
        if not text or forbidden.search(text):
            problem = "is empty" if not text else f"{shorten(text)} does not fit"
            raise GraphValueError(
                f"{what} cannot hold every id: id {row} {problem}. {remedy}"
            )


def _objects(texts: Sequence[str]) -> AnyArray:
    out = np.empty(len(texts), object)
    out[:] = texts
    return out


def _integers(texts: Sequence[str], path: PathType) -> AnyArray:
    out = np.empty(len(texts), np.int64)
    for row, text in enumerate(texts):
        try:
            out[row] = int(text)
        except (ValueError, OverflowError):
            raise GraphFormatError(
                f"Id {shorten(text)} is no integer that fits int64; drop "
                "id_dtype='int64' to keep ids as texts.",
                path=path,
            ) from None
    return out


def tell_lost_ids(graph: Graph, what: str) -> None:
    """Warn that a format without ids drops those of a graph."""
    if not graph.nodes.is_range:
        warn_user(
            f"{what} has no place for ids: the nodes will be numbered in row order. "
            "Keep graph.node_ids beside the file, or write npz, parquet or GraphML."
        )
