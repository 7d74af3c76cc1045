"""TerminologyBuilder: what a reader of terminologies collects, in flat arrays."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology, TextColumn
from graphrep.typing import IntArray, PathType

KIND_CODES = {name: code for code, name in enumerate(Terminology.KINDS)}
# What sources call their names, in lower case, and the kind that it is.
KIND_WORDS = {
    **KIND_CODES,
    "name": KIND_CODES["preferred"],
    "label": KIND_CODES["preferred"],
    "syn": KIND_CODES["exact"],
    "synonym": KIND_CODES["exact"],
    "alias": KIND_CODES["exact"],
    "acronym": KIND_CODES["abbreviation"],
    "layman": KIND_CODES["layperson"],
    "inclusion_term": KIND_CODES["inclusion"],
    "includes": KIND_CODES["other"],
    "former_name": KIND_CODES["former"],
}
_COMPACTED_PAIRS = 1 << 22
_SHOWN = 3


class TerminologyBuilder:
    """Collects concepts, names and links in any order, and makes the terminology.

    A concept takes a slot when its id is first met; slots that no record declares
    (parents outside the file) are left out in the end, and counted. Names go into
    one buffer, so memory is that of the terminology, not of Python objects.

    Parameters
    ----------
    path : path-like
        For messages.
    retired : bool, default=False
        Whether retired concepts are kept.
    """

    def __init__(self, path: PathType, *, retired: bool = False) -> None:
        self.path = path
        self.title: str | None = None
        self.version: str | None = None
        self.replaced_by: dict[Any, Any] = {}
        self.n_left_out: dict[str, int] = {}
        self._retired = retired
        self._slots: dict[Hashable, int] = {}
        self._order = array("q")  # slots in order of declaration
        self._declared = bytearray()
        self._status = bytearray()
        self._named = bytearray()
        self._texts, self._ends = bytearray(), array("q", [0])
        self._concepts, self._kinds = array("q"), bytearray()
        self._spoken = array("h")
        self._languages: dict[str, int] = {}
        self._pairs = array("q")
        self._packed: list[IntArray] = []
        self._relations: dict[str, array[int]] = {}
        self._types: dict[int, tuple[str, ...]] = {}
        self._xrefs: dict[int, list[str]] = {}
        self._definitions: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, concept: Hashable) -> bool:
        slot = self._slots.get(concept, -1)
        return slot >= 0 and bool(self._declared[slot])

    # -- taking in ---------------------------------------------------------------
    def add(self, concept: Hashable, *, retired: bool = False) -> int:
        """Declare a concept, or find the one that is there; gives its slot."""
        slot = self._slot(concept)
        if not self._declared[slot]:
            self._declared[slot] = 1
            self._order.append(slot)
        if retired:
            self._status[slot] = 1
        return slot

    def name(
        self, slot: int, text: str, kind: str = "exact", language: str = ""
    ) -> None:
        """Add a name; blanks at its ends are cut and an empty one is left out."""
        text = text.strip()
        if not text:
            return
        self._texts += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._texts))
        self._concepts.append(slot)
        self._named[slot] = 1
        self._kinds.append(KIND_CODES[kind])
        self._spoken.append(self._languages.setdefault(language, len(self._languages)))

    def is_named(self, slot: int) -> bool:
        """Whether a concept has a name so far."""
        return bool(self._named[slot])

    def known_names(self) -> set[tuple[int, str]]:
        """Slot and text of every name so far."""
        texts, ends = self._texts, self._ends
        return {
            (slot, texts[ends[row] : ends[row + 1]].decode("utf-8", "surrogatepass"))
            for row, slot in enumerate(self._concepts)
        }

    def parent(self, child: Hashable, parent: Hashable) -> None:
        """Link a concept to a parent that may come later, or never."""
        self._pairs.append(self._slot(child))
        self._pairs.append(self._slot(parent))
        if len(self._pairs) >= 2 * _COMPACTED_PAIRS:
            self._pack()

    def relate(self, source: Hashable, relation: str, target: Hashable) -> None:
        """Add another relation."""
        pairs = self._relations.setdefault(relation, array("q"))
        pairs.append(self._slot(source))
        pairs.append(self._slot(target))

    def types(self, slot: int, types: Iterable[str]) -> None:
        """Add semantic types to a concept."""
        before = self._types.get(slot, ())
        self._types[slot] = tuple(dict.fromkeys((*before, *filter(None, types))))

    def xref(self, slot: int, reference: str) -> None:
        """Add an id of another terminology."""
        if reference:
            self._xrefs.setdefault(slot, []).append(reference)

    def define(self, slot: int, text: str) -> None:
        """Set the definition, unless there is one."""
        if text.strip():
            encoded = text.strip().encode("utf-8", "surrogatepass")
            self._definitions.setdefault(slot, encoded)

    def replace(self, old: Hashable, new: Hashable) -> None:
        """Say which id an old one stands for now."""
        known = self.replaced_by.get(old, ())
        if new != old and new not in known:
            self.replaced_by[old] = (*known, new)

    def leave_out(self, what: str, count: int = 1) -> None:
        """Count records that are left out and reported in one warning."""
        self.n_left_out[what] = self.n_left_out.get(what, 0) + count

    # -- giving ------------------------------------------------------------------
    def build(self) -> Terminology:
        """Make the terminology, and warn of what was left out.

        Raises
        ------
        GraphFormatError
            If no concept is left.
        """
        order = np.frombuffer(self._order, np.int64)
        status = np.frombuffer(self._status, np.uint8)
        if not self._retired:
            order = order[status[order] == 0]
        if not len(order):
            raise GraphFormatError(
                "No concept was found; is this the right format, and do the options "
                "leave any?",
                path=self.path,
            )
        place = np.full(len(self._slots), -1, np.int64)
        place[order] = np.arange(len(order))
        self._pack()
        links = self._linked(np.concatenate(self._packed, axis=1), place)
        terminology = Terminology(
            self._kept_ids(order),
            parents=links,
            relations={
                name: _moved(_columns(pairs), place)
                for name, pairs in self._relations.items()
            },
            types=self._listed(self._types, order),
            xrefs=self._listed(self._xrefs, order),
            definitions=self._defined(order),
            status=status[order] if self._retired and status.any() else None,
            replaced_by=self.replaced_by,
            title=self.title,
            version=self.version,
            **self._names(place),
        )
        self._warn()
        return terminology

    # -- private -----------------------------------------------------------------
    def _slot(self, concept: Hashable) -> int:
        slot = self._slots.setdefault(concept, len(self._slots))
        if slot == len(self._declared):
            self._declared.append(0)
            self._status.append(0)
            self._named.append(0)
        return slot

    def _pack(self) -> None:
        """Drop repeats among the links so far."""
        pairs = _columns(self._pairs)
        if self._packed:
            pairs = np.concatenate([*self._packed, pairs], axis=1)
        if pairs.shape[1]:
            key = np.unique(pairs[0] << 32 | pairs[1])
            pairs = np.stack([key >> 32, key & 0xFFFFFFFF])
        self._packed = [pairs]
        self._pairs = array("q")

    def _linked(self, pairs: IntArray, place: IntArray) -> IntArray:
        declared = np.frombuffer(self._declared, np.uint8)
        child, parent = pairs
        outside = declared[child].astype(bool) & (declared[parent] == 0)
        if count := int(outside.sum()):
            self.leave_out("links to parents that the source does not define", count)
        own = int(np.sum(child == parent))
        if own:
            self.leave_out("links of a concept to itself", own)
        return _moved(pairs, place)

    def _kept_ids(self, order: IntArray) -> list[Hashable]:
        ids = list(self._slots)
        return [ids[slot] for slot in order.tolist()]

    def _names(self, place: IntArray) -> dict[str, Any]:
        concepts = place[np.frombuffer(self._concepts, np.int64)]
        texts = TextColumn.from_buffer(
            np.frombuffer(self._texts, np.uint8), np.frombuffer(self._ends, np.int64)
        )
        kinds = np.frombuffer(self._kinds, np.uint8)
        spoken = np.frombuffer(self._spoken, np.int16)
        keep = np.flatnonzero(concepts >= 0)
        if len(keep) < len(concepts):
            texts, concepts = texts.take(keep), concepts[keep]
            kinds, spoken = kinds[keep], spoken[keep]
        return {
            "name_texts": texts,
            "name_concepts": concepts,
            "name_kinds": kinds,
            "name_languages": (spoken, tuple(self._languages) or ("",)),
        }

    def _listed(self, found: dict[int, Any], order: IntArray) -> list[Any] | None:
        if not found:
            return None
        return [tuple(found.get(slot, ())) for slot in order.tolist()]

    def _defined(self, order: IntArray) -> TextColumn | None:
        if not self._definitions:
            return None
        found = map(self._definitions.get, order.tolist())
        return TextColumn(
            None if text is None else text.decode("utf-8", "surrogatepass")
            for text in found
        )

    def _warn(self) -> None:
        if self.n_left_out:
            told = "; ".join(f"{n:,} {what}" for what, n in self.n_left_out.items())
            warn_user(f"{self.path}: left out were {told}.")


def _columns(pairs: array[int]) -> IntArray:
    return np.array(pairs, np.int64).reshape(-1, 2).T


def _moved(pairs: IntArray, place: IntArray) -> IntArray:
    moved = place[pairs]
    return moved[:, np.all(moved >= 0, axis=0)]
