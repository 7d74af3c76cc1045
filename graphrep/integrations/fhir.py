"""FHIR: candidates as a ConceptMap resource and as answers to ``$translate``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.integrations._asking import best_of, looked_up
from graphrep.integrations._sameness import same_concepts
from graphrep.linking import CandidateList
from graphrep.typing import AnyArray

_WORDS = {
    # exact and inexact, by version
    "R4": ("equivalence", "equivalent", "inexact"),
    "R5": ("relationship", "equivalent", "related-to"),
}


def to_concept_map(
    found: CandidateList,
    codes: Sequence[Any] | None = None,
    *,
    source: str | None = None,
    target: str | None = None,
    top: int = 1,
    threshold: float | None = None,
    exact: float = 1.0,
    version: str = "R4",
    url: str | None = None,
) -> dict[str, Any]:
    """Make a ConceptMap resource of candidates, status draft.

    Parameters
    ----------
    found : CandidateList
        Candidates, with a terminology.
    codes : sequence of id or None, default=None
        Codes of what was looked up, one for each query; None takes the mentions.
    source, target : str or None, default=None
        URIs of the systems of the codes and of the concepts.
    top : int, default=1
        Most targets of a code.
    threshold : float or None, default=None
        Least score of a target.
    exact : float, default=1.0
        Score from which on a target is "equivalent". With a score of 0.5 or more it
        is so too if the stage "exact" found it and the code's mention is its id or
        name, see Notes. Others are "inexact" (R4) or "related-to" (R5), since likeness
        of names says no more.
    version : {"R4", "R5"}, default="R4"
        Version of FHIR.
    url : str or None, default=None
        Canonical URL of the map.

    Returns
    -------
    dict
        The resource, ready for ``json.dump``. Scores stand in ``comment`` of each
        target. A code without a target is "unmatched" (R4) or has ``noMap`` (R5).

    Raises
    ------
    GraphValueError
        For another version, and if there are not as many codes as queries.

    Notes
    -----
    `PhraseLinker` without labels gives a name that is the phrase a chance of 0.9,
    divided among the concepts that have it, so that a score of 1 alone would call
    nothing equivalent. Case and blanks do not matter. Only names of kind preferred,
    exact and layperson count, and none that two concepts share.
    """
    word, _, _ = _words(version)
    codes = looked_up(found, codes, "Codes")
    kept = best_of(found, top, threshold)
    same = same_concepts(kept, exact)
    known = found._need_terminology("ids")
    elements = []
    for query, code in enumerate(codes):
        element: dict[str, Any] = {"code": str(code)}
        if found.mentions is not None and found.mentions[query]:
            element["display"] = found.mentions[query]
        targets = [
            {
                "code": str(known.ids[concept]),
                "display": known.preferred_names[concept],
                word: _relation(is_same, version),
                "comment": f"score {score:.4f}",
            }
            for concept, score, is_same in _entries(kept, same, query)
        ]
        if targets:
            element["target"] = targets
        elif version == "R5":
            element["noMap"] = True
        else:
            element["target"] = [{word: "unmatched"}]
        elements.append(element)
    group = _given(source=source, target=target)
    resource = {"resourceType": "ConceptMap", **_given(url=url), "status": "draft"}
    return {**resource, "group": [{**group, "element": elements}]}


def translate(
    found: CandidateList,
    query: int = 0,
    *,
    system: str | None = None,
    top: int = 5,
    threshold: float | None = None,
    exact: float = 1.0,
    version: str = "R4",
    scores: bool = True,
) -> dict[str, Any]:
    """Answer of ``ConceptMap/$translate`` for one query: a Parameters resource.

    Parameters
    ----------
    found : CandidateList
        Candidates, with a terminology.
    query : int, default=0
        Which query.
    system : str or None, default=None
        URI of the system of the concepts.
    top, threshold, exact, version
        See `to_concept_map`.
    scores : bool, default=True
        Whether a match has a part ``score``, which FHIR does not name.

    Returns
    -------
    dict
        ``result``, and a ``match`` with the relation and the concept of each
        candidate; ``message`` where there is none.
    """
    word, _, _ = _words(version)
    known = found._need_terminology("ids")
    kept = best_of(found, top, threshold)[np.array([query])]
    entries = _entries(kept, same_concepts(kept, exact), 0)
    parameters: list[dict[str, Any]] = [
        {"name": "result", "valueBoolean": bool(entries)}
    ]
    if not entries:
        parameters.append({"name": "message", "valueString": "No concept was found."})
    for concept, score, is_same in entries:
        coding = {
            **_given(system=system),
            "code": str(known.ids[concept]),
            "display": known.preferred_names[concept],
        }
        parts: list[dict[str, Any]] = [
            {"name": word, "valueCode": _relation(is_same, version)},
            {"name": "concept", "valueCoding": coding},
        ]
        if scores:
            parts.append({"name": "score", "valueDecimal": round(score, 4)})
        parameters.append({"name": "match", "part": parts})
    return {"resourceType": "Parameters", "parameter": parameters}


def _words(version: str) -> tuple[str, str, str]:
    if version not in _WORDS:
        raise GraphValueError(f"version must be 'R4' or 'R5'; got {version!r}.")
    return _WORDS[version]


def _relation(is_same: bool, version: str) -> str:
    _, same, near = _words(version)
    return same if is_same else near


def _entries(
    found: CandidateList, same: AnyArray, query: int
) -> list[tuple[int, float, bool]]:
    span = slice(*found.offsets[query : query + 2].tolist())
    columns = (found.concepts[span], found.scores[span], same[span])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
