"""
Pipelines and grid search: inductive and transductive
=====================================================

An embedder is a scikit-learn transformer, so it goes into a ``Pipeline`` and a
``GridSearchCV``. Two protocols answer two questions, and a published figure should
say which one it is.
"""

# %%
# A graph with three communities that are not easy to tell apart
# --------------------------------------------------------------

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from graphrep import FastRP
from graphrep.datasets import make_sbm

data = make_sbm(600, 6_000, n_communities=3, mixing=0.65, random_state=0)
adjacency, y = data.graph.to_scipy(), data.y
folds = StratifiedKFold(5, shuffle=True, random_state=0)

# %%
# Inductive: the graph grows
# --------------------------
# Cross-validation over the adjacency cuts out the graph of the training nodes, fits
# on it, and then embeds the test nodes from their edges to it. Test nodes and the
# edges between them are never seen in ``fit``.

pipeline = make_pipeline(
    FastRP(32, random_state=0), LogisticRegression(C=0.1, max_iter=1000)
)
search = GridSearchCV(
    pipeline,
    {
        "fastrp__beta": [-0.64, 0.0],
        "fastrp__weights": [(1.0,), (1.0, 1.0), (0.0, 0.0, 1.0, 6.67)],
    },
    cv=folds,
)
search.fit(adjacency, y)
print(f"inductive accuracy    {search.best_score_:.3f}", search.best_params_)

# %%
# Transductive: all nodes are known, only labels are hidden
# ---------------------------------------------------------
# Embed once, then cross-validate the classifier. This is what most papers report,
# and it is the easier task.

best = {k.removeprefix("fastrp__"): v for k, v in search.best_params_.items()}
vectors = FastRP(32, random_state=0, **best).fit_transform(adjacency)
scores = cross_val_score(LogisticRegression(C=0.1, max_iter=1000), vectors, y, cv=folds)
print(f"transductive accuracy {scores.mean():.3f}")

# %%
# What ``fit`` and ``transform`` see
# ----------------------------------

import matplotlib.pyplot as plt

train, test = next(folds.split(adjacency, y))
order = np.concatenate([train[np.argsort(y[train])], test[np.argsort(y[test])]])
picture = adjacency[order][:, order].toarray()
cut = len(train)

fig, ax = plt.subplots(figsize=(5.4, 5.4), layout="constrained")
ax.imshow(picture, cmap="Greys", vmax=1.5, interpolation="antialiased")
ax.add_patch(plt.Rectangle((0, 0), cut, cut, fc="#2563a8", alpha=0.25))
ax.add_patch(plt.Rectangle((0, cut), cut, len(test), fc="#c9512c", alpha=0.3))
ax.text(cut / 2, cut / 2, "fit", ha="center", size=22, color="#123a66")
ax.text(cut / 2, cut + len(test) / 2, "transform", ha="center", va="center", size=16)
ax.set(xticks=[cut / 2, cut + len(test) / 2], yticks=[cut / 2, cut + len(test) / 2])
ax.set_xticklabels(["training nodes", "test nodes"])
ax.set_yticklabels(["training nodes", "test nodes"], rotation=90, va="center")
ax.tick_params(length=0)
plt.show()
