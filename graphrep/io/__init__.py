"""Files in and out: graphs, hypergraphs, triples, vectors; one module a format."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphrep.io._as_graph import as_graph as as_graph
    from graphrep.io._as_hypergraph import as_hypergraph as as_hypergraph
    from graphrep.io._as_knowledge_graph import as_knowledge_graph as as_knowledge_graph
    from graphrep.io._as_terminology import as_terminology as as_terminology
    from graphrep.io._conceptnet import read_conceptnet as read_conceptnet
    from graphrep.io._edgelist import read_edgelist as read_edgelist
    from graphrep.io._edgelist_write import write_edgelist as write_edgelist
    from graphrep.io._embedding_store import EmbeddingStore as EmbeddingStore
    from graphrep.io._embedding_writer import EmbeddingWriter as EmbeddingWriter
    from graphrep.io._formats import formats as formats
    from graphrep.io._formats import read as read
    from graphrep.io._formats import sniff as sniff
    from graphrep.io._formats import write as write
    from graphrep.io._graph_store import GraphStore as GraphStore
    from graphrep.io._graph_store_write import write_graph_store as write_graph_store
    from graphrep.io._hif import read_hif as read_hif
    from graphrep.io._hif import write_hif as write_hif
    from graphrep.io._hyperedge_list import read_hyperedge_list as read_hyperedge_list
    from graphrep.io._hyperedge_list import write_hyperedge_list as write_hyperedge_list
    from graphrep.io._hypergraph_formats import hypergraph_formats as hypergraph_formats
    from graphrep.io._hypergraph_formats import read_hypergraph as read_hypergraph
    from graphrep.io._hypergraph_formats import write_hypergraph as write_hypergraph
    from graphrep.io._incidence_table import (
        read_incidence_table as read_incidence_table,
    )
    from graphrep.io._incidence_table import (
        write_incidence_table as write_incidence_table,
    )
    from graphrep.io._kgtk import read_kgtk as read_kgtk
    from graphrep.io._mapping import read_mapping as read_mapping
    from graphrep.io._mapping import write_mapping as write_mapping
    from graphrep.io._npz_arrays import read_npz_arrays as read_npz_arrays
    from graphrep.io._ntriples import read_ntriples as read_ntriples
    from graphrep.io._ntriples import write_ntriples as write_ntriples
    from graphrep.io._obo import read_obo as read_obo
    from graphrep.io._obo_document import OboDocument as OboDocument
    from graphrep.io._openke import read_openke as read_openke
    from graphrep.io._scholp import read_scholp as read_scholp
    from graphrep.io._terminology_formats import read_terminology as read_terminology
    from graphrep.io._terminology_formats import (
        sniff_terminology as sniff_terminology,
    )
    from graphrep.io._terminology_formats import (
        terminology_formats as terminology_formats,
    )
    from graphrep.io._terminology_write import write_terminology as write_terminology
    from graphrep.io._triples import read_triples as read_triples
    from graphrep.io._triples import write_triples as write_triples
    from graphrep.io._vectors import read_vectors as read_vectors
    from graphrep.io._vectors import write_vectors as write_vectors

_HOME = {
    "EmbeddingStore": "_embedding_store",
    "EmbeddingWriter": "_embedding_writer",
    "GraphStore": "_graph_store",
    "OboDocument": "_obo_document",
    "as_graph": "_as_graph",
    "as_hypergraph": "_as_hypergraph",
    "as_knowledge_graph": "_as_knowledge_graph",
    "as_terminology": "_as_terminology",
    "formats": "_formats",
    "hypergraph_formats": "_hypergraph_formats",
    "read": "_formats",
    "read_conceptnet": "_conceptnet",
    "read_edgelist": "_edgelist",
    "read_hif": "_hif",
    "read_hyperedge_list": "_hyperedge_list",
    "read_hypergraph": "_hypergraph_formats",
    "read_incidence_table": "_incidence_table",
    "read_kgtk": "_kgtk",
    "read_mapping": "_mapping",
    "read_npz_arrays": "_npz_arrays",
    "read_ntriples": "_ntriples",
    "read_obo": "_obo",
    "read_openke": "_openke",
    "read_scholp": "_scholp",
    "read_terminology": "_terminology_formats",
    "read_triples": "_triples",
    "read_vectors": "_vectors",
    "sniff": "_formats",
    "sniff_terminology": "_terminology_formats",
    "terminology_formats": "_terminology_formats",
    "write": "_formats",
    "write_edgelist": "_edgelist_write",
    "write_graph_store": "_graph_store_write",
    "write_hif": "_hif",
    "write_hyperedge_list": "_hyperedge_list",
    "write_hypergraph": "_hypergraph_formats",
    "write_incidence_table": "_incidence_table",
    "write_mapping": "_mapping",
    "write_ntriples": "_ntriples",
    "write_terminology": "_terminology_write",
    "write_triples": "_triples",
    "write_vectors": "_vectors",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'graphrep.io' has no attribute {name!r}")
    value = getattr(import_module(f"graphrep.io.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOME)
