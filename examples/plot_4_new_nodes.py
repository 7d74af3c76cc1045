"""
New nodes: exact transform
==========================

A node that comes after the fit gets the vector that its edges to the fitted nodes
imply: the same formula, not an average found by hand, and no second fit.
"""

# %%
# Fit on all but forty nodes
# --------------------------

import numpy as np

from graphrep import FastRP
from graphrep.datasets import make_sbm

data = make_sbm(500, 6_000, n_communities=4, mixing=0.3, random_state=1)
adjacency = data.graph.to_scipy().tocsr()
known, new = np.arange(460), np.arange(460, 500)

model = FastRP(64, weights=(1, 1), random_state=0)
model.fit(adjacency[known][:, known])

# %%
# Embed the forty from their edges to the fitted nodes, shape (40, 460)
# ---------------------------------------------------------------------

arrivals = model.transform(adjacency[new][:, known])
print(arrivals.shape)

# %%
# The fitted nodes did not move, and what ``transform`` computes for them is what
# ``fit`` computed, bit for bit:

again = model.transform(adjacency[known][:, known])
print("identical:", np.array_equal(again, model.embedding_))

# %%
# Do they land in their community?
# --------------------------------

from sklearn.neighbors import KNeighborsClassifier

nearest = KNeighborsClassifier(5).fit(model.embedding_, data.y[known])
print(f"{nearest.score(arrivals, data.y[new]):.0%} of the new nodes do")

# %%
import matplotlib.pyplot as plt
from sklearn.decomposition import PCA

pca = PCA(2, random_state=0).fit(model.embedding_)
old_xy, new_xy = pca.transform(model.embedding_), pca.transform(arrivals)
palette = np.array(["#2563a8", "#c9512c", "#3d8b53", "#8a5aa8"])

fig, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
ax.scatter(*old_xy.T, c=palette[data.y[known]], s=12, alpha=0.35, lw=0)
ax.scatter(
    *new_xy.T, c=palette[data.y[new]], s=70, marker="*", edgecolor="black", lw=0.5
)
ax.set(title="Fitted nodes (dots) and nodes that came later (stars)")
ax.set(xticks=[], yticks=[])
plt.show()
