"""All estimators that promise scikit-learn's contract, one line each.

An estimator joins every test of this folder by a line in `ESTIMATORS`. Parameters
keep the fits short: the tests fit each of them some hundred times.
"""

from __future__ import annotations

import graphrep

FastRP = graphrep.FastRP

ESTIMATORS = {
    "AdjacencySVD": graphrep.AdjacencySVD(8),
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
    "DeepWalk": graphrep.DeepWalk(
        8, walks_per_node=5, walk_length=20, learning_rate=0.1, random_state=0
    ),
    "DegreeVectors": graphrep.DegreeVectors(8),
    "GraRep": graphrep.GraRep(8),
    "GraphFactorization": graphrep.GraphFactorization(8, random_state=0),
    "GraphFactorization-edges": graphrep.GraphFactorization(
        8, zeros="ignore", random_state=0
    ),
    "HOPE": graphrep.HOPE(8, random_state=0),
    "HOPE-rooted": graphrep.HOPE(4, proximity="rooted_pagerank", random_state=0),
    "LLE": graphrep.LLE(8),
    "LaplacianEigenmaps": graphrep.LaplacianEigenmaps(8, random_state=0),
    "NetMF": graphrep.NetMF(8, random_state=0),
    "Node2Vec": graphrep.Node2Vec(
        8,
        p=0.5,
        q=2.0,
        walks_per_node=5,
        walk_length=20,
        learning_rate=0.1,
        random_state=0,
    ),
    "Node2VecPlus": graphrep.Node2VecPlus(
        8, q=0.5, walks_per_node=5, walk_length=20, learning_rate=0.1, random_state=0
    ),
    "ProNE": graphrep.ProNE(8, random_state=0),
    "RandomVectors": graphrep.RandomVectors(8, random_state=0),
    "Spectral": graphrep.Spectral(8, random_state=0),
    "SDNE": graphrep.SDNE(8, hidden=(16,), n_epochs=20, random_state=0),
}

# Floors that other methods have to beat: they need not tell groups apart.
BASELINES = {"DegreeVectors", "RandomVectors"}

# Estimators that compute with torch; their tests are skipped without it.
WITH_TORCH = {"SDNE"}

# Estimators whose number of dimensions must be even, one half for each side.
HALVED = {"HOPE", "HOPE-rooted"}
