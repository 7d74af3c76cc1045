"""Files in the Hypergraph Interchange Format: JSON, compressed or not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO, NoReturn

from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.graph import Hypergraph
from graphrep.graph._hif import hypergraph_of_hif, records_of_hypergraph
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_input, open_output
from graphrep.typing import PathType

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLOCK_RECORDS = 1 << 12
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


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
    records = records_of_hypergraph(hypergraph)
    with open_output(path) as file:
        file.write(b'{"network-type": "undirected",\n"metadata": ')
        file.write(_dumped(dict(metadata or {})))
        for kind, each in zip(("node", "edge"), records, strict=True):
            _write_list(f"{kind}s", (_record(r, kind) for r in each), file)
        _write_list("incidences", _incidences(hypergraph), file)
        file.write(b"}\n")


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


def _write_list(name: str, texts: Iterable[bytes], file: BinaryIO) -> None:
    """Write the records of one key, one a line."""
    file.write(f',\n"{name}": ['.encode())
    rest = iter(texts)
    before = b"\n"
    while block := list(islice(rest, _BLOCK_RECORDS)):
        file.write(before + b",\n".join(block))
        before = b",\n"
    file.write(b"\n]" if before == b",\n" else b"]")


def _incidences(hypergraph: Hypergraph) -> Iterator[bytes]:
    """Texts of the incidences; each id is turned into JSON once."""
    nodes = [b', "node": %b}' % _dumped(v) for v in hypergraph.nodes]
    bounds = hypergraph.indptr.tolist()
    for row, edge in enumerate(hypergraph.edge_ids):
        head = b'{"edge": %b' % _dumped(edge)
        for member in hypergraph.indices[bounds[row] : bounds[row + 1]].tolist():
            yield head + nodes[member]


def _record(record: dict[str, Any], kind: str) -> bytes:
    if len(record) == 1:
        return b'{"%b": %b}' % (kind.encode(), _dumped(record[kind]))
    return _dumped(record)


def _dumped(value: Any) -> bytes:
    if type(value) is int:
        return b"%d" % value
    try:
        return _ENCODER.encode(value).encode()
    except UnicodeEncodeError:
        raise GraphValueError(
            f"{value!r} is not valid Unicode and cannot be written. Rename it first."
        ) from None
    except (TypeError, ValueError) as error:
        raise GraphTypeError(f"JSON cannot hold the metadata: {error}.") from None
