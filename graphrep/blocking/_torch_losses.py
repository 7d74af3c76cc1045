"""Losses of `MatchLoss` on torch tensors, for encoders that torch trains."""

from __future__ import annotations

from typing import Any

from graphrep.blocking._losses import MatchLoss

_TINY = 1e-12
_NEVER = 1e6  # distance of what is no negative


def torch_loss(
    loss: MatchLoss, P: Any, Q: Any, R: Any, weights: Any = None, same: Any = None
) -> Any:
    """Loss of vectors as a tensor that can be differentiated.

    Parameters
    ----------
    loss : MatchLoss
        Which loss, and its parameters.
    P, Q : Tensor of shape (n, d)
        Vectors of the records and of their matches.
    R : Tensor of shape (n, m, d) or (n, d)
        Vectors of their non-matches.
    weights : Tensor of shape (n,) or None, default=None
        Of the tuples, only their proportions count.
    same : Tensor of bool of shape (n, n) or None, default=None
        See `MatchLoss.of_vectors`.

    Returns
    -------
    Tensor of shape ()
    """
    share = P.new_full((len(P),), 1.0 / max(1, len(P)))
    if weights is not None:
        share = weights.to(P.dtype) / weights.sum().clamp_min(_TINY)
    if loss.name == "barlow":
        return _barlow(loss, P, Q, share)
    cube = R.reshape(len(P), -1, P.shape[1])
    near, far = _distance(loss, P, Q), _distance(loss, P[:, None], cube)
    if loss.name == "nlsh":
        hinges = (loss.far - far).clamp_min(0).mean(dim=1)
        return share @ ((near - loss.radius).clamp_min(0) + hinges)
    if loss.name == "triplet":
        return share @ (near[:, None] - far + loss.gap).clamp_min(0).mean(dim=1)
    likes = [_similarity(loss, near)[:, None], _similarity(loss, far)]
    if loss.takes_batch:
        others = _distance(loss, P[:, None], Q[None])
        out = others.new_zeros(others.shape).bool().fill_diagonal_(True)
        out = out if same is None else out | same
        likes.append(_similarity(loss, others.masked_fill(out, _NEVER)))
    return share @ _infonce(loss, likes)


def _infonce(loss: MatchLoss, likes: list[Any]) -> Any:
    import torch

    logits = torch.cat(likes, dim=1) / loss.temperature
    return torch.logsumexp(logits, dim=1) - logits[:, 0]


def _barlow(loss: MatchLoss, P: Any, Q: Any, share: Any) -> Any:
    import torch

    C = (share[:, None] * _standard(P, share)).T @ _standard(Q, share)
    unit = torch.eye(len(C), dtype=C.dtype, device=C.device)
    factors = unit + loss.off_diagonal * (1.0 - unit)
    return (factors * (C - unit) ** 2).sum() / len(C)


def _standard(X: Any, share: Any) -> Any:
    centred = X - share @ X
    return centred / (share @ centred**2 + _TINY).sqrt()


def _distance(loss: MatchLoss, X: Any, Y: Any) -> Any:
    """Distances of rows; the slope of the Euclidean one at 0 is 0."""
    if loss.metric == "cosine":
        return 1.0 - (X * Y).sum(dim=-1)
    apart = X - Y
    if loss.metric == "l1":
        return apart.abs().sum(dim=-1)
    return (apart**2).sum(dim=-1).clamp_min(_TINY * _TINY).sqrt()


def _similarity(loss: MatchLoss, distances: Any) -> Any:
    if loss.metric == "l2":
        return 1.0 - distances**2 / 2.0
    return 1.0 - distances if loss.metric == "cosine" else -distances
