"""xMEN: a linker for its pipelines, and dictionaries for its tools.

``xmen dict CONF.yaml --code PATH`` calls ``get_concept_details`` of the file at PATH; a
file with ``from graphrep.integrations.xmen import get_concept_details`` will do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._terminology_exchange import records
from graphrep.integrations._asking import read_linker
from graphrep.integrations.bigbio import link_documents, link_entities
from graphrep.io import as_terminology, read_terminology


class XmenLinker:
    """What xMEN calls an ``EntityLinker``, around a linker of graphrep.

    It does not need xMEN; `entity_linker` makes one that is a sub-class of xMEN's.

    Parameters
    ----------
    linker : linker
        With ``candidates(phrases, k)`` and ``terminology_``.
    db_name : str, default="UMLS"
        Name of the terminology in the links. Linkers that an ``EnsembleLinker`` joins
        must have the same.
    k : int, default=64
        Most candidates of an entity.
    threshold : float or None, default=None
        Least score of a candidate.
    types : mapping of str to str or set of str, or None, default=None
        From the type of an entity to the types that its concept may have; entities of
        a type that is no key may have any.
    expand_abbreviations : bool, default=True
        Whether ``long_form`` of an entity is looked up where there is one.

    Notes
    -----
    An ensemble takes the highest of the weighted scores, so these must be on one
    scale: those of `NGramIndex` and `NameDictionary` are from 0 to 1.

    Examples
    --------
    >>> from graphrep.linking import NGramIndex
    >>> linker = XmenLinker(NGramIndex().fit({"C1": "influenza", "C2": "cough"}))
    >>> linker.predict_no_context("influenzae")["normalized"][0]["db_id"]
    'C1'
    """

    def __init__(
        self,
        linker: Any,
        db_name: str = "UMLS",
        *,
        k: int = 64,
        threshold: float | None = None,
        types: Mapping[str, Any] | None = None,
        expand_abbreviations: bool = True,
    ) -> None:
        self.linker = read_linker(linker)
        self.options: dict[str, Any] = {
            "db_name": db_name, "k": k, "threshold": threshold, "types": types,
            "long_forms": expand_abbreviations,
        }  # fmt: skip

    def predict(self, passages: Any, entities: Any) -> list[dict[str, Any]]:
        """Entities with their candidates; ``passages`` are not looked at."""
        return link_entities(self.linker, [entities], **self.options)[0]

    def predict_batch(self, dataset: Any, batch_size: int | None = None) -> Any:
        """Link all entities of a data set.

        Parameters
        ----------
        dataset : Dataset or DatasetDict of datasets, list of dict, or mapping of splits
            Documents in the BigBIO schema.
        batch_size : int or None, default=None
            Documents whose entities are looked up together; None takes 1,000.

        Returns
        -------
        dataset
            Of the same kind, with ``normalized`` filled.
        """
        if isinstance(dataset, Mapping):
            kind: Any = type(dataset)
            return kind(
                {
                    split: self.predict_batch(part, batch_size)
                    for split, part in dataset.items()
                }
            )
        if hasattr(dataset, "map"):
            return dataset.map(
                _LinkBatch(self), batched=True, batch_size=batch_size or 1000,
                load_from_cache_file=False, features=_linked_features(dataset.features),
            )  # fmt: skip
        if isinstance(dataset, Sequence) and not isinstance(dataset, str):
            return link_documents(self.linker, dataset, **self.options)
        raise GraphTypeError(
            "predict_batch takes a data set of datasets or a list of documents; got "
            f"{type(dataset).__name__}."
        )

    def predict_no_context(
        self,
        entities: str | Sequence[str],
        label: str | Sequence[str | None] | None = None,
        batch_size: int | None = None,
    ) -> Any:
        """Entities made of texts alone, with their candidates.

        Parameters
        ----------
        entities : str or list of str
            Texts.
        label : str, list of str or None, default=None
            Types of the entities.
        batch_size : int or None, default=None
            Not needed.

        Returns
        -------
        dict, or list of dict for a list
            With ``normalized``.
        """
        texts = [entities] if isinstance(entities, str) else list(entities)
        single = label is None or isinstance(label, str)
        labels = [label] * len(texts) if single else list(label or ())
        if len(labels) != len(texts):
            raise GraphValueError(f"{len(labels)} labels for {len(texts)} entities.")
        made = [
            {
                "id": f"{row}_0", "type": one, "text": [text],
                "offsets": [[0, len(text)]], "normalized": [], "long_form": None,
            }
            for row, (text, one) in enumerate(zip(texts, labels, strict=True))
        ]  # fmt: skip
        found = self.predict([], made)
        return found[0] if isinstance(entities, str) else found


class _LinkBatch:
    """Function for ``map`` whose fingerprint does not walk through the index."""

    def __init__(self, owner: XmenLinker) -> None:
        self.owner = owner

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        owner = self.owner
        return {
            "entities": link_entities(owner.linker, batch["entities"], **owner.options)
        }

    def __getstate__(self) -> dict[str, Any]:
        return {}


def _linked_features(features: Any) -> Any:
    """Features of a data set with scores and sources in the links.

    They are given, since a batch without a single link would leave its type open.
    """
    from datasets import Value

    entity = features["entities"]
    entity = entity[0] if isinstance(entity, list) else entity.feature
    link = {
        "db_id": Value("string"), "db_name": Value("string"),
        "score": Value("float32"), "predicted_by": [Value("string")],
    }  # fmt: skip
    out = features.copy()
    out["entities"] = [{**entity, "normalized": [link]}]
    return out


def entity_linker(linker: Any, db_name: str = "UMLS", **options: Any) -> XmenLinker:
    """Linker for xMEN: a sub-class of its ``EntityLinker`` where xMEN is installed.

    Parameters
    ----------
    linker : linker
        With ``candidates(phrases, k)`` and ``terminology_``.
    db_name : str, default="UMLS"
        Name of the terminology in the links.
    **options
        As of `XmenLinker`.

    Returns
    -------
    XmenLinker
        With the same methods and results with xMEN and without.
    """
    if find_spec("xmen") is None:
        return XmenLinker(linker, db_name, **options)
    from xmen.linkers import EntityLinker

    kind: Any = type("GraphrepEntityLinker", (XmenLinker, EntityLinker), {})
    made: XmenLinker = kind(linker, db_name, **options)
    return made


def concept_details(terminology: Any) -> dict[str, dict[str, Any]]:
    """Concepts by their ids (texts) as xMEN's dictionaries hold them.

    Parameters
    ----------
    terminology : Terminology, or what `graphrep.as_terminology` reads
        Concepts.

    Returns
    -------
    dict of str to dict
        With concept_id, canonical_name, aliases, types and definition; a concept
        without a name is called by its id.
    """
    return {one["concept_id"]: one for one in records(as_terminology(terminology))}


def get_concept_details(cfg: Any) -> dict[str, dict[str, Any]]:
    """Read the terminology that a configuration of xMEN names.

    Parameters
    ----------
    cfg : mapping
        ``cfg["dict"]["custom"]`` has ``path``, and perhaps ``format`` and ``options``
        of `graphrep.read_terminology`, and ``types``, ``languages``, ``kinds``,
        ``ancestor`` and ``active`` of `Terminology.subset`.

    Returns
    -------
    dict of str to dict
        See `concept_details`.

    Raises
    ------
    GraphValueError
        If there is no path, and for keys that are not known.
    """
    try:
        custom = dict(cfg["dict"]["custom"])
    except (KeyError, TypeError):
        custom = {}
    if "path" not in custom:
        raise GraphValueError(
            "The configuration needs dict.custom.path, the file or folder of the "
            "terminology."
        )
    path, name = custom.pop("path"), custom.pop("format", None)
    known = read_terminology(path, name, **dict(custom.pop("options", None) or {}))
    choices = ("types", "languages", "kinds", "ancestor", "active")
    unknown = sorted(set(custom) - {*choices})
    if unknown:
        raise GraphValueError(
            f"dict.custom has the key {unknown[0]!r}; it may have path, format, "
            f"options, {', '.join(choices)}."
        )
    chosen = {key: _plain(value) for key, value in custom.items()}
    if chosen:
        known = known.subset(**chosen, drop_nameless=True)
    return concept_details(known)


def _plain(value: Any) -> Any:
    """Make lists of omegaconf plain ones."""
    return value if isinstance(value, (str, bool, int)) else list(value)
