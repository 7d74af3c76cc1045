"""Candidate pairs as tables of other libraries and as graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphrep._utils._optional import require
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import NodeIndex
from graphrep.graph._ids import shown

if TYPE_CHECKING:
    from graphrep.blocking._candidate_pairs import CandidatePairs

COLUMNS = ("left_id", "right_id", "score")
_BACKENDS = {"pandas": "pandas", "polars": "polars", "pyarrow": "io"}
_VIEW = "graphrep_candidate_pairs"


def frame_of_pairs(pairs: CandidatePairs, backend: str) -> Any:
    """Table of pairs; see `CandidatePairs.to_frame`."""
    if backend not in _BACKENDS:
        raise GraphValueError(
            f"backend must be 'pandas', 'polars' or 'pyarrow'; got {backend!r}."
        )
    library = require(backend, extra=_BACKENDS[backend], why=f"to_frame({backend!r})")
    if backend == "pyarrow":
        return arrow_of_pairs(pairs)
    ids: list[Any] = [pairs.left_ids, pairs.right_ids]
    if backend == "polars":
        for index in (pairs.left_index, pairs.right_index):
            check_ids(index, "A polars table")
        ids = [v.tolist() if v.dtype == object else v for v in ids]
    return library.DataFrame(dict(zip(COLUMNS, [*ids, pairs.scores], strict=True)))


def arrow_of_pairs(pairs: CandidatePairs) -> Any:
    """Pairs as a pyarrow Table."""
    pa = require("pyarrow", extra="io", why="A pyarrow table of pairs")
    columns = [
        arrow_ids(index).take(pa.array(rows))
        for index, rows in (
            (pairs.left_index, pairs.left_rows),
            (pairs.right_index, pairs.right_rows),
        )
    ]
    return pa.table([*columns, pa.array(pairs.scores)], names=list(COLUMNS))


def arrow_ids(index: NodeIndex) -> Any:
    """Ids of all records of a table as an array of pyarrow."""
    pa = require("pyarrow", extra="io", why="A pyarrow table of pairs")
    check_ids(index, "An Arrow table")
    if index.is_integer:
        return pa.array(index.ids)
    return pa.array(index.ids.tolist(), pa.string())


def check_ids(index: NodeIndex, what: str) -> None:
    """Refuse ids that are neither all integers nor all texts."""
    if index.is_integer:
        return
    for row, value in enumerate(index.ids.tolist()):
        if type(value) is not str:
            raise GraphTypeError(
                f"{what} can hold ids that are all integers or all texts; record "
                f"{row:,} has id {shown(value)} of type {type(value).__name__}. Give "
                "the records such ids."
            )


def table_in_duckdb(
    pairs: CandidatePairs, connection: Any, table: str, overwrite: bool
) -> None:
    """Create a table of a database; see `CandidatePairs.to_duckdb`."""
    name = ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))
    duckdb = require("duckdb", extra="duckdb", why="to_duckdb")
    connection.register(_VIEW, arrow_of_pairs(pairs))
    verb = "CREATE OR REPLACE TABLE" if overwrite else "CREATE TABLE"
    try:
        connection.execute(f"{verb} {name} AS SELECT * FROM {_VIEW}")
    except duckdb.CatalogException as error:
        if "already exists" not in str(error):
            raise
        raise GraphValueError(
            f"Table {table!r} is there already. Pass overwrite=True to replace it."
        ) from None
    finally:
        connection.unregister(_VIEW)


def networkx_of_pairs(pairs: CandidatePairs) -> Any:
    """Graph of records; see `CandidatePairs.to_networkx`."""
    nx = require("networkx", extra="networkx", why="to_networkx")
    graph = nx.Graph()
    left, right = pairs.left_index.ids.tolist(), pairs.right_index.ids.tolist()
    if pairs.one_table:
        graph.add_nodes_from(left)
    else:
        left = [("left", node) for node in left]
        right = [("right", node) for node in right]
        graph.add_nodes_from(left, bipartite=0)
        graph.add_nodes_from(right, bipartite=1)
    rows = (pairs.left_rows.tolist(), pairs.right_rows.tolist(), pairs.scores.tolist())
    graph.add_weighted_edges_from(
        ((left[a], right[b], score) for a, b, score in zip(*rows, strict=True)),
        weight="score",
    )
    return graph
