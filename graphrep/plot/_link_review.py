"""The review sheet of a linker: phrases with their candidates, for people to choose."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._atomic import atomic_path
from graphrep._utils._numbers import positive_int
from graphrep._version import __version__
from graphrep.exceptions import GraphValueError
from graphrep.metrics import read_gold
from graphrep.metrics._gold_ids import terminology_of_gold
from graphrep.plot._page import page
from graphrep.plot._report_html import section, text
from graphrep.typing import PathType

if TYPE_CHECKING:
    from graphrep.linking import CandidateList
    from graphrep.metrics import Gold

_MOST, _PAGE = 20_000, 25  # phrases in a sheet, and on the screen at once
_NEAR = 0.1  # scores this close leave a choice uncertain
_LONGEST, _AROUND = 400, 260  # letters of a definition, of a context
_LARGE = 1e9  # stands for an infinite score
_HIGHEST = 40  # steps up to a root
_NIL, _UNSURE, _WRONG, _RIGHT = 1, 2, 4, 8


def link_review(
    candidates: CandidateList, path: PathType | None = None, *, gold: Any = None,
    threshold: float | None = None, k: int = 10, title: str | None = None,
    ids: Sequence[Any] | None = None, contexts: Sequence[str | None] | None = None,
    gold_kind: str = "positions",
) -> str:  # fmt: skip
    """Make a page on which a person goes through phrases and chooses their concepts.

    Each phrase stands with its candidates: names, ids, the synonym that matched with
    the words it shares, scores, stages that found them, types, definitions and the way
    up to the root. Phrases can be filtered, everything can be done from the keyboard,
    and the decisions are downloaded as CSV, which the browser makes itself.

    Parameters
    ----------
    candidates : CandidateList
        With a terminology and mentions.
    path : path-like or None, default=None
        Where to write the page, too; usually ends in ``.html``.
    gold : array-like of int, or sequence of (int or sequence of int), or None, \
default=None
        Positions of the right concepts, none (or -1) for NIL, or ids with
        ``gold_kind="ids"``; see `graphrep.metrics.read_gold`. With it phrases are
        marked right or wrong.
    threshold : float or None, default=None
        Least score of a link; a phrase without one is NIL. None links whatever has a
        candidate.
    k : int, default=10
        Most candidates of each phrase.
    title : str or None, default=None
        Heading of the page.
    ids : sequence or None, default=None
        Ids of the phrases, to be shown and written with the decisions.
    contexts : sequence of (str or None), or None, default=None
        Texts in which the phrases stand, shown around them.
    gold_kind : {"positions", "ids"}, default="positions"
        What gold holds; ids are those of the candidates' terminology, and one that
        was replaced stands for its successors.

    Returns
    -------
    str
        The page, which holds everything it needs.

    Raises
    ------
    GraphTypeError
        If the candidates have no terminology, and if gold holds ids where positions
        are asked for.
    NodeNotFoundError
        For an id that is no concept and was not replaced by one.
    GraphValueError
        If they have no mentions, or ids, contexts or gold are of another number.

    Notes
    -----
    A phrase is uncertain if its first two scores, or the first and the threshold, are
    less than 0.1 apart. Concepts with several parents show the way by the first one.

    25 phrases are on the screen at once and 20,000 in a sheet; of more the first ones
    are taken, and the page says so. A phrase with ten candidates takes about 1 kB.
    Decisions are kept in the browser until it forgets them; nothing is sent anywhere.
    The page shows the phrases; mind where you put it.
    """
    terminology = candidates._need_terminology("names")
    n = len(candidates)
    if candidates.mentions is None:
        raise GraphValueError(
            "The candidates have no mentions, so there is no phrase to show; pass "
            "mentions= where the list is made."
        )
    for name, given in (("ids", ids), ("contexts", contexts)):
        if given is not None and len(given) != n:
            raise GraphValueError(
                f"{name} must have one entry for each of {n:,} phrases; got "
                f"{len(given):,}."
            )
    known = terminology_of_gold(candidates, gold_kind)
    right = None if gold is None else read_gold(gold, n, terminology=known)
    if right is not None and right.concepts.max(initial=-1) >= terminology.n_concepts:
        raise GraphValueError(
            f"gold holds {right.concepts.max():,}, but the terminology has "
            f"{terminology.n_concepts:,} concepts; gold holds their positions."
        )
    found = candidates.top(positive_int(k, "k"))
    least = None if threshold is None else float(threshold)
    if least is not None and not np.isfinite(least):
        raise GraphValueError(f"threshold must be a finite number; got {threshold!r}.")
    flags = _flags(found, right, least)
    data = _data(found[: min(n, _MOST)], terminology, right, flags, ids, contexts)
    data["threshold"] = least
    template = files("graphrep.plot").joinpath("_link_review.html").read_text("utf-8")
    record = json.dumps(
        data, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    body = template.replace("{{data}}", record.replace("<", "\\u003c"))
    written = page(
        title or "Review of links",
        _headline(flags, right is not None, least, terminology),
        section("review", "Phrases", _lead(n), body),
        created=datetime.now(UTC).isoformat(),
        version=__version__,
    )
    if path is not None:
        with atomic_path(path) as part:
            part.write_text(written, encoding="utf-8")
    return written


def _flags(found: CandidateList, gold: Gold | None, least: float | None) -> list[int]:
    """Bits of each phrase: NIL, uncertain, wrong, right."""
    scores, concepts = found.scores.tolist(), found.concepts.tolist()
    offsets, out = found.offsets.tolist(), []
    for query in range(len(found)):
        first, end = offsets[query], offsets[query + 1]
        top = scores[first] if end > first else None
        nil = top is None or (least is not None and top < least)
        flag = _NIL if nil else 0
        rivals = ([] if least is None else [least]) + scores[first + 1 : end][:1]
        if top is not None and any(abs(top - rival) < _NEAR for rival in rivals):
            flag |= _UNSURE
        if gold is not None:
            own = gold.concepts[gold.offsets[query] : gold.offsets[query + 1]].tolist()
            fine = not own if nil else concepts[first] in own
            flag |= _RIGHT if fine else _WRONG
        out.append(flag)
    return out


def _data(
    found: CandidateList, terminology: Any, gold: Gold | None, flags: list[int],
    ids: Sequence[Any] | None, contexts: Sequence[str | None] | None,
) -> dict[str, Any]:  # fmt: skip
    """Collect what the page is drawn from."""
    table = _Concepts(terminology)
    names, offsets = found.names.tolist(), found.offsets.tolist()
    rows = np.unique(found.names[found.names >= 0])
    texts = dict(zip(rows.tolist(), terminology.name_texts.take(rows), strict=True))
    concepts, bits = found.concepts.tolist(), found.sources.tolist()
    finite = np.nan_to_num(found.scores, posinf=_LARGE, neginf=-_LARGE)
    scores = [round(score, 4) for score in finite.tolist()]
    phrases = []
    for query, phrase in enumerate(found.mentions or ()):
        listed = []
        for at in range(offsets[query], offsets[query + 1]):
            name = texts.get(names[at], 0)
            if name == table.names[concepts[at]]:
                name = 0
            listed.append([table.add(concepts[at]), scores[at], name, bits[at]])
        right = None
        if gold is not None:
            own = gold.concepts[gold.offsets[query] : gold.offsets[query + 1]]
            right = [table.add(concept) for concept in own.tolist()]
        context = None if contexts is None else contexts[query]
        phrases.append(
            [
                phrase, listed, right, flags[query],
                None if ids is None else str(ids[query]),
                None if not context else _around(phrase, context),
            ]
        )  # fmt: skip
    data = {
        "phrases": phrases, "concepts": table.rows, "sources": found.source_names,
        "gold": gold is not None, "page": _PAGE, "most": max([1.0, *scores]),
    }  # fmt: skip
    seen = json.dumps([phrases, table.rows], ensure_ascii=False)
    return data | {"key": hashlib.sha256(seen.encode()).hexdigest()[:16]}


class _Concepts:
    """The concepts of a sheet, each once, with those above them."""

    def __init__(self, terminology: Any) -> None:
        self.terminology = terminology
        self.names = terminology.preferred_names
        self.rows: list[list[Any]] = []
        self._places: dict[int, int] = {}

    def add(self, concept: int) -> int:
        """Row of a concept with all that is told of it; added if it is new."""
        known, place = self.terminology, self._place(concept, 0)
        if known.types is not None:
            self.rows[place][4] = list(known.types[concept])
        if known.definitions is not None and known.definitions[concept]:
            self.rows[place][5] = _cut(known.definitions[concept])
        return place

    def _place(self, concept: int, height: int) -> int:
        """Row of a concept: id, name, parent's row, number of other parents."""
        place = self._places.get(concept)
        if place is not None:
            return place
        place = self._places[concept] = len(self.rows)
        links, known = self.terminology.parents, str(self.terminology.ids[concept])
        above = links.indices[links.indptr[concept] : links.indptr[concept + 1]]
        others = max(0, len(above) - 1)
        self.rows.append([known, self.names[concept] or known, -1, others, [], None])
        if len(above) and height < _HIGHEST:
            self.rows[place][2] = self._place(int(above[0]), height + 1)
        return place


