"""Candidate lists in the forms of other libraries, in files and on a page."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphrep._utils._atomic import atomic_path
from graphrep._utils._optional import require
from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.io._npz_texts import join_texts, split_texts
from graphrep.typing import AnyArray, PathType

if TYPE_CHECKING:
    from graphrep.linking._candidate_list import CandidateList

_BACKENDS = ("pandas", "polars")
_SHOWN_QUERIES, _SHOWN_CANDIDATES = 10, 5
_VERSION = 1


class MentionCandidate(NamedTuple):
    """A concept with the names that matched, in the shape of scispaCy's."""

    concept_id: str
    aliases: list[str]
    similarities: list[float]


def names_of_bits(bits: int, source_names: Sequence[str]) -> tuple[str, ...]:
    """Names of the sources whose bit is set."""
    return tuple(name for i, name in enumerate(source_names) if bits >> i & 1)


def with_types(found: CandidateList, types: Any) -> AnyArray:
    """Which entries have one of the types that their query may have."""
    owned = None if found.terminology is None else found.terminology.types
    if owned is None:
        raise GraphTypeError(
            "types can be asked for only with a terminology that has types."
        )
    of_concept = {c: set(owned[c]) for c in np.unique(found.concepts).tolist()}
    if not isinstance(types, (list, tuple)):
        wanted = _as_set(types)
        fine = {c for c, own in of_concept.items() if own & wanted}
        keep: AnyArray = np.isin(found.concepts, np.fromiter(fine, np.int64, len(fine)))
        return keep
    if len(types) != len(found):
        raise GraphValueError(
            f"types must be a set, or a list with one entry for each of "
            f"{len(found):,} queries; got a list of {len(types):,}."
        )
    sets = [None if entry is None else _as_set(entry) for entry in types]
    pairs = zip(found.queries.tolist(), found.concepts.tolist(), strict=True)
    return np.array(
        [sets[q] is None or bool(of_concept[c] & sets[q]) for q, c in pairs], bool
    )


def _as_set(types: Any) -> set[str]:
    return {types} if isinstance(types, str) else set(types)


def records(found: CandidateList) -> list[dict[str, Any]]:
    """One flat record a candidate."""
    ids, names = [c for row in found.ids() for c in row], found.name_texts()
    ranks = (np.arange(found.n_candidates) - found.offsets[found.queries] + 1).tolist()
    labels = [names_of_bits(b, found.source_names) for b in found.sources.tolist()]
    queries, scores = found.queries.tolist(), found.scores.tolist()
    out = []
    for i, query in enumerate(queries):
        row = {"query": query}
        if found.mentions is not None:
            row["mention"] = found.mentions[query]
        row |= {
            "rank": ranks[i], "concept_id": ids[i], "name": names[i],
            "score": scores[i], "sources": "|".join(labels[i]),
        }  # fmt: skip
        out.append(row)
    return out


def frame(found: CandidateList, backend: str) -> Any:
    """Make a table of the records, with its columns even where there are none."""
    if backend not in _BACKENDS:
        raise GraphValueError(f"backend must be 'pandas' or 'polars'; got {backend!r}.")
    library = require(backend, extra=backend, why="Making a table of candidates")
    columns = ["query", "rank", "concept_id", "name", "score", "sources"]
    if found.mentions is not None:
        columns.insert(1, "mention")
    rows = records(found)
    return library.DataFrame({name: [row[name] for row in rows] for name in columns})


def bigbio(
    found: CandidateList, entities: Sequence[Any], db_name: str
) -> list[dict[str, Any]]:
    """Entities with their candidates under ``normalized``."""
    if len(entities) != len(found):
        raise GraphValueError(
            f"There are {len(entities):,} entities for {len(found):,} queries."
        )
    out = []
    for entity, row in zip(entities, found, strict=True):
        links = [
            {
                "db_id": str(one.concept_id), "db_name": db_name, "score": one.score,
                "predicted_by": list(one.sources),
            }
            for one in row
        ]  # fmt: skip
        out.append({**entity, "normalized": links})
    return out


