"""
Getting hyperedges back from a graph
====================================

Papers have several authors, meetings several guests, reactions several molecules. Such
sets are hyperedges; stored as a graph of pairs they are gone. This example measures how
much is lost and gets back what can be had.
"""

# %%
# When nothing can be read off the graph
# --------------------------------------
# Davis' southern women: 14 social events of 18 women. Nearly everyone met nearly
# everyone, and the graph of who met whom knows nothing else.

from graphrep.datasets import load_davis
from graphrep.hypergraph import projection_loss

print(projection_loss(load_davis().hypergraph))

# %%
# Small teams
# -----------
# Most data are kinder. Here is a made-up institute, whose teams of two to five are
# people near one another, and parts of a team meet again. Of the past all meetings are
# on record; of this year it is only known who met whom, and how often.

import numpy as np

from graphrep import Hypergraph


def meetings(n_people, n_meetings, seed):
    rng = np.random.default_rng(seed)
    held = []
    for _ in range(n_meetings):
        if len(held) > 4 and rng.random() < 0.35:  # a part of a team meets again
            team = held[rng.integers(len(held))]
            held.append(team[: rng.integers(2, len(team) + 1)])
            continue
        first = int(rng.integers(n_people))
        near = (first + rng.permutation(np.arange(1, 7))) % n_people
        held.append([first, *near[: rng.integers(1, 5)].tolist()])
    return Hypergraph(held).simple()


past = meetings(340, 260, seed=0)
sought = meetings(34, 26, seed=1)
graph = sought.project()

loss = projection_loss(sought)
print(loss.verdict)
print(loss.table)

# %%
# Six ways back
# -------------
# Three methods learn nothing: all maximal cliques, a greedy cover of the edges, and the
# cover that takes the fewest bits to describe. Three learn from the past what a meeting
# looks like, and so may find teams inside teams: MARIOH with the weights; SHyRe and
# our own, which could use them, without.

from graphrep.hypergraph import (
    MARIOH,
    BayesianMDL,
    CliqueCover,
    HypergraphReconstructor,
    MaximalCliques,
    SHyRe,
)
from graphrep.metrics import hyperedge_scores

models = [
    MaximalCliques(),
    CliqueCover(random_state=0),
    BayesianMDL(random_state=0),
    SHyRe(min_size=2, random_state=0),
    MARIOH(random_state=0),
    HypergraphReconstructor(weighted=False, min_size=2, random_state=0),
]
found, scores = {}, {}
for model in models:
    name = type(model).__name__
    found[name] = model.fit(past).predict(graph)
    scores[name] = s = hyperedge_scores(sought, found[name], min_size=2)
    print(
        f"{name:24}{s.n_found:3} found, {s.n_common:2} of {s.n_true} right, Jaccard "
        f"{s.jaccard:.2f}, precision {s.precision:.2f}, recall {s.recall:.2f}"
    )

# %%
# How sure is it?
# ---------------
# The weights tell nearly everything here. Without them, our own says with which
# probability each candidate is a meeting, and how well it expects to do.

model = models[-1]
candidates = model.predict_proba(graph)
for at in np.argsort(-candidates.weights)[:30:3]:
    print(f"{candidates.weights[at]:.2f}  {candidates[at]}")
print(f"Expected Jaccard index: {model.expected_scores_['unweighted']:.2f}")

# %%
# A look
# ------
# The same without weights as a picture: blue regions were found and are true, those
# with a broken line are none, dotted ones were missed. Thick lines are meetings of two.

import matplotlib.pyplot as plt

from graphrep.plot import draw_reconstruction

title, answer = "Meetings found without weights", found["HypergraphReconstructor"]
draw_reconstruction(graph, answer, sought, title=title, figure=plt.figure())
plt.show()
