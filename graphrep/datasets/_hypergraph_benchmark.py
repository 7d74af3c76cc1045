"""Hypergraphs in two halves, on which reconstruction from graphs is measured."""

from __future__ import annotations

import warnings
from pathlib import Path

from graphrep.datasets._bunch import Bunch
from graphrep.datasets._hypergraph_files import HYPERGRAPH_FILES
from graphrep.datasets._registry import ENTRIES
from graphrep.datasets._storage import obtain, prepared_folder
from graphrep.exceptions import GraphValueError, GraphWarning
from graphrep.graph import Hypergraph
from graphrep.io import read_hyperedge_list

_PARTS = ("train", "test")


def fetch_hypergraph_benchmark(
    name: str, *, repeats: bool = False, download_if_missing: bool = True
) -> Bunch:
    """Fetch a hypergraph in two halves: one to learn from, one to reconstruct.

    Parameters
    ----------
    name : str
        "enron" (mails), "pschool" and "hschool" (contacts in schools), "dblp"
        (authors of papers), "hosts" (hosts of viruses), "foursquare" (visitors of
        restaurants), "directors" (boards) or "crimes" (persons in a case).
    repeats : bool, default=False
        Whether hyperedges that the files list more than once keep their number as
        multiplicity. The published evaluations take each set once.
    download_if_missing : bool, default=True
        Download the files if they are not here; otherwise that is an error.

    Returns
    -------
    Bunch
        ``train`` and ``test``, each a `Hypergraph` on the nodes of its own half,
        whose ids are the numbers in the files; ``source`` and ``DESCR``.

    Raises
    ------
    GraphValueError
        For another name.
    DownloadError
        If the files are not here and cannot be had; the message says where to put
        them.

    Notes
    -----
    The halves are those of the authors' own files, pinned by commit and sha256. Those
    of enron, pschool and hschool are a random split of the distinct hyperedges over
    the same nodes, so that no hyperedge is in both: a method that knows nodes by id
    could rule out all that it has seen. Copies ``hypergraphs/<name>/train.txt`` and
    ``test.txt`` (of dblp ``.txt.gz``) in `data_home` are read in their place. The
    repository states no licence for the data; terms of the sources apply.

    References
    ----------
    Y. Wang, J. Kleinberg. From graphs to hypergraphs: hypergraph projection and its
    remediation. ICLR 2024.
    """
    if name not in HYPERGRAPH_FILES:
        raise GraphValueError(
            f"There is no hypergraph {name!r} with two halves; known are "
            f"{', '.join(HYPERGRAPH_FILES)}."
        )
    entry = ENTRIES[name]
    folder = prepared_folder(entry)
    paths = [folder / part for part in entry.prepared]
    source = str(folder)
    if not all(path.is_file() for path in paths):
        paths = [
            obtain(name, file, download_if_missing=download_if_missing)
            for file in entry.files
        ]
        source = " ".join(file.urls[0] for file in entry.files)
    halves = dict(zip(_PARTS, (_read(path, repeats) for path in paths), strict=True))
    description = f"{name}: {entry.kind}. Licence: {entry.licence}. {entry.note}"
    return Bunch(**halves, source=source, DESCR=description.strip())


def _read(path: Path, repeats: bool) -> Hypergraph:
    with warnings.catch_warnings():  # lines of foursquare name visitors twice
        warnings.filterwarnings("ignore", ".*more than once", GraphWarning)
        read = read_hyperedge_list(path, delimiter=" ", id_dtype="int64")
    return read.distinct() if repeats else read.simple()
