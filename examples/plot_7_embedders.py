"""
Embedders side by side
======================

The characters of Les Misérables as six methods see them. All have the same surface, so
comparing them is a loop.
"""

# %%
# The methods
# -----------

from graphrep import (
    HOPE,
    DeepWalk,
    FastRP,
    LaplacianEigenmaps,
    NetMF,
    RandomVectors,
)
from graphrep.datasets import load_les_miserables

graph = load_les_miserables().graph
models = [
    FastRP(16, random_state=0),
    DeepWalk(16, n_epochs=5, random_state=0),
    NetMF(16, random_state=0),
    HOPE(16, random_state=0),
    LaplacianEigenmaps(4, random_state=0),
    RandomVectors(16, random_state=0),
]

# %%
# Who is near to Marius?
# ----------------------
# The last one knows nothing of the graph: what it says is chance.

for model in models:
    near = [name for name, _ in model.fit(graph).most_similar("Marius", k=4)]
    print(f"{type(model).__name__:20}", *near)

# %%
# How well is the graph kept?
# ---------------------------
# ``decoder_score`` scores a pair as the method itself does. The area under the ROC
# curve is the chance that an edge scores higher than a pair that is none.

import numpy as np
from sklearn.metrics import roc_auc_score

rows, columns = np.triu_indices(graph.n_nodes, 1)
is_edge = np.asarray(graph.to_scipy().todense())[rows, columns] > 0
quality = [roc_auc_score(is_edge, m.decoder_score(rows, columns)) for m in models]
for model, auc in zip(models, quality, strict=True):
    print(f"{type(model).__name__:20} {auc:.2f}")

# %%
# Maps
# ----
# Two principal components of the vectors, brought to unit length. Colours are groups
# that k-means finds in the vectors of FastRP, the same in all maps.

import matplotlib.pyplot as plt
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

group = KMeans(5, n_init=10, random_state=0).fit_predict(
    normalize(models[0].embedding_)
)
sources, targets = graph.edges()[:2]
fig, axes = plt.subplots(2, 3, figsize=(10, 6.4), layout="constrained")
for ax, model, auc in zip(axes.flat, models, quality, strict=True):
    xy = PCA(2, random_state=0).fit_transform(normalize(model.embedding_))
    ends = np.stack([xy[sources], xy[targets]])
    ax.plot(*ends.transpose(2, 0, 1), color="0.8", lw=0.5, zorder=1)
    ax.scatter(*xy.T, c=group, cmap="Set1", vmax=8, s=28, zorder=2, edgecolor="white")
    for name in ("Valjean", "Marius", "Myriel"):
        ax.annotate(name, xy[graph.nodes.indexer([name])[0]], size=8)
    ax.set(title=f"{type(model).__name__}, AUC {auc:.2f}", xticks=[], yticks=[])
plt.show()
