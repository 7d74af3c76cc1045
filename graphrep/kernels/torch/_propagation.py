"""Torch twin of ``graphrep.kernels._propagation``: whole layers at a time."""

import warnings

import torch

_SHORT = 2**31
"""Entries from which on 32 bits do not count them."""


def operator(indptr, indices, weights, inverse):
    """Row-stochastic operator as a sparse CSR tensor on the device of ``indptr``."""
    n_rows = len(indptr) - 1
    rows = torch.repeat_interleave(
        torch.arange(n_rows, device=indptr.device), indptr[1:] - indptr[:-1]
    )
    kind = torch.int32 if len(indices) < _SHORT else torch.int64  # half to read
    values = inverse[rows]
    if weights is not None:
        values = values * weights.to(values.dtype)
    with warnings.catch_warnings():  # torch calls its CSR support a beta, once
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support")
        return torch.sparse_csr_tensor(
            indptr.to(kind),
            indices.to(kind),
            values,
            (n_rows, len(inverse)),
            check_invariants=False,
        )


def propagate(matrix, x):
    """Propagate a layer."""
    return matrix @ x


def add_power(x, coefficient, normalize, fresh, out):
    """Put ``coefficient * x``, rows at unit length if asked, into ``out``."""
    scale = coefficient
    if normalize:
        norm = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=torch.float64)
        scale = torch.where(norm > 0, coefficient / norm, 0.0).to(x.dtype)
    if fresh:
        torch.mul(x, scale, out=out)
    else:
        out.addcmul_(x, scale) if normalize else out.add_(x, alpha=scale)


def standardize(out):
    """Standardise the columns of all non-zero rows in place; return mean and 1/std."""
    used = (out != 0).any(dim=1)
    count = used.sum().clamp(min=1)
    mean = out.sum(dim=0, dtype=torch.float64) / count
    centred = torch.where(used[:, None], out - mean.to(out.dtype), 0)
    variance = centred.square().sum(dim=0, dtype=torch.float64) / count
    noise = (10 * torch.finfo(out.dtype).eps * mean) ** 2
    per = torch.where(variance > noise, variance.clamp(min=1e-300).rsqrt(), 1.0)
    mean, per = mean.to(out.dtype), per.to(out.dtype)
    out.copy_(centred * per)
    return mean, per


def unit_rows(out):
    """Bring rows to unit length in place; zero rows stay zero."""
    norm = torch.linalg.vector_norm(out, dim=1, keepdim=True)
    out.div_(torch.where(norm > 0, norm, 1))
