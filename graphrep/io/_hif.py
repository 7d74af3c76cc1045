"""Files in the Hypergraph Interchange Format: JSON, compressed or not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.graph import Hypergraph
from graphrep.graph._hif import hif_of_hypergraph, hypergraph_of_hif
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_input, open_output
from graphrep.typing import PathType

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_RECORDS = ("nodes", "edges", "incidences")


def read_hif(
    path: PathType, *, max_uncompressed_bytes: int | None = None
) -> Hypergraph:
    """Read a hypergraph from a file in the Hypergraph Interchange Format (HIF).

    Parameters
    ----------
    path : path-like
        JSON in UTF-8, perhaps compressed, or ``"-"`` for standard input.
    max_uncompressed_bytes : int or None, default=None
        Limit for compressed files; None allows 100 times their size and 1 GiB more.

    Returns
    -------
    Hypergraph
        Ids are texts or integers, as they stand in the file. Kept are weights of
        edges, or ``weight`` among their ``attrs``; and from the ``attrs``
        ``multiplicity`` of edges and ``label``, or else ``name``, of both. Other
        ``attrs`` and ``metadata`` are not. Where ``nodes`` or ``edges`` lists all of
        them, its order is theirs; else integers ascend and others stand in order of
        first appearance.

    Raises
    ------
    GraphFormatError
        For a file that is no JSON, with the line; with the record, for anything that
        HIF does not allow, such as other keys; and for a directed hypergraph.

    Warns
    -----
    GraphWarning
        If incidences have weights other than 1: they are not kept.

    Notes
    -----
    The network-type "asc" (simplicial complex) is read as it stands; the faces that
    it implies are not added. The format is described in Coll et al., HIF: The
    hypergraph interchange format for higher-order networks, Network Science 13, 2025.
    """
    with open_input(path, max_uncompressed_bytes=max_uncompressed_bytes) as file:
        data = file.read().removeprefix(_BYTE_ORDER_MARK)
    hif = _parse(data, path)
    with blame_file(path):
        return hypergraph_of_hif(hif)


def write_hif(
    hypergraph: Hypergraph,
    path: PathType,
    *,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a hypergraph to a file in the Hypergraph Interchange Format, without loss.

    Parameters
    ----------
    hypergraph : Hypergraph
        Its ids must be texts or integers.
    path : path-like
        Where to; a compression's suffix compresses. ``"-"`` is standard output.
    metadata : mapping or None, default=None
        What to say about the whole, in JSON's types.

    Raises
    ------
    GraphTypeError
        For ids and metadata that JSON cannot hold.

    Notes
    -----
    Every node and every hyperedge has a record, so that their order and those alone
    are kept; one record stands on a line. The same hypergraph gives the same bytes.
    """
    hif = hif_of_hypergraph(hypergraph)
    hif["metadata"] = dict(metadata or {})
    with open_output(path) as file:
        for part in _lines(hif):
            file.write(part)


def _parse(data: bytes, path: PathType) -> Any:
    try:
        return json.loads(data.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise GraphFormatError(
            f"Byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8, in "
            "which JSON is written.",
            path=path,
            line=1 + data.count(b"\n", 0, error.start),
        ) from None
    except json.JSONDecodeError as error:
        raise GraphFormatError(
            f"The file is no JSON: {error.msg} (column {error.colno}). Was it cut off?",
            path=path,
            line=error.lineno,
        ) from None
    except (ValueError, RecursionError) as error:
        raise GraphFormatError(f"The file is no JSON: {error}.", path=path) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _lines(hif: dict[str, Any]) -> Iterator[bytes]:
    """Text of the file in pieces, one record a line."""
    yield b'{"network-type": "undirected",\n"metadata": '
    yield _dumped(hif["metadata"])
    for name in _RECORDS:
        yield f',\n"{name}": ['.encode()
        records = hif[name]
        for start in range(0, len(records), 1 << 12):
            texts = map(_dumped, records[start : start + (1 << 12)])
            yield (b",\n" if start else b"\n") + b",\n".join(texts)
        yield b"\n]" if records else b"]"
    yield b"}\n"


def _dumped(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise GraphValueError(
            f"{value!r} is not valid Unicode and cannot be written. Rename it first."
        ) from None
    except (TypeError, ValueError) as error:
        raise GraphTypeError(f"JSON cannot hold the metadata: {error}.") from None
