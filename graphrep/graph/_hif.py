"""The Hypergraph Interchange Format as a dictionary: checked, read and made."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._hypergraph import Hypergraph
from graphrep.graph._hypergraph_from_foreign import build
from graphrep.graph._ids import shown
from graphrep.graph._node_index import NodeIndex

_TOP = {"network-type", "metadata", "incidences", "nodes", "edges"}
_INCIDENCE = {"edge", "node", "weight", "direction", "attrs"}
_ID_TYPES = frozenset({int, str})
_NOTHING: dict[str, Any] = {}
_KINDS = ("undirected", "asc", "directed")
_DIRECTED = (
    "it is directed, and a Hypergraph has no heads and tails. Leave 'direction' and "
    "the network-type 'directed' away to read its hyperedges as sets"
)


def is_hif(obj: object) -> bool:
    """Whether a dictionary is meant as HIF, not as ids with their members."""
    if not isinstance(obj, Mapping) or "incidences" not in obj:
        return False
    return isinstance(obj["incidences"], list) and not _TOP.isdisjoint(obj)


def hypergraph_of_hif(hif: Mapping[str, Any]) -> Hypergraph:
    """Make a hypergraph of a dictionary in HIF.

    Parameters
    ----------
    hif : dict
        ``incidences`` and perhaps ``network-type``, ``metadata``, ``nodes`` and
        ``edges``. Ids are texts or integers; 1 and "1" are not the same.

    Returns
    -------
    Hypergraph
        Kept are weights of edges, or ``weight`` among their ``attrs``; and from the
        ``attrs`` ``multiplicity`` of edges and ``label``, or else ``name``, of both.
        Where ``nodes`` or ``edges`` lists all of them, its order is theirs; else
        integers ascend and others stand in order of first appearance.

    Warns
    -----
    GraphWarning
        If incidences have weights: they are not kept.

    Raises
    ------
    GraphValueError
        With the record, for anything that HIF does not allow, and for directions.
    """
    _check_top(hif)
    nodes = _read_records(hif.get("nodes", []), "node")
    edges = _read_records(hif.get("edges", []), "edge")
    members: dict[Hashable, list[Hashable]] = {}
    met: dict[Hashable, None] = {}
    for at, record in enumerate(hif["incidences"]):
        edge, node = _plain_incidence(record) or _read_incidence(record, at)
        members.setdefault(edge, []).append(node)
        met[node] = None
    _tell_weights(hif["incidences"])
    edge_ids, node_ids = _in_order(edges, members), _in_order(nodes, met)
    return build(
        [members.get(e, []) for e in edge_ids],
        node_ids,
        edge_ids,
        [edges.get(e, {}) for e in edge_ids],
        [nodes.get(v, {}) for v in node_ids],
    )


def hif_of_hypergraph(hypergraph: Hypergraph) -> dict[str, Any]:
    """Make a dictionary in HIF; every node and hyperedge has a record."""
    nodes, edges = records_of_hypergraph(hypergraph)
    ids = hypergraph.edge_ids.ids.tolist()
    incidences = [
        {"edge": edge, "node": node}
        for edge, inside in zip(ids, hypergraph, strict=True)
        for node in inside
    ]
    return {
        "network-type": "undirected",
        "metadata": {},
        "nodes": nodes,
        "edges": edges,
        "incidences": incidences,
    }


def records_of_hypergraph(
    hypergraph: Hypergraph,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Make the records of all nodes and of all edges, in their order."""
    edges: list[dict[str, Any]] = [
        {"edge": e} for e in _checked_ids(hypergraph.edge_ids, "hyperedge")
    ]
    nodes: list[dict[str, Any]] = [
        {"node": v} for v in _checked_ids(hypergraph.nodes, "node")
    ]
    if hypergraph.weights is not None:
        for record, weight in zip(edges, hypergraph.weights.tolist(), strict=True):
            record["weight"] = weight
    if hypergraph.node_labels:
        _add_labels(nodes, "node", hypergraph.node_labels)
    if hypergraph.edge_labels:
        _add_labels(edges, "edge", hypergraph.edge_labels)
    if hypergraph.multiplicities is not None:
        counts = hypergraph.multiplicities.tolist()
        for record, count in zip(edges, counts, strict=True):
            record.setdefault("attrs", {})["multiplicity"] = count
    return nodes, edges


def _add_labels(
    records: list[dict[str, Any]], kind: str, labels: Mapping[Any, str]
) -> None:
    for record in records:
        if record[kind] in labels:
            record.setdefault("attrs", {})["label"] = labels[record[kind]]


