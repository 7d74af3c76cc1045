"""lexical_neighbours: records near each other by weighted n-grams."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.blocking._records import Records
from graphrep.blocking._relative import Neighbours
from graphrep.retrieval import SparseIndex, TextFeatures


def lexical_neighbours(
    A: Records, B: Records, *, one_table: bool = False, k: int = 50,
    analyzer: str = "char", n: int = 3, max_postings: int | None = None,
    n_jobs: int | None = None,
) -> tuple[Neighbours, Neighbours]:  # fmt: skip
    """Nearest records of each record of both tables by TF-IDF cosines, exactly.

    Parameters
    ----------
    A, B : Records
        The tables.
    one_table : bool, default=False
        Whether B is A; a record is then none of its own neighbours.
    k : int, default=50
        Neighbours of each record.
    analyzer : {"char", "word"}, default="char"
        See `TextFeatures`.
    n : int, default=3
        Length of the runs of characters.
    max_postings : int or None, default=None
        See `SparseIndex.query`.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.

    Returns
    -------
    of_left : Neighbours
        Rows of B near each record of A.
    of_right : Neighbours
        Rows of A near each record of B.
    """
    features = TextFeatures(analyzer, n, n_jobs=n_jobs)
    left = A.texts()
    options: dict[str, Any] = {"k": k, "max_postings": max_postings, "n_jobs": n_jobs}
    if one_table:
        X = features.fit_transform(left)
        return sparse_neighbours(X, X, one_table=True, **options)
    right = B.texts()
    features.fit(left + right)
    X, Y = features.transform(left), features.transform(right)
    return sparse_neighbours(X, Y, one_table=False, **options)


def sparse_neighbours(
    X: Any, Y: Any, *, one_table: bool, k: int, **options: Any
) -> tuple[Neighbours, Neighbours]:
    """Nearest rows of each row of two sparse arrays, or of one among themselves."""
    if one_table:
        own = np.arange(X.shape[0])
        lists = Neighbours(*SparseIndex(X).query(X, k, exclude=own, **options))
        return lists, lists
    return (
        Neighbours(*SparseIndex(Y).query(X, k, **options)),
        Neighbours(*SparseIndex(X).query(Y, k, **options)),
    )
