"""Candidates as statements of mapping: for SSSOM, FHIR and CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graphrep.graph._concept_map import ConceptMap
from graphrep.integrations._asking import best_of, looked_up, one_line
from graphrep.integrations._sameness import same_concepts
from graphrep.io import write_mapping
from graphrep.linking import CandidateList
from graphrep.typing import PathType

_LEXICAL = "semapv:LexicalMatching"
_TOOL = "graphrep"


def to_mapping(
    found: CandidateList,
    subjects: Sequence[Any] | None = None,
    *,
    top: int = 1,
    threshold: float | None = None,
    exact: float = 1.0,
    keep_unmapped: bool = True,
    source_title: str | None = None,
    target_title: str | None = None,
) -> ConceptMap:
    """Say of each query to which concepts it is mapped.

    Parameters
    ----------
    found : CandidateList
        Candidates, with a terminology.
    subjects : sequence of id or None, default=None
        Ids of what was looked up, one for each query; None takes the mentions.
    top : int, default=1
        Most targets of each.
    threshold : float or None, default=None
        Least score of a target.
    exact : float, default=1.0
        Score from which on the predicate is ``skos:exactMatch``. With a score of 0.5
        or more it is so too if the stage "exact" found the concept and the mention is
        its id or name; see the notes of `graphrep.integrations.fhir.to_concept_map`.
        It is ``skos:closeMatch`` otherwise.
    keep_unmapped : bool, default=True
        Whether queries without a target get a row that says so.
    source_title, target_title : str or None, default=None
        Systems of the subjects and of the concepts; None takes the title of the
        terminology for these.

    Returns
    -------
    ConceptMap
        Confidence is the score, cut to 0 to 1; flags ``subject_label``,
        ``object_label`` and ``mapping_justification``.

    Raises
    ------
    GraphValueError
        If there are not as many subjects as queries, or neither subjects nor mentions.
    """
    known = found._need_terminology("ids")
    subjects = looked_up(found, subjects, "Subjects")
    kept = best_of(found, top, threshold)
    same = same_concepts(kept, exact)
    rows: list[tuple[Any, Any, str, float, str, str]] = []
    for query, subject in enumerate(subjects):
        text = "" if found.mentions is None else found.mentions[query]
        entries = range(int(kept.offsets[query]), int(kept.offsets[query + 1]))
        for entry in entries:
            concept, score = int(kept.concepts[entry]), float(kept.scores[entry])
            predicate = "skos:exactMatch" if same[entry] else "skos:closeMatch"
            name = known.preferred_names[concept]
            rows.append(
                (
                    subject,
                    known.ids[concept],
                    predicate,
                    score,
                    one_line(text),
                    one_line(name),
                )
            )
        if keep_unmapped and not entries:
            rows.append((subject, "", "skos:closeMatch", np.nan, one_line(text), ""))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 6
    targets = columns[1]
    if "" in targets:
        targets = [t if isinstance(t, str) else str(t) for t in targets]
    return ConceptMap(
        columns[0],
        targets,
        predicates=columns[2],
        confidence=np.clip(np.round(np.array(columns[3], np.float64), 6), 0, 1),
        flags={
            "subject_label": columns[4],
            "object_label": columns[5],
            "mapping_justification": [_LEXICAL] * len(rows),
        },
        source_title=source_title,
        target_title=target_title or known.title,
    )


def write_sssom(
    found: CandidateList,
    path: PathType,
    subjects: Sequence[Any] | None = None,
    *,
    metadata: dict[str, Any] | None = None,
    **options: Any,
) -> None:
    """Write candidates as an SSSOM table; ``options`` are those of `to_mapping`.

    Parameters
    ----------
    found : CandidateList
        Candidates.
    path : path-like
        Where to.
    subjects : sequence of id or None, default=None
        See `to_mapping`.
    metadata : dict or None, default=None
        Lines of the head, such as ``mapping_set_id`` and ``license``.
    **options
        See `to_mapping`.
    """
    mapping = to_mapping(found, subjects, **options)
    head = {"mapping_tool": _TOOL, **(metadata or {})}
    write_mapping(mapping, path, "sssom", metadata=head)
