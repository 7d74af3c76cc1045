"""Documents in the BigBIO schema: mentions out, links in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from graphrep.exceptions import GraphFormatError
from graphrep.integrations._asking import ask, types_of_labels


class Mentions(NamedTuple):
    """Mentions of documents in flat lists, one entry a mention.

    Attributes
    ----------
    texts : list of str
        As they stand in the text, parts joined by a blank.
    gold : list of list of str
        Ids of the concepts that are meant; empty where none is given.
    labels : list of str
        Types of the mentions.
    documents : list of str
        Id of the document of each.
    """

    texts: list[str]
    gold: list[list[str]]
    labels: list[Any]
    documents: list[str]


def read_mentions(
    documents: Iterable[Mapping[str, Any]], *, db_name: str | None = None
) -> Mentions:
    """Mentions of BigBIO documents and the concepts that they mean.

    Parameters
    ----------
    documents : iterable of mappings
        In the schema "bigbio_kb": a list of dicts or a ``datasets.Dataset``.
    db_name : str or None, default=None
        Only concepts of this terminology are taken; None takes all.

    Returns
    -------
    Mentions
        What `graphrep.evaluation.evaluate_linking` needs.

    Raises
    ------
    GraphFormatError
        For a document or an entity without one of the keys of the schema.
    """
    out = Mentions([], [], [], [])
    for row, document in enumerate(documents):
        name = str(document.get("document_id") or document.get("id") or row)
        for entity in _entities(document, row):
            out.texts.append(mention_text(entity, long_forms=False))
            out.labels.append(entity.get("type"))
            out.documents.append(name)
            out.gold.append(
                [
                    str(link["db_id"])
                    for link in entity.get("normalized") or ()
                    if db_name is None or link.get("db_name") == db_name
                ]
            )
    return out


def link_documents(
    linker: Any,
    documents: Sequence[Mapping[str, Any]],
    *,
    db_name: str = "UMLS",
    k: int = 64,
    threshold: float | None = None,
    types: Mapping[str, Any] | None = None,
    long_forms: bool = True,
) -> list[dict[str, Any]]:
    """Fill ``normalized`` of all entities with candidates.

    Parameters
    ----------
    linker : linker
        With ``candidates(phrases, k)`` and ``terminology_``.
    documents : sequence of mappings
        In the schema "bigbio_kb". They are copied, not changed.
    db_name : str, default="UMLS"
        Name of the terminology in the links.
    k : int, default=64
        Most candidates of an entity.
    threshold : float or None, default=None
        Least score of a candidate.
    types : mapping of str to str or set of str, or None, default=None
        From the type of an entity to the types that its concept may have; entities of
        a type that is no key may have any.
    long_forms : bool, default=True
        Whether ``long_form`` of an entity is looked up instead of its text, where
        there is one.

    Returns
    -------
    list of dict
        Copies with ``normalized``: dicts of db_id, db_name, score and predicted_by
        (names of the stages that found it), best first.

    Raises
    ------
    GraphFormatError
        For a document or an entity without one of the keys of the schema.
    """
    lists = [_entities(document, row) for row, document in enumerate(documents)]
    options: dict[str, Any] = {
        "db_name": db_name, "k": k, "threshold": threshold, "types": types,
        "long_forms": long_forms,
    }  # fmt: skip
    linked = link_entities(linker, lists, **options)
    pairs = zip(documents, linked, strict=True)
    return [{**document, "entities": entities} for document, entities in pairs]


def link_entities(
    linker: Any,
    lists: Sequence[Sequence[Mapping[str, Any]]],
    *,
    db_name: str = "UMLS",
    k: int = 64,
    threshold: float | None = None,
    types: Mapping[str, Any] | None = None,
    long_forms: bool = True,
) -> list[list[dict[str, Any]]]:
    """Do the same with lists of entities, all in one search; see `link_documents`."""
    lists = [_as_list(entities) for entities in lists]
    flat = [entity for entities in lists for entity in entities]
    texts = [mention_text(entity, long_forms=long_forms) for entity in flat]
    labels = [entity.get("type") for entity in flat]
    found = ask(linker, texts, k, types_of_labels(labels, types))
    if threshold is not None:
        found = found.above(threshold)
    linked = iter(found.to_bigbio(flat, db_name))
    return [[next(linked) for _ in entities] for entities in lists]


def mention_text(entity: Mapping[str, Any], *, long_forms: bool) -> str:
    """Text of an entity, its parts joined by a blank, or its long form."""
    if long_forms and entity.get("long_form"):
        return str(entity["long_form"])
    text = entity.get("text")
    if text is None:
        raise GraphFormatError(
            f"Entity {entity.get('id')!r} has no 'text'; the BigBIO schema wants a "
            "list of texts."
        )
    return text if isinstance(text, str) else " ".join(text)


def _entities(document: Mapping[str, Any], row: int) -> Sequence[Mapping[str, Any]]:
    entities = document.get("entities")
    if entities is None:
        raise GraphFormatError(
            f"Document {row} has no 'entities'; its keys are "
            f"{', '.join(map(str, document))}. The schema 'bigbio_kb' is needed."
        )
    return _as_list(entities)


def _as_list(entities: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(entities, (str, Mapping)):
        raise GraphFormatError(
            "Entities must be a list of mappings; got a "
            f"{type(entities).__name__}. Columns of lists, as a Sequence of datasets "
            "makes them, are not read."
        )
    return list(entities)
