"""Sets of integers as sorted arrays.

numpy's own ``unique`` hashes integers since version 2.3, and keys of pairs, which are
far from random, collide so often that it takes ten times as long as sorting.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.typing import AnyArray


def distinct(values: Any) -> AnyArray:
    """Sorted values, each once.

    Parameters
    ----------
    values : array-like of shape (n,)
        Numbers without NaN.
    """
    ordered = np.sort(np.asarray(values))
    kept = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=kept[1:])
    return ordered[kept]


def is_in(values: AnyArray, members: AnyArray) -> AnyArray:
    """Tell of each value whether it is among the members.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Numbers in any order.
    members : ndarray of shape (m,)
        Numbers in ascending order, as `distinct` gives them.

    Returns
    -------
    ndarray of bool of shape (n,)
    """
    if not len(members):
        return np.zeros(len(values), bool)
    at = np.searchsorted(members, values)
    np.minimum(at, len(members) - 1, out=at)
    found: AnyArray = members[at] == values
    return found
