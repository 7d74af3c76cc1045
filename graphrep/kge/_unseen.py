"""Entities that were not trained, solved from their triples by least squares."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph import KnowledgeGraph, NodeIndex
from graphrep.io import as_knowledge_graph
from graphrep.kge._geometry import EUCLIDEAN, FLOW, RADIAL, Geometry
from graphrep.typing import FloatArray, IntArray

_BLOCK = 1 << 12


class Extension(NamedTuple):
    """What a model learns of new entities.

    Attributes
    ----------
    known : KnowledgeGraph
        The triples of the model and the new ones, over all entities.
    parameters : ndarray of shape (n_new, entity_width)
        Rows of the new entities, which follow the old ones.
    """

    known: KnowledgeGraph
    parameters: FloatArray


def solve_entities(model: Any, X: Any, ridge: float) -> Extension:
    """Find the parameters of unseen entities that lie nearest to their triples.

    The distances of all triples of an entity, of both directions, are a quadratic of
    its parameters, coordinate by coordinate, since a relation is one linear map of
    them; ``ridge`` times the squared distance from the mean entity is added. Spreads
    that come out negative are set to 0 (exact for one piece, near for more).
    Time O(m p^2 d) for m triples and p parameters a coordinate.
    """
    geometry: Geometry = model._shape
    if geometry.divergence != EUCLIDEAN:
        raise GraphValueError(
            f"{type(model).__name__} scores by no squared distance, so unseen entities "
            "have no closed form. Fit again with their triples, or use NFE (w2), "
            "TransE or RotatE."
        )
    known, first_new = _read(model, X)
    rows = known.triples[len(model.known_) :]
    system = _System(geometry, model, known.n_entities - first_new)
    for side in (0, 2):
        mine = rows[rows[:, side] >= first_new]
        new, other = mine[:, side] - first_new, mine[:, 2 - side]
        forward = mine[:, 1] + (model.n_relations_ if side == 2 else 0)
        backward = mine[:, 1] + (0 if side == 2 else model.n_relations_)
        # (new, forward, ?) is `other`, and (other, backward, ?) is the new one
        for start in range(0, len(mine), _BLOCK):
            part = slice(start, start + _BLOCK)
            system.add_as_query(new[part], forward[part], other[part])
            system.add_as_answer(new[part], backward[part], other[part])
    return Extension(known, system.solve(ridge))


class _System:
    """Normal equations of the new entities, (n_new, d, p, p) and (n_new, d, p)."""

    def __init__(self, geometry: Geometry, model: Any, n_new: int) -> None:
        d = geometry.n_coordinates
        self.geometry, self.model = geometry, model
        self.parts = geometry.entity_width // d
        probes = np.zeros((1 + self.parts, self.parts, d))
        for part in range(self.parts):
            probes[1 + part, part] = 1.0
        self.probes = probes.reshape(1 + self.parts, -1)
        self.relations = model.relation_parameters_.astype(np.float64)
        self.left = np.zeros((n_new, d, self.parts, self.parts))
        self.right = np.zeros((n_new, d, self.parts))
        self.key_map, self.key_shift = self._linear(geometry.key_rows(self.probes), 1)

    def add_as_query(self, new: IntArray, kinds: IntArray, other: IntArray) -> None:
        """Add |query(new, kind) - key(other)|^2 for each row."""
        used, which = np.unique(kinds, return_inverse=True)
        n_probes = 1 + self.parts
        rows = self.geometry.query_rows(
            self.probes, self.relations, np.tile(np.arange(n_probes), len(used)),
            np.repeat(used, n_probes), 0.0,
        )  # fmt: skip
        maps, shifts = self._linear(rows, self.geometry.factor)
        goals = self.model.key_matrix(other)[:, : self.geometry.point_width]
        self._add(new, maps[which], self._by_coordinate(goals) - shifts[which])

    def add_as_answer(self, new: IntArray, kinds: IntArray, other: IntArray) -> None:
        """Add |query(other, kind) - key(new)|^2 for each row."""
        rows = self.model.query_matrix(other, kinds)[:, : self.geometry.point_width]
        goals = self._by_coordinate(rows / self.geometry.factor)
        maps = np.broadcast_to(self.key_map, (len(new), *self.key_map.shape[1:]))
        self._add(new, maps, goals - self.key_shift)

    def solve(self, ridge: float) -> FloatArray:
        """Parameters of the new entities, in the type of the others."""
        d, own = self.geometry.n_coordinates, self.model.entity_parameters_
        table = own.reshape(len(own), self.parts, d).astype(np.float64)
        n_free = _n_means(self.geometry)
        table[:, n_free:] = np.abs(table[:, n_free:])
        mean = table.mean(axis=0).T
        left = self.left + ridge * np.eye(self.parts)
        right = self.right + ridge * mean
        found = np.linalg.solve(left, right[..., None])[..., 0]
        found[..., n_free:] = np.maximum(found[..., n_free:], 0)
        rows = found.transpose(0, 2, 1).reshape(len(found), -1)
        out: FloatArray = rows.astype(own.dtype)
        return out

    def _add(self, new: IntArray, maps: FloatArray, goals: FloatArray) -> None:
        """Add |map p - goal|^2: maps (m, d, q, p), goals (m, d, q)."""
        np.add.at(self.left, new, np.einsum("mdqp,mdqr->mdpr", maps, maps))
        np.add.at(self.right, new, np.einsum("mdqp,mdq->mdp", maps, goals))

    def _linear(self, rows: FloatArray, factor: float) -> tuple[FloatArray, FloatArray]:
        """Read maps (n, d, q, p) and shifts (n, d, q) off the points of probes."""
        points = self._by_coordinate(rows[:, : self.geometry.point_width] / factor)
        points = points.reshape(-1, 1 + self.parts, *points.shape[1:])
        shifts = points[:, 0]
        maps = np.moveaxis(points[:, 1:] - shifts[:, None], 1, -1)
        return maps, shifts

    def _by_coordinate(self, points: FloatArray) -> FloatArray:
        d = self.geometry.n_coordinates
        table = np.asarray(points, np.float64).reshape(len(points), -1, d)
        return table.transpose(0, 2, 1)


def _n_means(geometry: Geometry) -> int:
    """Parts of an entity that may have any sign; the rest are spreads."""
    if geometry.map == FLOW:
        return int(geometry.has_mean)
    return 2 if geometry.map == RADIAL else geometry.entity_width


def _read(model: Any, X: Any) -> tuple[KnowledgeGraph, int]:
    """Old and new triples over old and new entities; the first new number."""
    old: NodeIndex = model.entities_
    read = as_knowledge_graph(X)
    new = [entity for entity in read.entities.ids.tolist() if entity not in old]
    if not new:
        raise GraphValueError(
            f"All {read.n_entities:,} entities of X were fitted; there is none to add."
        )
    entities = NodeIndex([*old.ids.tolist(), *new])
    added = as_knowledge_graph(X, entities=entities, relations=model.relations_)
    both = (added.head >= len(old)) & (added.tail >= len(old))
    if both.any():
        row = int(np.flatnonzero(both)[0])
        head, relation, tail = next(iter(added.take([row])))
        raise GraphValueError(
            f"Triple {row}, {head!r} {relation!r} {tail!r}, joins two entities that "
            "were not fitted. Leave it out, or add one of them first."
        )
    alone = np.setdiff1d(np.arange(len(old), len(entities)), added.triples[:, [0, 2]])
    if len(alone):
        raise GraphValueError(
            f"Entity {entities[int(alone[0])]!r} stands in no triple of X, so nothing "
            "is known of it."
        )
    weights = None
    if model.known_.weights is not None:
        own = np.ones(len(added)) if added.weights is None else added.weights
        weights = np.concatenate([model.known_.weights, own])
    rows = np.concatenate([model.known_.triples, added.triples])
    labels = {**model.known_.labels, **added.labels}
    known = KnowledgeGraph(
        rows, entities, model.relations_, weights=weights, labels=labels
    )
    return known, len(old)