def scispacy(found: CandidateList) -> list[list[MentionCandidate]]:
    """Give what scispaCy's candidate generator returns."""
    found._need_terminology("names")
    return [
        [MentionCandidate(str(c.concept_id), [c.name or ""], [c.score]) for c in row]
        for row in found
    ]


def clinlinker(
    found: CandidateList,
) -> tuple[list[list[str | None]], list[list[str]], list[list[float]]]:
    """Give what ClinLinker's encoders return."""
    found._need_terminology("names")
    rows = list(found)
    return (
        [[c.name for c in row] for row in rows],
        [[str(c.concept_id) for c in row] for row in rows],
        [[c.score for c in row] for row in rows],
    )


def html_table(found: CandidateList) -> str:
    """Show the first queries with their first candidates as a table."""
    cells = []
    for q in range(min(len(found), _SHOWN_QUERIES)):
        label = f"#{q}" if found.mentions is None else found.mentions[q]
        shown = [
            f"{escape(str(c.name or ''))} <code>{escape(str(c.concept_id))}</code> "
            f"{c.score:.3f}"
            for c in found[q][:_SHOWN_CANDIDATES]
        ]
        cells.append(
            f"<tr><th>{escape(label)}</th>"
            f"<td>{'<br>'.join(shown) or 'no candidate'}</td></tr>"
        )
    more = len(found) - len(cells)
    foot = f"<p>and {more:,} more queries</p>" if more > 0 else ""
    return (
        f"<p>{escape(repr(found))}</p><table><tr><th>query</th><th>candidates</th></tr>"
        f"{''.join(cells)}</table>{foot}"
    )


# -- files -----------------------------------------------------------------------
def save(found: CandidateList, path: PathType) -> None:
    """Write the columns, the texts and the ids of the listed concepts."""
    arrays: dict[str, AnyArray] = {
        "candidate_list": np.array(_VERSION), "offsets": found.offsets,
        "concepts": found.concepts, "scores": found.scores, "names": found.names,
        "sources": found.sources,
    }  # fmt: skip
    texts: dict[str, Sequence[str]] = {"source_names": found.source_names}
    if found.mentions is not None:
        texts["mentions"] = found.mentions
    if found.terminology is not None:
        texts["ids"] = _id_texts(found.concepts, found.terminology)
    for name, values in texts.items():
        arrays[f"{name}_utf8"], arrays[f"{name}_ends"] = join_texts(values)
    with atomic_path(path) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(cls: type[CandidateList], path: PathType, terminology: Any) -> CandidateList:
    """Read what `save` wrote."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise GraphFormatError(f"This is no .npz file: {error}.", path=path) from None
    wanted = ("candidate_list", "offsets", "concepts", "scores", "names", "sources")
    lacking = [name for name in wanted if name not in arrays]
    if (
        lacking
        or arrays["candidate_list"].shape
        or arrays["candidate_list"] != _VERSION
    ):
        raise GraphFormatError(
            "This is no candidate list that CandidateList.save of this version wrote.",
            path=path,
        )

    def texts(name: str) -> list[str] | None:
        parts = [arrays.get(f"{name}_{part}") for part in ("utf8", "ends")]
        if parts[0] is None or parts[1] is None:
            return None
        return list(split_texts(parts[0], parts[1], path, name))

    ids = texts("ids")
    if terminology is not None and ids is not None:
        _check_ids(arrays["concepts"], terminology, ids)
    return cls(
        arrays["offsets"], arrays["concepts"], arrays["scores"], terminology,
        names=arrays["names"], sources=arrays["sources"],
        source_names=texts("source_names") or (), mentions=texts("mentions"),
    )  # fmt: skip


def _id_texts(concepts: AnyArray, terminology: Any) -> list[str]:
    ids = terminology.ids
    return [str(ids[c]) for c in np.unique(concepts).tolist()]


def _check_ids(concepts: AnyArray, terminology: Any, ids: list[str]) -> None:
    beyond = concepts.max(initial=-1) >= len(terminology.ids)
    if beyond or _id_texts(concepts, terminology) != ids:
        raise GraphValueError(
            "The candidates were found in another terminology: ids differ at their "
            "positions. Load them with the one that was searched."
        )
