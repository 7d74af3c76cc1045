"""Small containers that several tests look at."""

import pytest

from graphrep.graph import Terminology


@pytest.fixture
def small():
    return Terminology(
        ["D", "F", "C", "X"],
        ["flu", "disease", "influenza", "Grippe", "cold", "flu"],
        [1, 0, 1, 1, 2, 2],
        name_kinds=[
            "exact",
            "preferred",
            "preferred",
            "preferred",
            "preferred",
            "exact",
        ],
        name_languages=["en", "en", "en", "de", "en", "en"],
        parents=([1, 2, 1, 1], [0, 0, 0, 1]),
        relations={"follows": ([1], [2])},
        types=["T1", ["T1", "T2"], (), None],
        definitions=["ill", None, "a cold", None],
        status=["active", "active", "active", "retired"],
        xrefs=[(), ["ICD:J10"], (), ()],
        replaced_by={"X": "F", "old": ["X", "C"]},
        title="t",
        version="1",
    )
