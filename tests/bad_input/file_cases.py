"""Bad and odd files, one case a row, in the form of ``cases.py`` beside this file.

``python tests/bad_input/file_cases.py`` prints the table with the actual messages.
Each case writes its file to a folder of its own and reads it with ``graphrep.read``
(graphs) or ``graphrep.io.read_vectors``.
"""

from __future__ import annotations

import bz2
import gzip
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bad_input_case import Case, markdown

import graphrep
from graphrep.exceptions import (
    GraphFormatError,
    GraphTypeError,
    GraphValueError,
    GraphWarning,
    ModelFileError,
)
from graphrep.graph import Vectors
from graphrep.io import read_obo, read_vectors, write_vectors


def _in_folder(work: Callable[[], Any]) -> Any:
    """Run something in a new folder, so that messages show short paths."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            return work()
        finally:
            os.chdir(before)


def _read(name: str, content: str | bytes, **options: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content

    def work() -> Any:
        Path(name).write_bytes(data)
        return graphrep.read(name, **options)

    return _in_folder(work)


def _ids(name: str, content: str | bytes, **options: Any) -> list[Any]:
    return list(_read(name, content, **options).nodes)


def _vectors(name: str, content: str | bytes, **options: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content

    def work() -> Any:
        Path(name).write_bytes(data)
        return read_vectors(name, **options)

    return _in_folder(work)


def _write_vectors(ids: list[str], name: str) -> Any:
    vectors = Vectors(np.eye(len(ids), dtype=np.float32), ids)
    return _in_folder(lambda: write_vectors(vectors, name))


def _npz(**arrays: Any) -> bytes:
    target = io.BytesIO()
    np.savez(target, **arrays)
    return target.getvalue()


def _parquet(**columns: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    target = io.BytesIO()
    pq.write_table(pa.table(columns), target)
    return target.getvalue()


def _strict_obo() -> Any:
    text = "format-version: 1.4\n\n[Term]\nid: X:1\nsynonym: no quotes\n"

    def work() -> Any:
        Path("o.obo").write_text(text)
        return read_obo("o.obo", strict=True)

    return _in_folder(work)


def _twice(name: str) -> Any:
    graph = graphrep.Graph.from_edges([0], [1])

    def work() -> Any:
        graphrep.write(graph, name)
        return graphrep.write(graph, name, overwrite=False)

    return _in_folder(work)


def _model(damage: Callable[[Path], Any]) -> Any:
    def work() -> Any:
        model = graphrep.FastRP(2, random_state=0).fit(np.ones((3, 3)))
        model.save("m")
        damage(Path("m"))
        return graphrep.load("m")

    return _in_folder(work)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def _newer(folder: Path) -> None:
    text = (folder / "config.json").read_text()
    (folder / "config.json").write_text(
        text.replace('"format_version": 1', '"format_version": 99')
    )


EDGES = "a\tb\nb\tc\n"

PLACES = [
    Case(
        "file-missing", "a file that is not there",
        lambda: _in_folder(lambda: graphrep.read("none.tsv")),
        raises=FileNotFoundError, says="none.tsv",
    ),
    Case(
        "file-directory", "a folder", lambda: graphrep.read("/"),
        raises=IsADirectoryError, says="/",
    ),
    Case(
        "file-unknown", "a format that is not known",
        lambda: _read("g.pickle", b"\x80\x05K\x00."), raises=GraphFormatError,
        says="g.pickle",
    ),
    Case(
        "file-unknown-option", "an option that the format lacks",
        lambda: _read("g.tsv", EDGES, colour="red"), raises=GraphTypeError,
        says="colour",
    ),
    Case(
        "file-there-already", "writing over a file with overwrite=False",
        lambda: _twice("g.tsv"), raises=FileExistsError, says="g.tsv",
    ),
]  # fmt: skip

LINES = [
    Case(
        "file-empty", "an empty file", lambda: _read("g.tsv", ""),
        raises=GraphFormatError, says="No edges found",
    ),
    Case(
        "file-comments", "nothing but comments", lambda: _read("g.tsv", "# a\n# b\n"),
        raises=GraphFormatError, says="No edges found",
    ),
    Case(
        "file-header-only", "nothing but a header",
        lambda: _read("g.tsv", "source\ttarget\n"),
        raises=GraphFormatError, says="No edges found",
    ),
    Case(
        "file-columns", "a line with too many columns",
        lambda: _read("g.tsv", EDGES + "c\td\t1\tx\n"),
        raises=GraphFormatError, says="g.tsv:3",
    ),
    Case(
        "file-lone", "a line with one column before an edge",
        lambda: _read("g.tsv", "c\n" + EDGES),
        warns=GraphWarning, says="g.tsv:1",
    ),
    Case(
        "file-columns-skipped", "the same with on_bad_line='warn'",
        lambda: _read("g.tsv", EDGES + "c\td\t1\tx\n", on_bad_line="warn"),
        warns=GraphWarning, says="g.tsv",
    ),
    Case(
        "file-latin-1", "a byte that is no UTF-8",
        lambda: _read("g.tsv", EDGES.encode() + b"caf\xe9\ta\n"),
        raises=GraphFormatError, says="g.tsv:3",
    ),
    Case(
        "file-latin-1-told", "the same with encoding='latin-1'",
        lambda: _ids("g.tsv", EDGES.encode() + b"caf\xe9\ta\n", encoding="latin-1"),
        gives="['a', 'b', 'c', 'café']",
    ),
    Case(
        "file-bom", "a byte order mark",
        lambda: _ids("g.tsv", b"\xef\xbb\xbf" + EDGES.encode()),
        gives="['a', 'b', 'c']",
    ),
    Case(
        "file-crlf", "lines that end in CR LF, and blank ones",
        lambda: _ids("g.tsv", "a\tb\r\n\r\nb\tc"), gives="['a', 'b', 'c']",
    ),
    Case(
        "file-nul", "a NUL in an id", lambda: _read("g.tsv", "a\tb\nb\tc\x00d\n"),
        raises=GraphFormatError, says="g.tsv:2",
    ),
    Case(
        "file-long-line", "a line of 2 MiB",
        lambda: _read("g.tsv", EDGES + "x" * (2 << 20) + "\ty\n"),
        raises=GraphFormatError, says="max_line_bytes",
    ),
    Case(
        "file-weight-comma", "a weight with a decimal comma",
        lambda: _read("g.tsv", "a\tb\t0.5\nb\tc\t1,5\n"),
        raises=GraphFormatError, says="g.tsv:2",
    ),
    Case(
        "file-weight-empty", "a weight that is missing",
        lambda: _read("g.tsv", "a\tb\t0.5\nb\tc\t\n"),
        raises=GraphFormatError, says="g.tsv:2",
    ),
    Case(
        "file-weight-nan", "a weight that is NaN",
        lambda: _read("g.tsv", "a\tb\t0.5\nb\tc\tnan\n"),
        raises=GraphFormatError, says="g.tsv:2",
    ),
    Case(
        "file-weight-negative", "a negative weight",
        lambda: _read("g.tsv", "a\tb\t0.5\nb\tc\t-1\n"),
        raises=GraphFormatError, says="g.tsv:2",
    ),
    Case(
        "file-repeats", "an edge given twice", lambda: _read("g.tsv", "a\tb\nb\ta\n"),
        warns=GraphWarning, says="repeat",
    ),
]  # fmt: skip

NAMES = [
    Case(
        "file-ids-zeros", "ids with leading zeros",
        lambda: _ids("g.tsv", "007\t7\n"), gives="['007', '7']",
    ),
    Case(
        "file-ids-integers", "ids that are all integers",
        lambda: _ids("g.tsv", "10\t7\n"), gives="[10, 7]",
    ),
    Case(
        "file-ids-words", "ids such as NA, null, 1e5 and TRUE",
        lambda: _ids("g.tsv", "NA\tnull\n1e5\tTRUE\n"),
        gives="['NA', 'null', '1e5', 'TRUE']",
    ),
    Case(
        "file-ids-long", "an id of 20 digits",
        lambda: _ids("g.tsv", "99999999999999999999\t1\n"),
        gives="['99999999999999999999', '1']",
    ),
    Case(
        "file-ids-quotes", "a quotation mark in a TSV",
        lambda: _ids("g.tsv", '5" tube\tb\n'), gives="['5\" tube', 'b']",
    ),
    Case(
        "file-ids-csv", "a quoted comma in a CSV",
        lambda: _ids("g.csv", '"a, b",c\n'), gives="['a, b', 'c']",
    ),
]  # fmt: skip

PACKED = [
    Case(
        "file-gz-cut", "a gzip file that is cut off",
        lambda: _read("g.tsv.gz", gzip.compress(EDGES.encode() * 99)[:-12]),
        raises=GraphFormatError, says="g.tsv.gz",
    ),
    Case(
        "file-gz-unnamed", "a bzip2 file without .bz2",
        lambda: _ids("g.tsv", bz2.compress(EDGES.encode())), gives="['a', 'b', 'c']",
    ),
    Case(
        "file-bomb", "more than max_uncompressed_bytes",
        lambda: _read(
            "g.tsv.gz", gzip.compress(EDGES.encode() * 9999),
            max_uncompressed_bytes=1000,
        ),
        raises=GraphFormatError, says="max_uncompressed_bytes",
    ),
    Case(
        "file-npz-objects", "an npz with pickled objects",
        lambda: _read("g.npz", _npz(
            indptr=np.array([0, 0]), indices=np.array([None], object), shape=[1, 1],
        )),
        raises=GraphFormatError, says="g.npz",
    ),
    Case(
        "file-npz-other", "an npz that is no graph",
        lambda: _read("g.npz", _npz(x=np.arange(3))),
        raises=GraphFormatError, says="g.npz",
    ),
    Case(
        "file-parquet-column", "a Parquet table without the columns",
        lambda: _read("g.parquet", _parquet(a=["x"], b=["y"], c=["z"])),
        raises=GraphFormatError, says="'a', 'b', 'c'", needs="pyarrow",
    ),
    Case(
        "file-parquet-null", "a Parquet table with a missing id",
        lambda: _read("g.parquet", _parquet(source=["x", None], target=["y", "z"])),
        raises=GraphFormatError, says="is missing", needs="pyarrow",
    ),
]  # fmt: skip

FORMATS = [
    Case(
        "file-mtx-rectangular", "a MatrixMarket file that is not square",
        lambda: _read(
            "g.mtx", "%%MatrixMarket matrix coordinate real general\n2 3 1\n1 2 1\n"
        ),
        raises=GraphFormatError, says="(2, 3)",
    ),
    Case(
        "file-metis-count", "a METIS file with a wrong number of edges",
        lambda: _read("g.metis", "3 5\n2\n1 3\n2\n"),
        raises=GraphFormatError, says="5",
    ),
    Case(
        "file-metis-mirror", "a METIS file that is not symmetric",
        lambda: _read("g.metis", "3 1\n2\n3\n\n"),
        raises=GraphFormatError, says="g.metis",
    ),
    Case(
        "file-graphml-entity", "a GraphML file with a DOCTYPE",
        lambda: _read("g.graphml", '<!DOCTYPE x [<!ENTITY a "b">]><graphml/>'),
        raises=GraphFormatError, says="document type",
    ),
    Case(
        "file-obo-strict", "a malformed OBO line under strict=True", _strict_obo,
        raises=GraphFormatError, says="o.obo:5",
    ),
    Case(
        "file-triples-relations", "triples of several relations",
        lambda: _read("g.triples", "a\tr\tb\nb\ts\tc\n"),
        raises=GraphFormatError, says="relation=",
    ),
    Case(
        "file-ntriples", "a line that is no N-Triple",
        lambda: _read("g.nt", "<a> <b> <c> .\nnonsense\n"),
        raises=GraphFormatError, says="g.nt:2",
    ),
    Case(
        "file-kgtk-header", "a KGTK file without a header",
        lambda: _read("g.kgtk", "a\tr\tb\n"), raises=GraphFormatError, says="g.kgtk:1",
    ),
    Case(
        "file-kgtk-columns", "a KGTK line with a column too many",
        lambda: _read("g.tsv", "node1\trelation\tnode2\na\tr\tb\tc\n"),
        raises=GraphFormatError, says="g.tsv:2",
    ),
    Case(
        "file-kgtk-empty", "a KGTK line without its relation",
        lambda: _read("g.tsv", "node1\trelation\tnode2\na\t\tb\n"),
        raises=GraphFormatError, says="A relation is empty",
    ),
    Case(
        "file-kgtk-relation", "a relation that a KGTK file does not have",
        lambda: _read("g.tsv", "node1\trelation\tnode2\na\tr\tb\n", relations="s"),
        raises=GraphFormatError, says="there are 'r'",
    ),
    Case(
        "file-kgtk-nodes", "nodes of a KGTK file that are neither ids nor labels",
        lambda: _read("g.tsv", "node1\trelation\tnode2\na\tr\tb\n", nodes="name"),
        raises=GraphValueError, says="'id' or 'label'",
    ),
    Case(
        "file-conceptnet-details", "an assertion of ConceptNet without a weight",
        lambda: _read("c.csv", "/a/[x]\t/r/IsA\t/c/en/a\t/c/en/b\t{}\n"),
        raises=GraphFormatError, says="c.csv:1",
    ),
    Case(
        "file-conceptnet-language", "a dump of ConceptNet in another language",
        lambda: _read("c.csv", "/a/[x]\t/r/IsA\t/c/fr/a\t/c/fr/b\t{}\n"),
        raises=GraphFormatError, says="language=",
    ),
    Case(
        "file-conceptnet-weight", "a tuple of ConceptNet-100K with a negative weight",
        lambda: _read("c.txt", "IsA\ta\tb\t-2\n", format="conceptnet"),
        raises=GraphFormatError, says="c.txt:1",
    ),
]  # fmt: skip

VECTORS = [
    Case(
        "vectors-width", "a word2vec line with a number missing",
        lambda: _vectors("v.vec", "2 3\na 1 2 3\nb 1 2\n"),
        raises=GraphFormatError, says="v.vec:3",
    ),
    Case(
        "vectors-count", "fewer word2vec lines than announced",
        lambda: _vectors("v.vec", "3 2\na 1 2\nb 1 2\n"),
        raises=GraphFormatError, says="3",
    ),
    Case(
        "vectors-nan", "a vector with NaN",
        lambda: _vectors("v.vec", "2 2\na 1 2\nb 1 nan\n"),
        raises=GraphFormatError, says="v.vec:3",
    ),
    Case(
        "vectors-twice", "an id that stands twice",
        lambda: _vectors("v.vec", "2 2\na 1 2\na 1 3\n"),
        raises=GraphFormatError, says="v.vec:3",
    ),
    Case(
        "vectors-npy-size", "an npy file that is cut off",
        lambda: _vectors("v.npy", _npy()[:-4]), raises=GraphFormatError, says="v.npy",
    ),
    Case(
        "vectors-safetensors", "a safetensors file that is cut off",
        lambda: _vectors("v.safetensors", (4096).to_bytes(8, "little") + b"{}"),
        raises=GraphFormatError, says="v.safetensors",
    ),
    Case(
        "vectors-blanks", "ids with blanks written as word2vec",
        lambda: _write_vectors(["type 2", "b"], "v.vec"),
        warns=GraphWarning, says="blank",
    ),
    Case(
        "vectors-newline", "an id with a line feed written as word2vec",
        lambda: _write_vectors(["a\nb", "c"], "v.vec"),
        raises=GraphValueError, says="cannot hold",
    ),
    Case(
        "model-cut", "a saved model that is cut off",
        lambda: _model(lambda folder: _cut(folder / "arrays.safetensors")),
        raises=ModelFileError, says="arrays.safetensors",
    ),
    Case(
        "model-newer", "a saved model of a newer format", lambda: _model(_newer),
        raises=ModelFileError, says="99",
    ),
]  # fmt: skip


def _npy() -> bytes:
    target = io.BytesIO()
    np.save(target, np.eye(3, dtype=np.float32))
    return target.getvalue()


CASES = [*PLACES, *LINES, *NAMES, *PACKED, *FORMATS, *VECTORS]

if __name__ == "__main__":
    print(markdown(CASES))  # noqa: T201
