"""CSKG-mini: the words of ConceptNet-100K and WordNet in one graph."""

from __future__ import annotations

from graphrep.datasets._bunch import Bunch
from graphrep.datasets._registry import ENTRIES
from graphrep.datasets._storage import DownloadError, data_home, missing_copy
from graphrep.io import read_triples

_NAME = "cskg_mini"


def fetch_cskg_mini() -> Bunch:
    """Read CSKG-mini: 213,906 words, 332,315 edges of 48 relations.

    It joins ConceptNet-100K (relations ``cn:...``) and WordNet 3.0 (``wn:...``) by
    their words in lower case, as CSKG joins its seven sources; it is not CSKG, for
    whose own file there is `graphrep.io.read_kgtk`.

    Returns
    -------
    Bunch
        ``graph``, undirected and simple; ``triples``, all statements with their
        relations and directions; ``source`` and ``DESCR``.

    Raises
    ------
    DownloadError
        If ``cskg_mini/edges.tsv.gz`` is not in `data_home`. There is no public file
        to fetch: put a copy there, with the columns head, relation and tail.

    Examples
    --------
    >>> from graphrep.datasets import fetch_cskg_mini
    >>> fetch_cskg_mini().graph.largest_component().n_nodes  # doctest: +SKIP
    197539
    """
    entry = ENTRIES[_NAME]
    path = data_home() / _NAME / entry.prepared[0]
    if not path.is_file():
        raise DownloadError(missing_copy(_NAME, path.name))
    triples = read_triples(path, delimiter="\t", id_dtype="str")
    graph = triples.graph(collapse=True, directed=False).remove_self_loops()
    return Bunch(
        graph=graph,
        triples=triples,
        source=str(path),
        DESCR=f"{_NAME}: {entry.kind}. Licence: {entry.licence}. {entry.note}",
    )
