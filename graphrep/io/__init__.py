"""Files in and out: graphs, triples, ontologies and vectors; one module a format."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphrep.io._as_graph import as_graph as as_graph
    from graphrep.io._edgelist import read_edgelist as read_edgelist
    from graphrep.io._edgelist_write import write_edgelist as write_edgelist
    from graphrep.io._formats import formats as formats
    from graphrep.io._formats import read as read
    from graphrep.io._formats import sniff as sniff
    from graphrep.io._formats import write as write
    from graphrep.io._obo import read_obo as read_obo
    from graphrep.io._triples import read_triples as read_triples
    from graphrep.io._vectors import read_vectors as read_vectors
    from graphrep.io._vectors import write_vectors as write_vectors

_HOME = {
    "as_graph": "_as_graph",
    "formats": "_formats",
    "read": "_formats",
    "read_edgelist": "_edgelist",
    "read_obo": "_obo",
    "read_triples": "_triples",
    "read_vectors": "_vectors",
    "sniff": "_formats",
    "write": "_formats",
    "write_edgelist": "_edgelist_write",
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
