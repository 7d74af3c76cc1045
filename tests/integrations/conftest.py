"""A small terminology and a linker over it."""

from __future__ import annotations

import pytest

from graphrep.graph import Terminology
from graphrep.linking import NGramIndex


@pytest.fixture(scope="session")
def known():
    return Terminology(
        ["D1", "D2", "D3", "S1"],
        ["influenza", "flu", "grippe", "diabetes mellitus", "sugar\tdisease",
         "common cold", "cold", "cold", "feeling cold"],
        [0, 0, 0, 1, 1, 2, 2, 3, 3],
        types=[("disease",), ("disease",), ("disease", "infection"), ("symptom",)],
        definitions=["A viral infection.", None, None, None],
        xrefs=[("MSH:D007251",), (), (), ()],
        title="toy",
    )  # fmt: skip


@pytest.fixture(scope="session")
def linker(known):
    return NGramIndex().fit(known)
