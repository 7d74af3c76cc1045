"""All estimators that promise scikit-learn's contract, one line each.

An estimator joins every test of this folder by a line in `ESTIMATORS`.
"""

from __future__ import annotations

from graphrep import FastRP

ESTIMATORS = {
    "FastRP": FastRP(8, random_state=0),
    "FastRP-plain": FastRP(
        4, weights=(1.0, 1.0), power_norm=None, output_norm=None, random_state=0
    ),
    "FastRP-gds": FastRP.from_preset("gds", n_components=5, random_state=0),
    "FastRP-compact": FastRP(
        8, layer_dtype="bfloat16", output_norm="l2", random_state=0
    ),
    "FastRP-wide": FastRP(
        4, combine="concat", direction="both", projection=1.0, random_state=0
    ),
}
