"""RotatE: relations as rotations of complex points, by squared distance."""

from __future__ import annotations

from graphrep.kge._distance_kge import DistanceKGE
from graphrep.kge._geometry import EUCLIDEAN, ROTATION, Geometry


class RotatE(DistanceKGE):
    """Embed entities as complex points and relations as rotations.

    Parameters
    ----------
    n_components : int, default=256
        Complex coordinates.
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
        Points of the entities, (n_entities, 2 n_components), real parts first.
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
    ``gamma - |h o exp(i r) - t| ** 2``: the distance is the squared Euclidean one,
    where the paper adds up moduli, and training is over all entities instead of
    self-adversarial samples.

    References
    ----------
    Z. Sun et al., "RotatE: Knowledge Graph Embedding by Relational Rotation in
    Complex Space", ICLR 2019.
    """

    def _geometry(self) -> Geometry:
        return Geometry(ROTATION, EUCLIDEAN, self.n_components)
