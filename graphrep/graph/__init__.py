"""The nouns: immutable containers, and their exchange with other libraries."""

from graphrep.graph._concept_map import ConceptMap
from graphrep.graph._csr import CSR
from graphrep.graph._graph import Graph
from graphrep.graph._hypergraph import Hypergraph
from graphrep.graph._knowledge_graph import KnowledgeGraph
from graphrep.graph._node_index import NodeIndex
from graphrep.graph._terminology import Terminology
from graphrep.graph._text_column import TextColumn
from graphrep.graph._vectors import Vectors

__all__ = [
    "CSR",
    "ConceptMap",
    "Graph",
    "Hypergraph",
    "KnowledgeGraph",
    "NodeIndex",
    "Terminology",
    "TextColumn",
    "Vectors",
]
