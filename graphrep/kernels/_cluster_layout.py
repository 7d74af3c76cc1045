"""Where each row of clustered vectors lies: slots of panels, cluster after cluster."""

import numpy as np

from graphrep.kernels._panel_tiles import PANEL


def members(label, n_clusters):
    """Give rows by cluster, ascending within each, and where each cluster starts."""
    order = np.argsort(label, kind="stable")
    starts = np.zeros(n_clusters + 1, np.int64)
    np.cumsum(np.bincount(label, minlength=n_clusters), out=starts[1:])
    return order, starts


def layout(label, n_clusters):
    """Give (first panel of each cluster, row of each slot, slot of each row).

    Each cluster starts with a panel of its own; an empty slot has row -1.
    """
    order, starts = members(label, n_clusters)
    sizes = np.diff(starts)
    panel_starts = np.zeros(n_clusters + 1, np.int64)
    np.cumsum(-(-sizes // PANEL), out=panel_starts[1:])
    n_slots = int(panel_starts[-1]) * PANEL
    dtype = np.int32 if n_slots < 2**31 else np.int64
    moved = np.repeat(panel_starts[:-1] * PANEL - starts[:-1], sizes)
    slots = np.empty(len(label), dtype)
    slots[order] = np.arange(len(label)) + moved
    rows = np.full(n_slots, -1, dtype)
    rows[slots] = np.arange(len(label), dtype=dtype)
    return panel_starts, rows, slots


def panels_of(rows):
    """Pack rows (n, d) of float32 in panels of their own."""
    n_panels = -(-len(rows) // PANEL)
    full = np.zeros((n_panels * PANEL, rows.shape[1]), np.float32)
    full[: len(rows)] = rows
    turned = full.reshape(n_panels, PANEL, -1).transpose(0, 2, 1)
    return np.ascontiguousarray(turned)


def padded(values, n_slots, fill):
    """Values of each row, and a fill behind the last."""
    out = np.full(n_slots, fill, np.float32)
    out[: len(values)] = values
    return out
