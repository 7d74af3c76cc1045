"""The deepest concept that candidates together make likely."""

from __future__ import annotations

from typing import Any

from graphrep.typing import FloatArray, IntArray


def lowest_likely(
    concepts: IntArray, chances: FloatArray, relatives: Any, depth: IntArray,
    threshold: float,
) -> int:  # fmt: skip
    """Find the deepest concept whose candidates, at or below it, reach a chance.

    Parameters
    ----------
    concepts, chances : ndarray of shape (n_candidates,)
        Candidates of one phrase.
    relatives : tuple
        Pointers and concepts of the parents, then others.
    depth : ndarray of int64 of shape (n_concepts,)
    threshold : float
        Chance to reach.

    Returns
    -------
    int
        Position; of several as deep the likeliest, then the lower one. -1 for none.
    """
    up, ups = relatives[:2]
    mass: dict[int, float] = {}
    for concept, chance in zip(concepts.tolist(), chances.tolist(), strict=True):
        seen, front = {concept}, [concept]
        while front:
            above = {int(p) for c in front for p in ups[up[c] : up[c + 1]]} - seen
            seen |= above
            front = list(above)
        for one in seen:
            mass[one] = mass.get(one, 0.0) + chance
    fine = [c for c, total in mass.items() if total >= threshold - 1e-9]
    return max(fine, key=lambda c: (int(depth[c]), mass[c], -c)) if fine else -1
