"""OMOP vocabularies (Athena): CONCEPT.csv and the tables beside it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._terminology_builder import TerminologyBuilder
from graphrep.io._terminology_rows import named_rows
from graphrep.typing import PathType

_ENGLISH = "4180186"
_SUFFIXES = ("", ".gz", ".bz2", ".xz", ".zst")


def read_terminology_omop(
    path: PathType,
    *,
    vocabularies: str | Iterable[str] | None = None,
    domains: str | Iterable[str] | None = None,
    standard: bool = True,
    retired: bool = False,
    relations: Iterable[str] = (),
    encoding: str = "utf-8",
) -> Terminology:
    """Read the concepts of an OMOP vocabulary download.

    Parameters
    ----------
    path : path-like
        Folder with ``CONCEPT.csv``, or that file; ``CONCEPT_SYNONYM.csv`` and
        ``CONCEPT_RELATIONSHIP.csv`` beside it are used if they are there.
    vocabularies, domains : str, iterable of str or None, default=None
        Values of ``vocabulary_id`` and ``domain_id`` to keep.
    standard : bool, default=True
        Keep standard concepts (``standard_concept`` of S) only.
    retired : bool, default=False
        Whether concepts with an ``invalid_reason`` are kept.
    relations : iterable of str, default=()
        Values of ``relationship_id`` to keep as relations beside "Is a".
    encoding : str, default="utf-8"
        Encoding of the text.

    Returns
    -------
    Terminology
        Ids are the integers ``concept_id``; types are domain and class; the
        reference is ``vocabulary:code``. "Concept replaced by" makes ``replaced_by``.

    Raises
    ------
    GraphFormatError
        For a missing table or column, and for lines of another width, with the
        number.

    Notes
    -----
    The tables are separated by tabs, whatever their suffix says, and nothing is
    quoted: a quote is a character.
    """
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    builder = TerminologyBuilder(path, retired=retired)
    builder.title = "OMOP"
    chosen = _chosen(vocabularies), _chosen(domains)
    wanted = set(relations)
    table = omop_table(folder, "CONCEPT", needed=True)
    assert table is not None
    columns = (
        "concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id",
        "standard_concept", "concept_code", "invalid_reason",
    )  # fmt: skip
    for number, row in named_rows(table, columns, encoding=encoding):
        name, domain, vocabulary, kind, flag, code, invalid = row[1:]
        if (
            (standard and flag != "S")
            or (chosen[0] is not None and vocabulary not in chosen[0])
            or (chosen[1] is not None and domain not in chosen[1])
        ):
            continue
        slot = builder.add(
            concept_number(table, number, row[0]), retired=invalid.strip() != ""
        )
        builder.name(slot, name, "preferred")
        builder.types(slot, [domain, kind])
        builder.xref(slot, f"{vocabulary}:{code}")
    _read_synonyms(builder, folder, encoding)
    _read_relations(builder, folder, wanted, encoding)
    return builder.build()


def omop_table(folder: Path, name: str, *, needed: bool = False) -> Path | None:
    """Path of a table, whatever the case of its name, perhaps compressed."""
    names = {f"{name}.csv{suffix}".lower() for suffix in _SUFFIXES}
    for file in sorted(folder.iterdir()):
        if file.name.lower() in names:
            return file
    if needed:
        raise GraphFormatError(
            f"There is no {name}.csv; pass the folder of an Athena download.",
            path=folder,
        )
    return None


def concept_number(path: PathType, line: int, text: str) -> int:
    """Read a ``concept_id``."""
    try:
        return int(text)
    except ValueError:
        raise GraphFormatError(
            f"{text!r} is no concept_id, which is an integer.", path=path, line=line
        ) from None


def _chosen(values: str | Iterable[str] | None) -> set[str] | None:
    if values is None:
        return None
    return {values} if isinstance(values, str) else set(values)


def _read_synonyms(builder: TerminologyBuilder, folder: Path, encoding: str) -> None:
    table = omop_table(folder, "CONCEPT_SYNONYM")
    if table is None:
        return
    columns = ("concept_id", "concept_synonym_name", "language_concept_id")
    for number, row in named_rows(table, columns, encoding=encoding):
        concept = concept_number(table, number, row[0])
        if concept in builder:
            language = "en" if row[2] == _ENGLISH else row[2]
            builder.name(builder.add(concept), row[1], "exact", language)


def _read_relations(
    builder: TerminologyBuilder, folder: Path, wanted: set[str], encoding: str
) -> None:
    table = omop_table(folder, "CONCEPT_RELATIONSHIP")
    if table is None:
        return
    columns = ("concept_id_1", "concept_id_2", "relationship_id")
    rows = named_rows(table, columns, optional=("invalid_reason",), encoding=encoding)
    for number, (first, second, relation, invalid) in rows:
        replaced = relation == "Concept replaced by"
        if invalid.strip() or (
            relation != "Is a" and not replaced and relation not in wanted
        ):
            continue
        source = concept_number(table, number, first)
        target = concept_number(table, number, second)
        if replaced:
            builder.replace(source, target)
        elif source in builder and target in builder:
            if relation == "Is a":
                builder.parent(source, target)
            else:
                builder.relate(source, relation, target)
