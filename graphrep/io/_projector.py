"""Vectors for the TensorBoard embedding projector: two tables and a configuration."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Vectors
from graphrep.io._compression import open_input, open_output
from graphrep.io._ids import refuse_characters, texts_of_index
from graphrep.io._vector_text import Layout, read_rows, vectors_of_rows, write_rows
from graphrep.typing import PathType

_VECTORS, _METADATA, _CONFIG = "vectors.tsv", "metadata.tsv", "projector_config.pbtxt"
_REFUSED = re.compile(r"[\0\r\n\t]")
_PREFIX_ENDS = ("_", "-", ".")


def projector_paths(path: PathType) -> tuple[Path, Path, Path]:
    """Paths of the vectors, the metadata and the configuration.

    A name that ends in ``_``, ``-`` or ``.`` is a prefix of the three; any other is
    the directory that holds them.
    """
    given = Path(path)
    if given.name.endswith(_PREFIX_ENDS) and not given.is_dir():
        names = [f"{given.name}{name}" for name in (_VECTORS, _METADATA, _CONFIG)]
        folder = given.parent
    else:
        names, folder = [_VECTORS, _METADATA, _CONFIG], given
    first, second, third = (folder / name for name in names)
    return first, second, third


def write_projector(vectors: Vectors, path: PathType) -> None:
    """Write the three files; others in the directory stay as they are.

    The metadata are the ids, one a line and without a header, which the projector
    expects of a single column.
    """
    ids = texts_of_index(vectors.nodes, what="The projector's metadata")
    refuse_characters(
        ids, _REFUSED, what="The projector's metadata", remedy="Rename these nodes."
    )
    table, metadata, config = projector_paths(path)
    table.parent.mkdir(parents=True, exist_ok=True)
    with open_output(table) as file:
        write_rows(file, vectors.matrix, None, b"\t")
    with open_output(metadata) as file:
        file.writelines(f"{node}\n".encode() for node in ids)
    with open_output(config) as file:
        file.write(
            f'embeddings {{\n  tensor_path: "{table.name}"\n'
            f'  metadata_path: "{metadata.name}"\n}}\n'.encode()
        )


def read_projector(path: PathType, *, dtype: Any, id_dtype: str | None) -> Vectors:
    """Read vectors and metadata; of several columns of metadata the first is the id.

    Raises
    ------
    GraphFormatError
        If the two do not fit together, or a line is broken.
    """
    table, metadata, _ = projector_paths(path)
    with open_input(table) as file:
        first = file.readline()
        width = len(first.split(b"\t"))
        layout = Layout(b"\t", width, has_id=False)
        rows = read_rows(file, table, layout, dtype, first_line=1, head=first)
    with open_input(metadata) as file:
        raw = file.read()
    try:
        lines = raw.decode().replace("\r\n", "\n").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise GraphFormatError(
            f"The metadata are not UTF-8 ({error.reason}).",
            path=metadata,
            line=raw.count(b"\n", 0, error.start) + 1,
        ) from None
    if "\t" in lines[0]:  # several columns have a header
        lines = [line.split("\t", 1)[0] for line in lines[1:]]
    if len(lines) != len(rows.matrix):
        raise GraphFormatError(
            f"There are {len(lines):,} labels for {len(rows.matrix):,} vectors.",
            path=metadata,
        )
    return vectors_of_rows(rows._replace(ids=lines), id_dtype, metadata)
