"""
A first map: Zachary's karate club
==================================

A graph goes in, one vector a node comes out. Here are 34 members of a karate club
that split in two; nobody tells FastRP about the split.
"""

# %%
# The graph
# ---------
# A graph knows the ids of its nodes and stays as it is.

from graphrep import FastRP
from graphrep.datasets import load_karate

karate = load_karate()
karate.graph

# %%
# Vectors
# -------
# ``random_state`` gives the same bits on every call, with any number of threads.

model = FastRP(n_components=32, weights=(1, 1, 1), random_state=0)
vectors = model.fit_transform(karate.graph)
print(vectors.shape, vectors.dtype)

# %%
# The nearest members of member 0, the instructor, and of member 33, the president:

for member in (0, 33):
    print(member, [(other, round(s, 2)) for other, s in model.most_similar(member, 4)])

# %%
# The map
# -------
# Two principal components are enough to see the two camps.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA

xy = PCA(2, random_state=0).fit_transform(vectors)
fig, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
for u, v in zip(*karate.graph.edges()[:2], strict=True):
    ax.plot(*xy[[u, v]].T, color="0.85", lw=0.7, zorder=1)
colors = np.array(["#2563a8", "#c9512c"])[np.asarray(karate.y)]
ax.scatter(*xy.T, c=colors, s=130, zorder=2, edgecolor="white")
for node, place in zip(karate.graph.node_ids, xy, strict=True):
    ax.annotate(str(node), place, ha="center", va="center", color="white", size=7)
ax.set(title="FastRP of the karate club; colours: the side taken later")
ax.set(xticks=[], yticks=[])
plt.show()
