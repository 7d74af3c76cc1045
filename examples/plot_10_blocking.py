"""
Choosing the records to compare
===============================

A shop and a catalogue list the same products, written by different people. Comparing
all of one list with all of the other is slow and mostly pointless. This example chooses
the pairs that are worth it, and looks at what the choice misses.
"""

# %%
# Two lists
# ---------
# Made-up products; the catalogue's copies have misspellings, missing words and empty
# fields. Which records are the same product is known here, so the choice can be judged.

from graphrep.blocking import as_records
from graphrep.datasets import make_records

data = make_records(600, errors=7, random_state=0)
shop, catalogue = as_records(data.left), as_records(data.right)
print(shop, catalogue, f"{len(data.matches)} products in both", sep="\n")

# %%
# One pair for each record
# ------------------------
# The blocker learns from the records themselves what in a product tells it from others.
# A budget of 1.0 is as many pairs as the smaller list has records.

from graphrep.blocking import NLSHBlocker, blocking_report

pairs = NLSHBlocker(budget=1.0, random_state=0).fit_candidate_pairs(shop, catalogue)
report = blocking_report(pairs, shop, catalogue, data.matches)
print(report)

# %%
# What is missed
# --------------
# The missed matches side by side, the most alike first.

for example in report.missed[:3]:
    for column, left, right in example.fields:
        print(f"{column:12} {left:45} {right}")
    print()

# %%
# How many pairs are enough?
# --------------------------
# Every method ranks its pairs, so one run tells recall for all budgets. Ten times as
# many pairs as records find nearly everything; how soon a curve rises is what differs.

import matplotlib.pyplot as plt

from graphrep.blocking import (
    KeyBlocker,
    MinHashBlocker,
    SortedNeighbourhoodBlocker,
    TfidfBlocker,
)
from graphrep.plot import draw_recall_curve

methods = {
    "NLSH": NLSHBlocker(budget=10.0, random_state=0),
    "TF-IDF": TfidfBlocker(budget=10.0),
    "MinHash": MinHashBlocker(budget=10.0),
    "common words": KeyBlocker("tokens", budget=10.0),
    "sorted by name": SortedNeighbourhoodBlocker("name", budget=10.0),
}
curves = {}
for name, blocker in methods.items():
    found = blocker.fit_candidate_pairs(shop, catalogue)
    curves[name] = blocking_report(found, shop, catalogue, data.matches).curve
    print(f"{name:15} {len(found):6,} pairs, mean recall {curves[name].area():.3f}")

draw_recall_curve(curves, title="Recall by method", figure=plt.figure(figsize=(9, 5)))
plt.show()
