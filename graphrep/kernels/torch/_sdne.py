"""Torch pieces of SDNE: products with sparse rows, the loss, Adam on some rows."""

import warnings
from typing import NamedTuple

import torch

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8
LEAK = 0.01

ACTIVATIONS = {
    "leaky_relu": lambda x: torch.nn.functional.leaky_relu(x, LEAK),
    "gelu": torch.nn.functional.gelu,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "linear": lambda x: x,
}


class Entries(NamedTuple):
    """Sparse rows, and the order of their entries by column."""

    indptr: torch.Tensor
    indices: torch.Tensor
    values: torch.Tensor
    turned_indptr: torch.Tensor
    turned_indices: torch.Tensor
    order: torch.Tensor
    n_columns: int


def _csr(indptr, indices, values, n_columns):
    with warnings.catch_warnings():  # torch calls its CSR support a beta, once
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support")
        return torch.sparse_csr_tensor(
            indptr, indices, values, (len(indptr) - 1, n_columns),
            check_invariants=False,
        )  # fmt: skip


def _product(entries, values, table):
    return _csr(entries.indptr, entries.indices, values, entries.n_columns) @ table


def _turned_product(entries, values, table):
    n_rows = len(entries.indptr) - 1
    values = values[entries.order]
    turned = _csr(entries.turned_indptr, entries.turned_indices, values, n_rows)
    return turned @ table


class _Times(torch.autograd.Function):
    """Sparse rows times a table; the rows are constant."""

    @staticmethod
    def forward(ctx, entries, table):
        ctx.entries = entries
        return _product(entries, entries.values, table)

    @staticmethod
    def backward(ctx, gradient):
        entries = ctx.entries
        return None, _turned_product(entries, entries.values, gradient.contiguous())


class _Dots(torch.autograd.Function):
    """Dot product of a row of ``left`` and one of ``right`` for each entry."""

    @staticmethod
    def forward(ctx, entries, left, right):
        ctx.entries = entries
        ctx.save_for_backward(left, right)
        zero = torch.zeros_like(entries.values)
        pattern = _csr(entries.indptr, entries.indices, zero, entries.n_columns)
        return torch.sparse.sampled_addmm(pattern, left, right.T, beta=0.0).values()

    @staticmethod
    def backward(ctx, gradient):
        left, right = ctx.saved_tensors
        to_left = _product(ctx.entries, gradient, right)
        return None, to_left, _turned_product(ctx.entries, gradient, left)


def times(entries, table):
    """Return the sparse rows times ``table`` of shape (n_columns, width)."""
    return _Times.apply(entries, table)


def dots(entries, left, right):
    """Return ``left[row] . right[column]`` for each entry."""
    return _Dots.apply(entries, left, right)


def second_order(hidden, table, bias, entries, n_zeros, per_zero, beta, activation):
    """Sum over rows of the weighted squared error of their reconstruction.

    The first ``n_zeros`` rows of ``table`` are the columns that stand for all, each
    for ``per_zero``; entries among them are taken out again, so that only zeros count.
    """
    activate = ACTIVATIONS[activation]
    columns = entries.indices.long()
    at_entries = activate(dots(entries, hidden, table) + bias[columns])
    seen = (columns < n_zeros).to(hidden.dtype)
    total = _sum_of_squares(hidden, table[:n_zeros], bias[:n_zeros], activation)
    zeros = total - (seen * at_entries.square()).sum()
    errors = (at_entries - entries.values).square().sum()
    return per_zero * zeros + beta**2 * errors


def _sum_of_squares(hidden, table, bias, activation):
    """Sum of the squares of all outputs, through Gram matrices where it is cheaper."""
    if activation == "linear" and len(hidden) > hidden.shape[1]:
        one = hidden.new_ones((len(hidden), 1))
        hidden = torch.cat([hidden, one], dim=1)
        table = torch.cat([table, bias[:, None]], dim=1)
        return ((hidden.T @ hidden) * (table.T @ table)).sum()
    return ACTIVATIONS[activation](torch.addmm(bias, hidden, table.T)).square().sum()


def first_order(source, target, total_weight):
    """Estimate the sum of weight times squared distance over all edges."""
    return total_weight / len(source) * (source - target).square().sum()


class Table:
    """A matrix of weights with Adam's moments; rows not in a step are not touched."""

    def __init__(self, data, decay=0.0):
        self.data = data
        self.decay = decay
        self._mean = torch.zeros_like(data)
        self._square = torch.zeros_like(data)
        self._counts = data.new_zeros(len(data))
        self._last = data.new_zeros(len(data))
        self._rows = None
        self.leaf = None

    def take(self, rows=None):
        """Return some rows (None: all) as a leaf whose gradient `step` will use."""
        self._rows = rows
        data = self.data if rows is None else self.data[rows]
        self.leaf = data.detach().requires_grad_()
        return self.leaf

    @torch.no_grad()
    def step(self, rate, now):
        """Take Adam's step for the rows taken last; ``now`` counts steps from one.

        The gradient of the regulariser is that of all steps since a row's last one.
        """
        leaf, rows = self.leaf, self._rows
        if leaf is None or leaf.grad is None:
            return
        slot = slice(None) if rows is None else rows
        gradient, wide = leaf.grad, (-1,) + (1,) * (self.data.ndim - 1)
        if self.decay:
            gap = (now - self._last[slot]).view(wide)
            gradient = gradient.addcmul(leaf.detach(), gap, value=self.decay)
            self._last[slot] = now
        counts = self._counts[slot] + 1
        self._counts[slot] = counts
        mean = torch.lerp(self._mean[slot], gradient, 1 - BETA_1)
        square = torch.lerp(self._square[slot], gradient.square(), 1 - BETA_2)
        self._mean[slot], self._square[slot] = mean, square
        first = (1 - BETA_1**counts).view(wide)
        second = (1 - BETA_2**counts).sqrt().view(wide)
        change = mean / first / (square.sqrt() / second + EPSILON)
        self.data[slot] = leaf.detach() - rate * change
        self.leaf = None
