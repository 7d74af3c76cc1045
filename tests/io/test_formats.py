from __future__ import annotations

import gzip
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from graphrep.exceptions import GraphFormatError, GraphTypeError
from graphrep.graph import Graph
from graphrep.io import formats, read, sniff, write

GRAPH = Graph.from_edges(["a", "b"], ["b", "c"], [0.5, 2.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("g.tsv", "edgelist"),
        ("g.CSV.gz", "edgelist"),
        ("g.edges.zst", "edgelist"),
        ("g.parquet", "parquet"),
        ("g.feather", "arrow"),
        ("g.npz", "npz"),
        ("g.mtx.bz2", "matrixmarket"),
        ("g.graph", "metis"),
        ("g.graphml.xz", "graphml"),
        ("go.obo", "obo"),
        ("g.triples", "triples"),
        ("g.nt.gz", "ntriples"),
    ],
)
def test_sniff_when_the_suffix_is_known_then_the_file_is_not_opened(
    name: str, expected: str
) -> None:
    assert sniff(name) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"PAR1\x15\x00", "parquet"),
        (b"ARROW1\x00\x00", "arrow"),
        (b"PK\x03\x04\x14\x00", "npz"),
        (b"%%MatrixMarket matrix coordinate real general\n", "matrixmarket"),
        (b'<?xml version="1.0"?>\n<graphml xmlns="x">', "graphml"),
        (b"\xef\xbb\xbfformat-version: 1.2\n", "obo"),
        (b"! c\n[Term]\nid: A\n", "obo"),
        (b"<http://a> <http://b> <http://c> .\n_:x <http://b> \"l\" .\n", "ntriples"),
        (b"# c\na\tb\nb\tc\n", "edgelist"),
        (b"1 2 0.5\n2 3 1.5\n", "edgelist"),
        (b"a,b\nlone\n", "edgelist"),
    ],
)  # fmt: skip
def test_sniff_when_the_suffix_is_unknown_then_content_decides(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "data"
    path.write_bytes(content)
    assert sniff(path) == expected
    path.write_bytes(gzip.compress(content))
    assert sniff(path) == expected


@pytest.mark.parametrize(
    "content", [b"", b"one\ntwo\n", b"a b c d e\nf\n", bytes(100), b"\x89PNG\r\n\x1a\n"]
)
def test_sniff_when_nothing_fits_then_the_error_names_the_formats(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "data"
    path.write_bytes(content)
    with pytest.raises(GraphFormatError, match=r"data: .*edgelist, parquet"):
        sniff(path)


def test_sniff_when_standard_input_then_an_edge_list() -> None:
    assert sniff("-") == "edgelist"


def test_formats_when_listed_then_every_reader_and_writer_is_there() -> None:
    assert len({entry.name for entry in formats()}) == len(formats()) == 13
    for entry in formats():
        for spec in (entry.reader, entry.writer):
            if spec is not None:
                module, _, function = spec.partition(":")
                assert callable(getattr(import_module(module), function)), spec


@pytest.mark.parametrize("name", ["g.tsv", "g.csv.gz", "g.unknown"])
def test_read_when_written_then_the_same_graph(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    chosen = "edgelist" if name == "g.unknown" else None
    write(GRAPH, path, format=chosen)
    assert read(path) == GRAPH
    assert read(path, format="edgelist", directed=True).directed


def test_read_when_an_option_is_unknown_then_the_error_names_the_options(
    tmp_path: Path,
) -> None:
    path = tmp_path / "g.tsv"
    write(GRAPH, path)
    with pytest.raises(GraphTypeError, match=r"'colour'.*'edgelist'.*delimiter"):
        read(path, colour="red")
    with pytest.raises(GraphTypeError, match=r"'colour'.*writing.*header"):
        write(GRAPH, path, colour="red")


def test_read_when_the_format_is_unknown_then_the_error_names_those_there_are(
    tmp_path: Path,
) -> None:
    with pytest.raises(GraphFormatError, match=r"'xlsx' is not known.*edgelist"):
        read(tmp_path / "g.tsv", format="xlsx")


def test_write_when_it_cannot_be_then_an_error(tmp_path: Path) -> None:
    with pytest.raises(GraphFormatError, match="suffix does not tell"):
        write(GRAPH, tmp_path / "g.xlsx")
    path = tmp_path / "g.tsv"
    write(GRAPH, path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write(GRAPH, path, overwrite=False)


def test_import_when_only_the_room_is_asked_for_then_nothing_heavy_is_loaded() -> None:
    code = (
        "import sys, graphrep.io as io; io.formats; io.sniff('a.tsv');"
        "print([m for m in ('numpy', 'numba', 'scipy', 'pyarrow') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