def _cut(long: str, most: int = _LONGEST) -> str:
    line = " ".join(long.split())
    return line if len(line) <= most else line[: most - 2].rstrip() + " …"


def _around(phrase: str, context: str) -> str:
    """Part of a text around a phrase."""
    line = " ".join(context.split())
    room = max(0, _AROUND - len(phrase)) // 2
    first = max(0, line.find(phrase) - room) if len(line) > _AROUND else 0
    first = line.find(" ", first) + 1 if first else 0
    return ("… " if first else "") + _cut(line[first:], max(_AROUND, len(phrase)))


def _lead(n: int) -> str:
    lead = (
        "Choose the concept of each phrase, or none. Words that a name shares with "
        "the phrase are marked. Decisions stay in this browser until you download "
        "them; nothing is sent anywhere."
    )
    if n > _MOST:
        lead += (
            f" <b>This sheet holds the first {_MOST:,} of {n:,} phrases</b>; make "
            "further ones of the rest."
        )
    return lead


def _headline(
    flags: list[int], has_gold: bool, least: float | None, terminology: Any
) -> str:
    n = len(flags)
    nil = sum(flag & _NIL > 0 for flag in flags)
    unsure = sum(flag & _UNSURE > 0 for flag in flags)
    name = f" of {text(terminology.title)}" if terminology.title else ""
    below = "" if least is None else f" or only candidates below {least:g}"
    lines = [
        f"<b>{n - nil:,} of {n:,} phrases</b> have a link to one of the "
        f"{terminology.n_concepts:,} concepts{name}; {nil:,} have no candidate{below} "
        "(NIL).",
        f"<b>{unsure:,}</b> are uncertain: their best scores are less than {_NEAR} "
        f"apart{'' if least is None else ', or that near the threshold'}.",
    ]
    if has_gold:
        right = sum(flag & _RIGHT > 0 for flag in flags)
        share = f" ({right / n:.1%})" if n else ""
        lines.append(f"<b>{right:,}</b> agree with the gold standard{share}.")
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f'<ul class="verdict">{items}</ul>'


__all__ = ["link_review"]
