"""The formats of hypergraph files: found by suffix, then by content."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphrep.exceptions import GraphFormatError
from graphrep.io._compression import STANDARD_STREAM, open_input, strip_compression
from graphrep.io._formats import Format, check_options, resolve
from graphrep.typing import PathType

if TYPE_CHECKING:
    from graphrep.graph import Hypergraph

_SNIFFED_BYTES = 1 << 16
_BINARY_MARKS = {b"PAR1": "parquet", b"PK\x03\x04": "npz"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def _format(
    name: str, suffixes: str, module: str, ending: str, description: str
) -> Format:
    home = f"graphrep.io.{module}"
    reader, writer = f"{home}:read_{ending}", f"{home}:write_{ending}"
    return Format(name, tuple(suffixes.split()), reader, writer, description)


_FORMATS = (
    _format("hif", ".json .hif", "_hif", "hif", "Hypergraph Interchange Format, JSON"),
    _format(
        "hyperedges",
        ".txt .hyperedges .edges",
        "_hyperedge_list",
        "hyperedge_list",
        "the members of one hyperedge a line",
    ),
    _format(
        "incidence",
        ".csv .tsv",
        "_incidence_table",
        "incidence_table",
        "one incidence a line: columns edge, node and perhaps weight, with a header",
    ),
    _format(
        "parquet",
        ".parquet",
        "_incidence_table",
        "incidence_parquet",
        "table of incidences in Apache Parquet",
    ),
    _format(
        "npz",
        ".npz",
        "_hypergraph_npz",
        "hypergraph_npz",
        "numpy archive of the arrays and ids, or a scipy incidence matrix",
    ),
    Format(
        "scholp",
        (),
        "graphrep.io._scholp:read_scholp",
        None,
        "timestamped simplices: X-nverts.txt, X-simplices.txt, X-times.txt",
    ),
)
_BY_NAME = {entry.name: entry for entry in _FORMATS}
_BY_SUFFIX = {suffix: entry.name for entry in _FORMATS for suffix in entry.suffixes}


def hypergraph_formats() -> list[Format]:
    """List the formats of hypergraph files.

    Returns
    -------
    list of Format
        Each with its name, suffixes, reader, writer and description.
    """
    return list(_FORMATS)


def read_hypergraph(
    path: PathType, *, format: str | None = None, **options: Any
) -> Hypergraph:
    r"""Read a hypergraph from a file.

    Parameters
    ----------
    path : path-like
        File to read, compressed or not; ``"-"`` is standard input; for a ScHoLP data
        set its folder or one of its files.
    format : str or None, default=None
        A name that `graphrep.io.hypergraph_formats` lists. None goes by the suffix, a
        suffix of a compression aside, else by the first bytes; text is then a list
        of hyperedges.
    **options
        Options of the format's reader, such as ``delimiter=","``.

    Returns
    -------
    Hypergraph

    Raises
    ------
    GraphFormatError
        If the format is not known or the file breaks it; the message says where.
    GraphTypeError
        For an option that the format's reader does not have.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from graphrep import read_hypergraph
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "papers.txt"
    ...     _ = path.write_text("1 2 3\n2 3\n4\n")
    ...     read_hypergraph(path)
    Hypergraph(n_nodes=4, n_hyperedges=3, sizes 1 to 3)
    """
    entry = _entry(_sniff(path) if format is None else format)
    assert entry.reader is not None
    function = resolve(entry.reader)
    check_options(function, entry.name, "reading", options, n_own=1)
    made: Hypergraph = function(path, **options)
    return made


def write_hypergraph(
    hypergraph: Hypergraph,
    path: PathType,
    *,
    format: str | None = None,
    overwrite: bool = True,
    **options: Any,
) -> None:
    """Write a hypergraph to a file.

    Parameters
    ----------
    hypergraph : Hypergraph
        What to write.
    path : path-like
        Where to; the file appears when it is complete. ``"-"`` is standard output.
    format : str or None, default=None
        A name that `graphrep.io.hypergraph_formats` lists; None goes by the suffix.
        HIF and npz keep everything.
    overwrite : bool, default=True
        Whether a file that is there may be replaced.
    **options
        Options of the format's writer.

    Raises
    ------
    FileExistsError
        If the file is there and ``overwrite`` is False.
    GraphFormatError
        If the suffix is not known or the format cannot be written.
    GraphTypeError
        For an option that the format's writer does not have.

    Warns
    -----
    GraphWarning
        If the format has no place for something that the hypergraph holds.
    """
    standard = os.fspath(path) == STANDARD_STREAM
    if format is None:
        format = "hyperedges" if standard else _name_by_suffix(path)
    if format is None:
        raise GraphFormatError(
            f"The suffix does not tell the format. Use one of {', '.join(_BY_SUFFIX)}, "
            f"or pass format= with one of {_known(writable=True)}.",
            path=path,
        )
    entry = _entry(format)
    if entry.writer is None:
        raise GraphFormatError(
            f"Format {entry.name!r} can be read but not written. Formats that can "
            f"are {_known(writable=True)}.",
            path=path,
        )
    if not overwrite and not standard and Path(path).exists():
        raise FileExistsError(
            f"{path}: the file is there already; pass overwrite=True to replace it."
        )
    function = resolve(entry.writer)
    check_options(function, entry.name, "writing", options, n_own=2)
    function(hypergraph, path, **options)


def _sniff(path: PathType) -> str:
    if os.fspath(path) == STANDARD_STREAM:
        return "hyperedges"
    from graphrep.io._scholp import is_part

    if is_part(path):
        return "scholp"
    name = _name_by_suffix(path)
    if name is not None:
        return name
    with open_input(path) as file:
        return _name_by_content(file.read(_SNIFFED_BYTES), path)


def _name_by_content(head: bytes, path: PathType) -> str:
    for mark, name in _BINARY_MARKS.items():
        if head.startswith(mark):
            return name
    if head.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(b"{"):
        return "hif"
    if not head or b"\0" in head:
        raise GraphFormatError(
            "Neither the suffix nor the first bytes tell the format. Pass format= "
            f"with one of {_known()}.",
            path=path,
        )
    return "hyperedges"


def _name_by_suffix(path: PathType) -> str | None:
    return _BY_SUFFIX.get(Path(strip_compression(path)).suffix.lower())


def _entry(name: str) -> Format:
    if name not in _BY_NAME:
        raise GraphFormatError(
            f"Format {name!r} is not known; choose one of {_known()}."
        )
    return _BY_NAME[name]


def _known(*, writable: bool = False) -> str:
    return ", ".join(e.name for e in _FORMATS if e.writer or not writable)
