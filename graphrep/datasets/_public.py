"""Fetchers of the public benchmark graphs: checked, cached, never unpickled."""

from __future__ import annotations

from typing import Any

from graphrep.datasets._bunch import Bunch
from graphrep.datasets._parsers import (
    Parsed,
    parse_csr_npz,
    parse_csv,
    parse_groups_mat,
    parse_mat,
    parse_prepared,
    parse_prone,
)
from graphrep.datasets._registry import ENTRIES
from graphrep.datasets._storage import obtain, prepared_path

_PARSERS = {
    "csr_npz": parse_csr_npz,
    "csv": parse_csv,
    "groups_mat": parse_groups_mat,
    "mat": parse_mat,
    "prone": parse_prone,
}
_DETAILS = """

    Parameters
    ----------
    download_if_missing : bool, default=True
        Download the files if they are not here; otherwise that is an error.
    return_X_y : bool, default=False
        Return the adjacency (``csr_array``) and ``y`` instead of the bunch.

    Returns
    -------
    Bunch
        ``graph``, ``y`` (``csr_array`` of zeros and ones, nodes by classes),
        ``y_names`` and ``features`` (None where there are none), ``names``,
        ``source`` and ``DESCR``.

    Raises
    ------
    DownloadError
        If the files are not here and cannot be had; the message says where to get
        them and where to put them.

    Notes
    -----
    Files lie in ``GRAPHREP_DATA_DIR``, else in the user's cache folder. A copy
    ``nodes/<name>.npz`` there, in the layout described in the guide, is read in
    their place. ``GRAPHREP_OFFLINE=1`` forbids downloads. Files are pinned by
    commit and sha256.
    """


def load_public(
    name: str, *, download_if_missing: bool = True, return_X_y: bool = False
) -> Any:
    """Read a public graph from a prepared copy or from its original files."""
    entry = ENTRIES[name]
    prepared = prepared_path(name)
    if prepared.is_file():
        parsed, source = parse_prepared(prepared), str(prepared)
    else:
        paths = [
            obtain(name, file, download_if_missing=download_if_missing)
            for file in entry.files
        ]
        parsed = _PARSERS[entry.format](paths)
        source = " ".join(file.urls[0] for file in entry.files)
    if return_X_y:
        return parsed.graph.to_scipy(), parsed.y
    return _bunch(name, parsed, source)


def _bunch(name: str, parsed: Parsed, source: str) -> Bunch:
    entry = ENTRIES[name]
    description = f"{name}: {entry.kind}. Licence: {entry.licence}. {entry.note}"
    return Bunch(
        graph=parsed.graph,
        y=parsed.y,
        y_names=parsed.y_names,
        features=parsed.features,
        names={node: str(node) for node in parsed.graph.node_ids.tolist()},
        source=source,
        DESCR=description.strip(),
    )


def _fetcher(name: str, summary: str) -> Any:
    def fetch(*, download_if_missing: bool = True, return_X_y: bool = False) -> Any:
        return load_public(
            name, download_if_missing=download_if_missing, return_X_y=return_X_y
        )

    fetch.__name__ = fetch.__qualname__ = f"fetch_{name.removesuffix('_prone')}"
    fetch.__doc__ = summary + _DETAILS
    return fetch


fetch_blogcatalog = _fetcher(
    "blogcatalog", "Fetch BlogCatalog: 10,312 bloggers, 333,983 friendships."
)
fetch_ppi = _fetcher(
    "ppi", "Fetch the human protein interactions of the node2vec paper."
)
fetch_wikipedia_pos = _fetcher(
    "wikipedia_pos", "Fetch co-occurring words of Wikipedia with their parts of speech."
)
fetch_dblp = _fetcher("dblp_prone", "Fetch co-authors of DBLP with their venues.")
fetch_cora = _fetcher("cora", "Fetch Cora: 2,708 papers, 5,278 citations, 7 fields.")
fetch_citeseer = _fetcher("citeseer", "Fetch CiteSeer: 3,312 papers in 6 fields.")
fetch_pubmed = _fetcher("pubmed", "Fetch PubMed: 19,717 papers on diabetes.")
fetch_youtube_groups = _fetcher(
    "youtube_groups", "Fetch friends on YouTube and the 47 largest groups."
)
