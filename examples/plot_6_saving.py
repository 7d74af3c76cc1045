"""
Saving, loading, and handing vectors on
=======================================

A fitted model is saved as JSON and safetensors: loading runs no code. Vectors go to
the formats that other tools read.
"""

# %%
# A model, saved and loaded
# -------------------------

import tempfile
from pathlib import Path

import numpy as np

import graphrep
from graphrep import FastRP
from graphrep.datasets import load_les_miserables

folder = Path(tempfile.mkdtemp())
graph = load_les_miserables().graph
model = FastRP(32, random_state=0).fit(graph)
model.save(folder / "characters")
print(sorted(path.name for path in (folder / "characters").iterdir()))

loaded = graphrep.load(folder / "characters")
print("identical:", np.array_equal(loaded.embedding_, model.embedding_))

# %%
# word2vec text, as gensim and many others read it
# ------------------------------------------------
# Blanks part the columns of this format, so ids with blanks get a stand-in, and the
# ids as they were go into a file beside it.

from graphrep.io import read_vectors, write_vectors

write_vectors(model.vectors_, folder / "characters.w2v")
print((folder / "characters.w2v").read_text().splitlines()[0])
print((folder / "characters.w2v").read_text().splitlines()[1][:60])

# %%
# The same vectors as a table, a numpy archive and safetensors
# ------------------------------------------------------------

for name in ("characters.csv", "characters.npz", "characters.safetensors"):
    write_vectors(model.vectors_, folder / name)
    back = read_vectors(folder / name)
    same = np.allclose(back.matrix, model.embedding_)
    print(f"{name:24} {(folder / name).stat().st_size:7,} bytes, read back: {same}")

# %%
# How much room the formats need
# ------------------------------

import matplotlib.pyplot as plt

files = sorted(path for path in folder.iterdir() if path.is_file())
sizes = [path.stat().st_size / 1024 for path in files]
fig, ax = plt.subplots(figsize=(6.5, 2.6), layout="constrained")
ax.barh([path.name for path in files], sizes, color="#2563a8")
ax.set_xlabel(f"KiB for {model.embedding_.shape[0]} vectors of 32 components")
plt.show()
