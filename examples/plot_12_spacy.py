"""
Entities of a spaCy pipeline linked to ICD-10-CM
================================================

A pipeline of spaCy finds mentions; ``graphrep_linker`` gives each the codes that it may
mean. Nothing is downloaded: the pipeline is blank and finds its mentions by patterns,
and ICD-10-CM comes with ``simple-icd-10-cm``
(``pip install "graphrep[spacy,medical]"``).
"""

# %%
import matplotlib.pyplot as plt
import spacy

from graphrep import FastRP
from graphrep.datasets import load_icd10cm_terminology
from graphrep.integrations.spacy import to_spacy_kb
from graphrep.linking import NGramIndex

icd = load_icd10cm_terminology()
linker = NGramIndex().fit(icd)
print(icd)

# %%
# The pipeline
# ------------
# Any component that sets ``doc.ents`` will do for finding mentions. A saved linker can
# be named in the config instead, ``config={"path": ...}``, and ``nlp.to_disk`` keeps it
# with the pipeline.

nlp = spacy.blank("en")
ruler = nlp.add_pipe("entity_ruler")
mentions = [
    "type 2 diabetes with kidney complications", "iron deficiency anemia",
    "essential hypertension", "acute myocardal infarction", "tension headache",
]  # fmt: skip
ruler.add_patterns([{"label": "DISEASE", "pattern": text} for text in mentions])
component = nlp.add_pipe("graphrep_linker", config={"k": 10, "threshold": 0.4})
component.set_linker(linker)

# %%
# The second but last mention is misspelt. ``kb_id_`` is the best code, and
# ``span._.kb_ents`` holds the others with their scores.

notes = [
    "Known type 2 diabetes with kidney complications, now iron deficiency anemia.",
    "Essential hypertension denied; essential hypertension in the family.",
    "Admitted for acute myocardal infarction after days of tension headache.",
]
found = {}
for doc in nlp.pipe(notes):
    for span in doc.ents:
        found[span.text] = span._.kb_ents
        name = icd.names(span.kb_id_)[0]
        print(f"{span.text:45} {span.kb_id_:8} {name}")

# %%
# How sure
# --------
# The distance from the first candidate to the next is worth a look: where it is small,
# context or a person should decide.

fig, ax = plt.subplots(figsize=(7, 3.2), constrained_layout=True)
for row, candidates in enumerate(found.values()):
    scores = [score for _, score in candidates]
    ax.plot(scores, [row] * len(scores), "o", color="0.7")
    ax.plot(scores[0], row, "o", color="C0")
    ax.annotate(
        candidates[0][0], (scores[0], row), xytext=(0, 7), ha="center",
        textcoords="offset points", fontsize=8,
    )  # fmt: skip
ax.set(yticks=range(len(found)), yticklabels=found, xlabel="similarity")
ax.margins(y=0.2)
plt.show()

# %%
# A knowledge base for spaCy's own linker
# ---------------------------------------
# spaCy's trainable ``entity_linker`` reads a knowledge base: names, and a vector for
# each concept. Vectors of the nodes of the hierarchy go there.

part = icd.subset(ancestor="CH04")
model = FastRP.from_preset("taxonomy", n_components=64, random_state=0)
vectors = model.fit(part.to_graph(directed=False)).vectors_
kb = to_spacy_kb(nlp.vocab, part, vectors)
print(kb.get_size_entities(), "concepts,", kb.get_size_aliases(), "names")
