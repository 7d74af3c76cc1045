"""Scores of triples by their written equations, one triple at a time, in float64."""

import numpy as np
from scipy.integrate import quad
from scipy.special import ndtri
from scipy.stats import norm


def parts(row, n):
    """Cut the parameters of an entity or a relation in n parts."""
    return np.asarray(row, np.float64).reshape(n, -1)


def nfe1(h, r, t, gamma):
    """Gaussians: squared differences of means and of standard deviations."""
    (mh, sh), (b, a), (mt, st) = parts(h, 2), parts(r, 2), parts(t, 2)
    mean = a * mh + b - mt
    spread = np.abs(a * sh) - np.abs(st)
    return gamma - np.sum(mean**2 + spread**2)


def nfe3(h, r, t, gamma):
    """Kullback-Leibler divergence of the query's Gaussian from the tail's."""
    (mh, sh), (b, a), (mt, st) = parts(h, 2), parts(r, 2), parts(t, 2)
    mean, sigma = a * mh + b, np.abs(a) * np.logaddexp(0, sh)
    target = np.logaddexp(0, st)
    each = np.log(target / sigma) - 0.5
    each += (sigma**2 + (mean - mt) ** 2) / (2 * target**2)
    return gamma - each.sum()


def flow_value(z, mean, slopes, ends):
    """Value at z of a flow that goes through the mean at 0."""
    out = mean
    for slope, low, high in zip(slopes, ends[:-1], ends[1:], strict=True):
        out += abs(slope) * (np.clip(z, low, high) - np.clip(0.0, low, high))
    return out


def wasserstein(h, r, t, n_pieces, base, gamma):
    """Quadrature of (F_q^-1(u) - F_t^-1(u))^2, quantile by quantile."""
    shares = np.arange(n_pieces + 1) / n_pieces
    ends = ndtri(shares) if base == "normal" else np.sqrt(3) * (2 * shares - 1)
    h, t = parts(h, n_pieces + 1), parts(t, n_pieces + 1)
    b, a = parts(r, 2)
    total = 0.0
    for i in range(h.shape[1]):

        def gap(z, i=i):
            # a negative scale turns the quantile z of the image into that of -z
            source = z if a[i] >= 0 else -z
            image = a[i] * flow_value(source, h[0, i], h[1:, i], ends) + b[i]
            other = flow_value(z, t[0, i], t[1:, i], ends)
            weight = norm.pdf(z) if base == "normal" else 0.5 / np.sqrt(3)
            return (image - other) ** 2 * weight

        limit = 9.0 if base == "normal" else np.sqrt(3)
        inner = [e for e in ends if abs(e) < limit]
        total += quad(gap, -limit, limit, points=[0.0, *inner], limit=200)[0]
    return gamma - total


def wasserstein_of_the_plane(h, r, t, n_pieces, base, gamma):
    """E |f_r f_h(Z) - f_t(Z')|^2, Z' being Z turned by the relation, over the plane."""
    shares = np.arange(n_pieces + 1) / max(n_pieces, 1)
    with np.errstate(divide="ignore"):
        squares = 2 * shares if base == "uniform" else -np.log1p(-shares)
    ends = np.sqrt(squares)
    h, t = parts(h, n_pieces + 2), parts(t, n_pieces + 2)
    r = parts(r, 4)
    b, a = r[0] + 1j * r[1], r[2] + 1j * r[3]
    angles = 2 * np.pi * np.arange(8) / 8  # exact for a polynomial of degree 2 in e^i
    total = 0.0
    for i in range(h.shape[1]):

        def flow(z, row, i=i):
            radius = np.abs(z)
            out = 0.0
            for k in range(n_pieces):
                part = np.clip(radius, ends[k], ends[k + 1]) - ends[k]
                out = out + abs(row[2 + k, i]) * part
            return row[0, i] + 1j * row[1, i] + out * z / radius

        def gap(radius, i=i):
            z = radius * np.exp(1j * angles)
            turned = z * a[i] / abs(a[i])
            miss = np.abs(a[i] * flow(z, h) + b[i] - flow(turned, t)) ** 2
            weight = radius if base == "uniform" else 2 * radius * np.exp(-(radius**2))
            return miss.mean() * weight

        limit = 6.0 if base == "normal" else np.sqrt(2)
        inner = [e for e in ends if 0 < e < limit]
        total += quad(gap, 1e-12, limit, points=inner or None, limit=200)[0]
    return gamma - total


def transe(h, r, t, gamma):
    """Squared length of h + r - t."""
    return gamma - np.sum((np.asarray(h, float) + r - t) ** 2)


def distmult(h, r, t, gamma):
    """Product of three numbers, summed."""
    return np.sum(np.asarray(h, float) * r * t)


def _complex(row):
    re, im = parts(row, 2)
    return re + 1j * im


def complex_(h, r, t, gamma):
    """Real part of h r conj(t)."""
    return np.sum(_complex(h) * _complex(r) * np.conj(_complex(t))).real


def rotate(h, r, t, gamma):
    """Squared moduli of h e^(i r) - t."""
    gap = _complex(h) * np.exp(1j * np.asarray(r, float)) - _complex(t)
    return gamma - np.sum(np.abs(gap) ** 2)


def rescal(h, r, t, gamma):
    """t^T M h, M row by row."""
    h, t = np.asarray(h, float), np.asarray(t, float)
    return t @ np.asarray(r, float).reshape(len(h), len(h)) @ h