def _check_top(hif: Mapping[str, Any]) -> None:
    if not isinstance(hif, Mapping):
        raise GraphTypeError(f"HIF is an object at the top; got {shown(hif)}.")
    strange = [key for key in hif if key not in _TOP]
    if strange:
        raise GraphValueError(
            f"HIF has no key {strange[0]!r}; its keys are {', '.join(sorted(_TOP))}. "
            "Other data belong under 'metadata'."
        )
    if "incidences" not in hif:
        raise GraphValueError("HIF needs the key 'incidences', perhaps an empty list.")
    kind = hif.get("network-type", "undirected")
    if kind not in _KINDS:
        raise GraphValueError(f"network-type must be one of {_KINDS}; got {kind!r}.")
    if kind == "directed":
        raise GraphValueError(f"This hypergraph cannot be read: {_DIRECTED}.")
    for key in ("incidences", "nodes", "edges"):
        if not isinstance(hif.get(key, []), list):
            raise GraphValueError(f"{key} must be a list; got {shown(hif[key])}.")
    if not isinstance(hif.get("metadata", {}), Mapping):
        raise GraphValueError(
            f"metadata must be an object; got {shown(hif['metadata'])}."
        )


def _plain_incidence(record: Any) -> tuple[Any, Any] | None:
    """Ids of a record that has nothing but two ids; None for any other."""
    if type(record) is not dict or len(record) != 2:
        return None
    edge, node = record.get("edge"), record.get("node")
    if type(edge) in _ID_TYPES and type(node) in _ID_TYPES:
        return edge, node
    return None


def _read_incidence(record: Any, at: int) -> tuple[Hashable, Hashable]:
    where = f"incidences[{at}]"
    _check_record(record, _INCIDENCE, ("edge", "node"), where)
    if "direction" in record:
        if record["direction"] not in ("head", "tail"):
            raise GraphValueError(
                f"{where} has the direction {record['direction']!r}; it must be 'head' "
                "or 'tail'."
            )
        raise GraphValueError(f"{where} cannot be read: {_DIRECTED}.")
    return record["edge"], record["node"]


def _read_records(records: list[Any], kind: str) -> dict[Hashable, dict[str, Any]]:
    """Read records of nodes or edges: the attributes of each, its weight among them."""
    out: dict[Hashable, dict[str, Any]] = {}
    for at, record in enumerate(records):
        if type(record) is dict and len(record) == 1:
            node = record.get(kind)
            if type(node) in _ID_TYPES and node not in out:
                out[node] = _NOTHING
                continue
        where = f"{kind}s[{at}]"
        _check_record(record, {kind, "weight", "attrs"}, (kind,), where)
        if record[kind] in out:
            raise GraphValueError(
                f"{where} is a second record of the {kind} {shown(record[kind])}."
            )
        about = dict(record.get("attrs", {}))
        if "weight" in record:
            about["weight"] = record["weight"]
        elif not _is_number(about.get("weight")):
            about.pop("weight", None)
        out[record[kind]] = about
    return out


def _tell_weights(records: list[Mapping[str, Any]]) -> None:
    heavy = sum(record.get("weight", 1) != 1 for record in records)
    if heavy:
        warn_user(
            f"{heavy:,} incidences have a weight other than 1, which a Hypergraph does "
            "not keep. Weights of hyperedges stand in the records of 'edges'."
        )


def _check_record(
    record: Any, allowed: set[str], ids: tuple[str, ...], where: str
) -> None:
    if not isinstance(record, Mapping):
        raise GraphValueError(f"{where} must be an object; got {shown(record)}.")
    if not allowed.issuperset(record):
        strange = next(key for key in record if key not in allowed)
        raise GraphValueError(
            f"{where} has the key {strange!r}, which HIF does not allow there. Other "
            "data belong under 'attrs'."
        )
    for key in ids:
        value = record.get(key)
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise GraphValueError(
                f"{where} must have a text or integer as {key!r}; got {shown(value)}."
            )
    if "weight" in record and not _is_number(record["weight"]):
        raise GraphValueError(
            f"{where} has the weight {shown(record['weight'])}; it must be a number."
        )
    if not isinstance(record.get("attrs", {}), Mapping):
        raise GraphValueError(
            f"attrs of {where} must be an object; got {shown(record['attrs'])}."
        )


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value)


def _in_order(listed: dict[Hashable, Any], met: Mapping[Hashable, Any]) -> list[Any]:
    """Ids in the order of their records if these are complete, else the usual one."""
    if all(node in listed for node in met):
        return list(listed)
    ids: list[Any] = list(dict.fromkeys([*met, *listed]))
    return sorted(ids) if all(type(v) is int for v in ids) else ids


def _checked_ids(index: NodeIndex, kind: str) -> list[Any]:
    ids: list[Any] = index.ids.tolist()
    if index.is_integer:
        return ids
    for node in ids:
        if isinstance(node, bool) or not isinstance(node, (str, int)):
            raise GraphTypeError(
                f"Ids in HIF are texts or integers; {kind} {shown(node)} is of type "
                f"{type(node).__name__}. Give it another id first."
            )
    return ids
