"""ClaML (ICD-10 of the WHO and its national versions) as terminologies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.io._terminology_xml import XML_LANGUAGE, records, tag_of, text_of
from graphrep.typing import PathType

_NAMES = {"preferred": "preferred", "preferredLong": "exact", "inclusion": "inclusion"}
_NOT_TEXT = {"Reference"}
_EMPTY_BRACKETS = re.compile(r" ?[(\[] *[)\]]")  # what a reference leaves behind
Text = tuple[str, str, str]  # kind, text, language


@dataclass
class _Class:
    """A class, or a modifier class, as the file has it."""

    code: str
    names: list[Text] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    modifiers: dict[str, set[str] | None] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    definition: str = ""


def read_terminology_claml(
    path: PathType, *, expand_modifiers: bool = True
) -> Terminology:
    """Read a classification in ClaML.

    Parameters
    ----------
    path : path-like
        XML file whose root is ``ClaML``, perhaps compressed.
    expand_modifiers : bool, default=True
        Whether codes that the file only describes (a category "modified by" a list of
        fourth or fifth characters) become concepts below their category, called
        ``category: modifier``. Modifiers are inherited unless one is excluded. Those
        that begin with a dot follow categories without one, others the classes
        without subclasses, behind ``.X`` where a fifth character (``…_5``) has no
        fourth before it. A code that is there already stays.

    Returns
    -------
    Terminology
        Types are the kind of class (chapter, block, category) and its usage (dagger,
        asterisk). Preferred rubrics are preferred names, inclusions of kind
        ``"inclusion"``; references inside a label, such as the asterisk code to add,
        are cut out.

    Raises
    ------
    GraphFormatError
        With the line, for XML that is not well-formed; for another root.
    """
    elements = records(path)
    root = next(elements)
    if tag_of(root) != "ClaML":
        raise GraphFormatError(f"The root is {tag_of(root)!r}, not ClaML.", path=path)
    builder = TerminologyBuilder(path)
    classes: dict[str, _Class] = {}
    modifiers: dict[str, dict[str, _Class]] = {}
    for element in elements:
        tag = tag_of(element)
        if tag == "Title":
            builder.title = element.get("name") or text_of(element)
            builder.version = element.get("version")
        elif tag == "Class":
            found = _class(element, builder)
            classes[found.code] = found
        elif tag == "ModifierClass":
            found = _class(element, builder)
            modifiers.setdefault(element.get("modifier"), {})[found.code] = found
    for found in classes.values():
        _give(builder, found)
    if expand_modifiers:
        _Expansion(builder, classes, modifiers).run()
    return builder.build()


def _class(element: Any, builder: TerminologyBuilder) -> _Class:
    code = element.get("code")
    if not code:
        raise GraphFormatError(
            f"A {tag_of(element)} has no code; every one needs one.", path=builder.path
        )
    out = _Class(code)
    out.kinds = [k for k in (element.get("kind"), element.get("usage")) if k]
    for part in element:
        tag = tag_of(part)
        if tag == "SuperClass":
            out.parents.append(part.get("code"))
        elif tag == "ModifiedBy":
            valid = {v.get("code") for v in part if tag_of(v) == "ValidModifierClass"}
            out.modifiers[part.get("code")] = valid or None
        elif tag == "ExcludeModifier":
            out.excluded.add(part.get("code"))
        elif tag == "Rubric":
            _take_rubric(out, part)
    return out


def _take_rubric(out: _Class, rubric: Any) -> None:
    kind = rubric.get("kind")
    for label in rubric:
        if tag_of(label) != "Label":
            continue
        text = _EMPTY_BRACKETS.sub("", " ".join(_label_text(label).split()))
        if kind in _NAMES:
            out.names.append((_NAMES[kind], text, label.get(XML_LANGUAGE, "")))
        elif kind == "definition" and not out.definition:
            out.definition = text


def _label_text(element: Any) -> str:
    """Text of a label without its references; fragments are parts of one text."""
    pieces = [element.text or ""]
    for part in element:
        if tag_of(part) not in _NOT_TEXT:
            pieces.append(f" {_label_text(part)} " if len(part) else text_of(part))
            if tag_of(part) in {"Fragment", "Para", "ListItem"}:
                pieces.append(" ")
        pieces.append(part.tail or "")
    return "".join(pieces)


def _give(builder: TerminologyBuilder, found: _Class) -> None:
    slot = builder.add(found.code)
    builder.types(slot, found.kinds)
    builder.define(slot, found.definition)
    for kind, text, language in found.names:
        builder.name(slot, text, kind, language)
    for parent in found.parents:
        builder.parent(found.code, parent)


class _Expansion:
    """Codes made of a class and the classes of its modifiers."""

    def __init__(
        self,
        builder: TerminologyBuilder,
        classes: dict[str, _Class],
        modifiers: dict[str, dict[str, _Class]],
    ) -> None:
        self._builder, self._classes, self._modifiers = builder, classes, modifiers
        self._inner = {p for found in classes.values() for p in found.parents}

    def run(self) -> None:
        """Add the codes below every category."""
        for found in list(self._classes.values()):
            if "category" not in found.kinds:
                continue
            bases = [found]
            applied = self._applied(found, set())
            for name in sorted(applied):
                made = [
                    code
                    for base in bases
                    for code in self._made(base, name, applied[name])
                ]
                bases = made or bases

    def _fits(self, base: _Class, suffix: str) -> bool:
        """Whether a code can follow: a fourth character once, others at the end."""
        if suffix.startswith("."):
            return "." not in base.code
        return base.code not in self._inner

    def _applied(self, found: _Class, seen: set[str]) -> dict[str, set[str] | None]:
        """Find modifiers of a class and of those above it, but for excluded ones."""
        if found.code in seen:
            return {}
        seen.add(found.code)
        out: dict[str, set[str] | None] = {}
        for parent in found.parents:
            if parent in self._classes:
                out.update(self._applied(self._classes[parent], seen))
        out.update(found.modifiers)
        return {name: v for name, v in out.items() if name not in found.excluded}

    def _made(self, base: _Class, name: str, valid: set[str] | None) -> list[_Class]:
        out = []
        for code, modifier in self._modifiers.get(name, {}).items():
            if (valid is not None and code not in valid) or not self._fits(base, code):
                continue
            made = _joined(base, modifier, name)
            out.append(made)
            if made.code not in self._builder:
                _give(self._builder, made)
        return out


def _joined(base: _Class, modifier: _Class, name: str) -> _Class:
    suffix = modifier.code
    if "." not in base.code and not suffix.startswith("."):
        suffix = f".X{suffix}" if name.endswith("_5") else f".{suffix}"
    texts = {language: text for kind, text, language in modifier.names[::-1]}
    names = [
        ("preferred", f"{text}: {texts[language]}", language)
        for kind, text, language in base.names
        if kind == "preferred" and language in texts
    ]
    return _Class(base.code + suffix, names, list(base.kinds), [base.code])
