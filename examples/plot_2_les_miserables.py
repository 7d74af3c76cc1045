"""
Nearest neighbours by name: Les Misérables
==========================================

Characters of a novel are joined where they appear in the same chapter. Node ids are
their names, and stay so: there is no table of numbers to keep beside the vectors.
"""

# %%
from graphrep import FastRP
from graphrep.datasets import load_les_miserables

graph = load_les_miserables().graph
model = FastRP(n_components=64, weights=(1, 1, 1), random_state=0).fit(graph)
print(graph)

# %%
# Who is closest to whom
# ----------------------

for name in ("Valjean", "Marius", "Enjolras"):
    near = ", ".join(
        f"{other} {score:.2f}" for other, score in model.most_similar(name, 4)
    )
    print(f"{name:10} {near}")

# %%
# A name that is not there is answered with those that are:

from graphrep.exceptions import NodeNotFoundError

try:
    model.most_similar("Valjaen")
except NodeNotFoundError as error:
    print(error)

# %%
# Similarity of the main characters
# ---------------------------------
# ``vectors_`` joins the matrix with the ids, so rows are asked for by name.

import matplotlib.pyplot as plt
import numpy as np

degree = graph.degree(weighted=True)
main = [graph.node_ids[row] for row in np.argsort(-degree)[:16]]
rows = model.vectors_[main]
rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)

fig, ax = plt.subplots(figsize=(7, 5.6), layout="constrained")
image = ax.imshow(rows @ rows.T, cmap="RdBu_r", vmin=-1, vmax=1)
ax.set_xticks(range(len(main)), main, rotation=60, ha="right")
ax.set_yticks(range(len(main)), main)
fig.colorbar(image, label="cosine")
plt.show()
