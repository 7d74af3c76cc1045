"""Which candidates may be called the same as their phrase, and not only close to it."""

from __future__ import annotations

import numpy as np

from graphrep.graph import Terminology
from graphrep.linking import CandidateList
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray

_STAGE = "exact"  # of `PhraseLinker` and `NameDictionary`
_LEAST = 0.5  # which the chances of two concepts with one name do not reach
_SAME = ("preferred", "exact", "layperson")  # kinds of names that mean the concept


def same_concepts(found: CandidateList, exact: float) -> AnyArray:
    """Tell which candidates are the same as their phrase: bool (n_candidates,).

    Those with a score of ``exact`` or more, and of those with a score of 0.5 or more
    the ones that the stage "exact" found and whose id or name the phrase is, but for
    case and blanks. Only names of kind preferred, exact and layperson count. Where no
    other stage had a say, as in `NameDictionary`, the score is of the name alone, so
    that a name of another kind is not the same whatever its score.
    """
    out: AnyArray = found.scores >= np.float32(exact)
    if _STAGE not in found.source_names or found.mentions is None:
        return out
    known = found._need_terminology("names")
    bit = 1 << found.source_names.index(_STAGE)
    asked = ((found.sources & bit) > 0) & (found.scores >= _LEAST) & ~out
    if found.source_names == (_STAGE,):
        by_name = out & (found.names >= 0)
        kinds = np.isin(known.name_kinds, [known.KINDS.index(kind) for kind in _SAME])
        asked |= by_name & ~kinds[np.where(by_name, found.names, 0)]
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
