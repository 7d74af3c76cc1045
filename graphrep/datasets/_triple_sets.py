"""Knowledge graphs with their published splits: prepared copies or originals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from graphrep.datasets._bunch import Bunch
from graphrep.datasets._registry import ENTRIES
from graphrep.datasets._storage import (
    DownloadError,
    missing_copy,
    obtain,
    prepared_folder,
)
from graphrep.exceptions import GraphFormatError
from graphrep.graph import KnowledgeGraph
from graphrep.graph._knowledge_graph import in_one_numbering
from graphrep.io import read_triples

PARTS = ("train", "valid", "test")
_DETAILS = """

    Parameters
    ----------
    download_if_missing : bool, default=True
        Download the files if they are not here; otherwise that is an error.

    Returns
    -------
    Bunch
        ``train``, ``valid`` and ``test``, each a `KnowledgeGraph` over the entities
        and relations of all three; ``source`` and ``DESCR``.

    Raises
    ------
    DownloadError
        If the files are not here and cannot be had; the message says where to put
        them.

    Notes
    -----
    Copies ``kg/<name>/train.tsv``, ``valid.tsv`` and ``test.tsv`` (the large ones
    ``.tsv.gz``; head, relation, tail) in `data_home` are read in the place of the
    originals, which are pinned by commit and sha256.
    """


def load_triple_set(name: str, *, download_if_missing: bool = True) -> Bunch:
    """Read the three parts of a knowledge graph in one numbering."""
    entry = ENTRIES[name]
    folder = prepared_folder(entry)
    copies = [folder / part for part in entry.prepared]
    if all(copy.is_file() for copy in copies):
        parts, source = _from_text(copies), str(folder)
    elif entry.how == "prepared":
        raise DownloadError(missing_copy(name, entry.prepared[0]))
    else:
        files = [
            obtain(name, file, download_if_missing=download_if_missing)
            for file in entry.files
        ]
        read = _from_numbers if entry.format == "numbered" else _from_text
        parts = read(files)
        source = " ".join(file.urls[0] for file in entry.files)
    description = f"{name}: {entry.kind}. Licence: {entry.licence}. {entry.note}"
    return Bunch(
        **dict(zip(PARTS, parts, strict=True)),
        source=source,
        DESCR=description.strip(),
    )


def _from_text(paths: list[Path]) -> list[KnowledgeGraph]:
    """Parts of files of head, relation and tail."""
    return in_one_numbering(
        [
            read_triples(path, header=False, delimiter="\t", id_dtype="str")
            for path in paths
        ]
    )


def _from_numbers(paths: list[Path]) -> list[KnowledgeGraph]:
    """Parts of files of numbers, and two files that name them."""
    *parts, entities, relations = paths
    names = [_names(path) for path in (entities, relations)]
    return [
        KnowledgeGraph(np.loadtxt(path, np.int64, ndmin=2), *names) for path in parts
    ]


def _names(path: Path) -> list[str]:
    """Names in the order of the numbers beside them."""
    names: list[str] = []
    with path.open(encoding="utf-8") as file:
        for row, line in enumerate(file):
            name, _, number = line.rstrip("\n").rpartition("\t")
            if number != str(row):
                raise GraphFormatError(
                    f"The number is {number!r} where {row} was expected.",
                    path=path,
                    line=row + 1,
                )
            names.append(name)
    return names


def _fetcher(name: str, summary: str) -> Any:
    def fetch(*, download_if_missing: bool = True) -> Bunch:
        return load_triple_set(name, download_if_missing=download_if_missing)

    fetch.__name__ = fetch.__qualname__ = f"fetch_{name.replace('-', '_')}"
    fetch.__doc__ = summary + _DETAILS
    return fetch


fetch_nations = _fetcher(
    "nations", "Fetch Nations: 14 countries, 55 relations, 1,992 statements."
)
fetch_kinships = _fetcher(
    "kinships", "Fetch Kinships of the Alyawarra: 104 persons, 25 terms."
)
fetch_umls = _fetcher(
    "umls", "Fetch the UMLS Semantic Network: 135 types, 46 relations."
)
fetch_wn18rr = _fetcher(
    "wn18rr", "Fetch WN18RR: 40,943 senses of WordNet, 11 relations."
)
fetch_fb15k_237 = _fetcher(
    "fb15k-237", "Fetch FB15k-237: 14,541 things of Freebase, 237 relations."
)
fetch_hpo_kg = _fetcher(
    "hpo-kg", "Read phenotypes, diseases and genes of the Human Phenotype Ontology."
)
