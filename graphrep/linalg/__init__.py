"""Linear algebra on tall panels and sparse operators, the same for any threads."""

from graphrep.linalg._eigen import eigsh, krylov_eigsh
from graphrep.linalg._operators import FunctionOperator, SparseOperator, scaled
from graphrep.linalg._panels import canonical_signs, gram, orthonormalize, times
from graphrep.linalg._svd import randomized_svd, svds

__all__ = [
    "FunctionOperator",
    "SparseOperator",
    "canonical_signs",
    "eigsh",
    "gram",
    "krylov_eigsh",
    "orthonormalize",
    "randomized_svd",
    "scaled",
    "svds",
    "times",
]
