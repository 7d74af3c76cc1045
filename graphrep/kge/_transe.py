"""TransE: relations as translations, by squared Euclidean distance."""

from __future__ import annotations

from graphrep.kge._distance_kge import DistanceKGE
from graphrep.kge._geometry import Geometry, flow


class TransE(DistanceKGE):
    """Embed entities as points and relations as translations.

    Parameters
    ----------
    n_components : int, default=256
        Coordinates of a point.
    gamma : float, default=4.0
        What distances are subtracted from.
    loss, batching, batch_size, n_epochs, learning_rate, decay, optimizer
        See `NFE`.
    regularizer, regularization, n_negatives, validate_every, patience
        See `NFE`.
    n_jobs, random_state, dtype, verbose
        See `NFE`.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_entities, n_features)
        Points of the entities, (n_entities, n_components).
    entity_parameters_, relation_parameters_ : ndarray
        What was learnt: (n_entities, p) and (2 n_relations, q).
    entity_ids_, relation_ids_ : ndarray
        Ids, in the order of the rows.
    history_ : list of dict
        For each epoch its ``loss`` and ``valid_mrr`` (where they were measured, else
        None), ``learning_rate`` and ``seconds`` of processor time.
    best_epoch_ : int
        Epoch whose parameters are kept.
    device_, kernels_ : str
        Where it was trained, and by what: "numba" or "torch".

    Notes
    -----
    ``gamma - |h + r - t| ** 2``: the distance is squared (L2), and training is over
    all entities with inverse relations, not by a margin against one corrupted triple.

    References
    ----------
    A. Bordes et al., "Translating Embeddings for Modeling Multi-relational Data",
    NeurIPS 2013.
    """

    def _geometry(self) -> Geometry:
        return flow(self.n_components, 0, scale=False)
