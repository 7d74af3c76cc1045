"""Parts and unions of terminologies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import _terminology_columns as columns
from graphrep.graph import _terminology_tree as tree
from graphrep.graph._ids import shown
from graphrep.graph._node_index import NodeIndex
from graphrep.graph._text_column import TextColumn
from graphrep.typing import AnyArray, IntArray

if TYPE_CHECKING:
    from graphrep.graph._terminology import Terminology


def subset(
    source: Terminology,
    ids: Any,
    types: Any,
    ancestor: Any,
    languages: Any,
    kinds: Any,
    active: bool,
    drop_nameless: bool,
) -> Terminology:
    """Keep some concepts and some names; see `Terminology.subset`."""
    keep = np.ones(source.n_concepts, bool)
    if types is not None:
        keep &= _of_types(source, _texts(types))
    if ancestor is not None:
        many = isinstance(ancestor, (list, np.ndarray, set))
        starts = source.positions(list(ancestor) if many else [ancestor])
        keep &= tree.distances_from(source.children, starts) >= 0
    if active:
        keep &= ~source.retired
    names = _kept_names(source, languages, kinds)
    if drop_nameless:
        named = np.zeros(source.n_concepts, bool)
        named[source.name_concepts[names]] = True
        keep &= named
    if ids is None:
        rows: IntArray = np.flatnonzero(keep)
    else:
        rows = source.positions(ids)
        rows = rows[keep[rows]]
    return _taken(source, rows, names)


def merge(one: Terminology, two: Terminology) -> Terminology:
    """Join two terminologies; see `Terminology.merge`."""
    from graphrep.graph._terminology import Terminology

    known = one.index.find(two.ids)
    fresh = np.flatnonzero(known < 0)
    index = NodeIndex([*one.ids.tolist(), *two.ids[fresh].tolist()])
    place = known.copy()
    place[fresh] = one.n_concepts + np.arange(len(fresh))
    n = len(index)
    relations = {k: list(v) for k, v in one.relations.items()}
    for name, (source, target) in two.relations.items():
        pair = relations.get(name, [np.empty(0, np.int64)] * 2)
        pair = [np.r_[pair[0], place[source]], np.r_[pair[1], place[target]]]
        relations[name] = list(np.unique(np.stack(pair), axis=1))
    pairs = [one.edge_index, place[two.edge_index]]
    status = None
    if one.status is not None or two.status is not None:
        status = np.r_[one.retired, two.retired[fresh]].astype(np.uint8)
    return Terminology(
        index,
        **_merged_names(one, two, place),
        parents=np.concatenate(pairs, axis=1),
        relations=relations,
        types=_merged_tuples(one.types, two.types, place, one.n_concepts, n),
        xrefs=_merged_tuples(one.xrefs, two.xrefs, place, one.n_concepts, n),
        definitions=_merged_definitions(one, two, place, n),
        status=status,
        replaced_by={**two.replaced_by, **one.replaced_by},
        title=one.title or two.title,
        version=one.version if one.title else two.version,
    )


# -- parts -----------------------------------------------------------------------
def _texts(values: Any) -> set[str]:
    return {values} if isinstance(values, str) else set(values)


def _of_types(source: Terminology, wanted: set[str]) -> AnyArray:
    if source.types is None:
        raise GraphValueError(
            "The terminology has no types, so it cannot be cut to "
            f"{', '.join(map(shown, sorted(wanted)))}; leave types= out."
        )
    present = {kind for row in source.types for kind in row}
    _refuse_unknown(wanted, present, "Type")
    return np.array([not wanted.isdisjoint(row) for row in source.types], bool)


def _kept_names(source: Terminology, languages: Any, kinds: Any) -> AnyArray:
    keep = np.ones(source.n_names, bool)
    if languages is not None:
        wanted = _texts(languages)
        _refuse_unknown(wanted, set(source.languages), "Language")
        chosen = np.array([name in wanted for name in source.languages], bool)
        keep &= chosen[source.name_languages]
    if kinds is not None:
        wanted = _texts(kinds)
        _refuse_unknown(wanted, set(source.KINDS), "Kind")
        chosen = np.array([name in wanted for name in source.KINDS], bool)
        keep &= chosen[source.name_kinds]
    return keep


def _refuse_unknown(wanted: set[str], present: set[str], what: str) -> None:
    unknown = sorted(wanted - present)
    if unknown:
        known = ", ".join(map(shown, sorted(present)[:12]))
        raise GraphValueError(
            f"{what} {shown(unknown[0])} stands nowhere in the terminology; there "
            f"{'is' if len(present) == 1 else 'are'} {known}"
            f"{', …' if len(present) > 12 else ''}."
        )


def _taken(source: Terminology, rows: IntArray, names: AnyArray) -> Terminology:
    from graphrep.graph._terminology import Terminology

    place = np.full(source.n_concepts, -1, np.int64)
    place[rows] = np.arange(len(rows))
    kept = np.flatnonzero(names & (place[source.name_concepts] >= 0))
    listed = rows.tolist()
    types, xrefs, texts = source.types, source.xrefs, source.definitions
    return Terminology(
        source.index.take(rows),
        source.name_texts.take(kept),
        place[source.name_concepts[kept]],
        name_kinds=source.name_kinds[kept],
        name_languages=(source.name_languages[kept], source.languages),
        parents=_kept_pairs(source.edge_index, place),
        relations={
            name: _kept_pairs(np.stack(pair), place)
            for name, pair in source.relations.items()
        },
        types=None if types is None else [types[row] for row in listed],
        xrefs=None if xrefs is None else [xrefs[row] for row in listed],
        definitions=None if texts is None else texts.take(rows),
        status=None if source.status is None else source.status[rows],
        replaced_by=source.replaced_by,
        title=source.title,
        version=source.version,
    )


def _kept_pairs(pairs: IntArray, place: IntArray) -> IntArray:
    moved = place[pairs]
    return moved[:, np.all(moved >= 0, axis=0)]


# -- unions ----------------------------------------------------------------------
def _merged_names(
    one: Terminology, two: Terminology, place: IntArray
) -> dict[str, Any]:
    """Names of both; a name that a concept has already is left out."""
    languages = tuple(dict.fromkeys((*one.languages, *two.languages)))
    if len(languages) > np.iinfo(np.int16).max:
        raise GraphTypeError("A terminology cannot have so many languages.")
    codes = {name: code for code, name in enumerate(languages)}
    to_code = np.array([codes[name] for name in two.languages], np.int16)
    concepts, spoken = place[two.name_concepts], to_code[two.name_languages]
    kinds = two.name_kinds.copy()
    seen = set(
        zip(
            one.name_concepts.tolist(), one.name_languages.tolist(), one.name_texts,
            strict=True,
        )
    )  # fmt: skip
    called = one.name_kinds == columns.PREFERRED
    has_preferred = set(
        zip(
            one.name_concepts[called].tolist(), one.name_languages[called].tolist(),
            strict=True,
        )
    )  # fmt: skip
    keep = np.zeros(two.n_names, bool)
    rows = zip(concepts.tolist(), spoken.tolist(), two.name_texts, strict=True)
    for row, key in enumerate(rows):
        if key in seen:
            continue
        keep[row] = True
        seen.add(key)
        if kinds[row] == columns.PREFERRED and key[:2] in has_preferred:
            kinds[row] = columns.EXACT
    texts = two.name_texts.take(np.flatnonzero(keep))
    joined = TextColumn.from_buffer(
        np.r_[one.name_texts.data, texts.data],
        np.r_[one.name_texts.offsets, one.name_texts.offsets[-1] + texts.offsets[1:]],
    )
    return {
        "name_texts": joined,
        "name_concepts": np.r_[one.name_concepts, concepts[keep]],
        "name_kinds": np.r_[one.name_kinds, kinds[keep]],
        "name_languages": (np.r_[one.name_languages, spoken[keep]], languages),
    }


def _merged_tuples(
    one: Any, two: Any, place: IntArray, n_one: int, n: int
) -> list[tuple[str, ...]] | None:
    if one is None and two is None:
        return None
    out: list[tuple[str, ...]] = [*(one or [()] * n_one), *[()] * (n - n_one)]
    if two is not None:
        for row, more in zip(place.tolist(), two, strict=True):
            out[row] = columns.union_in_order(out[row], more)
    return out


def _merged_definitions(
    one: Terminology, two: Terminology, place: IntArray, n: int
) -> list[str | None] | None:
    if one.definitions is None and two.definitions is None:
        return None
    out: list[str | None] = [None] * n
    if one.definitions is not None:
        out[: one.n_concepts] = one.definitions.tolist()
    if two.definitions is not None:
        for row, text in zip(place.tolist(), two.definitions, strict=True):
            if out[row] is None:
                out[row] = text
    return out
