"""Files of OpenKE: triples of numbers, and the names of the numbers beside them."""

from __future__ import annotations

import numpy as np

from graphrep.exceptions import GraphFormatError
from graphrep.graph import KnowledgeGraph, NodeIndex
from graphrep.io._blame import blame_file
from graphrep.io._lines import read_lines, shorten
from graphrep.io._triples import read_count, read_triples
from graphrep.typing import AnyArray, PathType


def read_openke(
    path: PathType,
    *,
    entities: PathType | None = None,
    relations: PathType | None = None,
) -> KnowledgeGraph:
    """Read a ``*2id.txt`` file of OpenKE: a count, then head, tail and relation.

    Parameters
    ----------
    path : path-like
        File such as ``train2id.txt``.
    entities, relations : path-like or None, default=None
        Files ``entity2id.txt`` and ``relation2id.txt`` with the names of the
        numbers; None keeps the numbers as ids.
    """
    triples = read_triples(path, order="htr", count_line=True, id_dtype="int64")
    names, kinds = triples.entities, triples.relations
    codes = [triples.head, triples.relation, triples.tail]
    if entities is not None:
        codes[0], names = _rename(codes[0], triples.entities, entities)
        codes[2], names = _rename(codes[2], triples.entities, entities)
    if relations is not None:
        codes[1], kinds = _rename(codes[1], triples.relations, relations)
    return KnowledgeGraph(np.stack(codes, axis=1), names, kinds)


def _rename(
    codes: AnyArray, numbers: NodeIndex, path: PathType
) -> tuple[AnyArray, NodeIndex]:
    """Turn codes of OpenKE's numbers into rows of the index of names in a file."""
    names: dict[int, str] = {}
    lines = read_lines(path, refuse_controls=True)
    count = read_count(lines, path)
    for line, text in lines:
        if not text.strip():
            continue
        name, _, number = text.rstrip().rpartition("\t" if "\t" in text else " ")
        if not name or not number.isdecimal() or not int(number) < count:
            raise GraphFormatError(
                f"A name and a number below {count:,} are expected; got "
                f"{shorten(text)}.",
                path=path,
                line=line,
            )
        names[int(number)] = name
    if len(names) != count:
        raise GraphFormatError(
            f"The first line speaks of {count:,} names but {len(names):,} follow.",
            path=path,
            line=1,
        )
    largest = int(numbers.ids.max()) if len(numbers) else -1
    if largest >= count:
        raise GraphFormatError(f"Number {largest} has no name.", path=path)
    with blame_file(path):
        index = NodeIndex([names[i] for i in range(count)])
    return numbers.ids[codes], index
