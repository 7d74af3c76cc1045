"""Which candidates may be called the same as their phrase, and not only close to it."""

from __future__ import annotations

import numpy as np

from graphrep.graph import Terminology
from graphrep.linking import CandidateList
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray

_STAGE = "exact"  # of `PhraseLinker` and `NameDictionary`
_LEAST = 0.5  # which the chances of two concepts with one name do not reach
_SAME = ("preferred", "exact")  # kinds of names; lay words of HPO may be related ones


def same_concepts(found: CandidateList, exact: float) -> AnyArray:
    """Tell which candidates are the same as their phrase: bool (n_candidates,).

    Those with a score of ``exact`` or more, and of those with a score of 0.5 or more
    the ones that the stage "exact" found and whose id or name the phrase is, but for
    case and blanks. Only names of kind preferred and exact count.
    """
    out: AnyArray = found.scores >= np.float32(exact)
    if _STAGE not in found.source_names or found.mentions is None:
        return out
    known = found._need_terminology("names")
    bit = 1 << found.source_names.index(_STAGE)
    asked = ((found.sources & bit) > 0) & (found.scores >= _LEAST) & ~out
    queries = found.queries
    for at in np.flatnonzero(asked).tolist():
        phrase = normal_form(found.mentions[queries[at]])
        out[at] = _is_called(known, int(found.concepts[at]), phrase)
    return out


def _is_called(known: Terminology, concept: int, phrase: str) -> bool:
    if normal_form(str(known.ids[concept])) == phrase:
        return True
    first, end = known.name_offsets[concept : concept + 2].tolist()
    return any(
        known.KINDS[known.name_kinds[row]] in _SAME
        and normal_form(known.name_texts[row]) == phrase
        for row in range(first, end)
    )
