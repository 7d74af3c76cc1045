"""Protocols to test linkers with: which names are held out of a terminology.

The training terminology always has all concepts, and all are candidates: to look only
among the concepts of the test makes every linker look better than it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphrep._utils._random import draw_seed
from graphrep.evaluation._linking_split import (
    LinkingSplit,
    drawn,
    first_names,
    hold_out,
    names_of,
    read_size,
    split_of,
)
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import ConceptMap, Terminology
from graphrep.graph._terminology_tree import distances_from, reached_from
from graphrep.typing import IntArray

_DROPPED = ("no_map", "combination")


def synonym_holdout(
    terminology: Terminology, test_size: float = 0.1, *, kinds: Any = None,
    refined: bool = True, random_state: Any = 0,
) -> LinkingSplit:  # fmt: skip
    """Hold out synonyms at random; the preferred name of every concept stays known.

    Parameters
    ----------
    terminology : Terminology
    test_size : float or int, default=0.1
        Share, or number, of the synonyms.
    kinds : str, sequence of str or None, default=None
        Only names of these kinds, such as ``"exact"``.
    refined : bool, default=True
        Whether phrases that equal a remaining name but for case and blanks are left
        out of the test.
    random_state : int, RandomState or None, default=0
        The same integer gives the same split.

    Returns
    -------
    LinkingSplit

    Examples
    --------
    >>> terminology = Terminology(["D1"], ["influenza", "flu", "grippe"], [0, 0, 0])
    >>> training, phrases, gold = synonym_holdout(terminology, 1, random_state=1)
    >>> training.n_names, len(phrases), gold
    (2, 1, [[0]])
    """
    wanted = ~first_names(terminology)
    if kinds is not None:
        asked = {kinds} if isinstance(kinds, str) else set(kinds)
        unknown = asked - set(terminology.KINDS)
        if unknown:
            raise GraphValueError(
                f"kinds must be of {', '.join(terminology.KINDS)}; got "
                f"{unknown.pop()!r}."
            )
        codes = [i for i, name in enumerate(terminology.KINDS) if name in asked]
        wanted &= np.isin(terminology.name_kinds, codes)
    rows = drawn(np.flatnonzero(wanted), test_size, draw_seed(random_state), "synonyms")
    held = np.zeros(terminology.n_names, bool)
    held[rows] = True
    return hold_out(terminology, held, refined, {"protocol": "synonym_holdout"})


def zero_shot_concepts(
    terminology: Terminology, test_size: float = 0.1, *, strict: bool = False,
    refined: bool = True, random_state: Any = 0,
) -> LinkingSplit:  # fmt: skip
    """Hold out all synonyms of some concepts.

    Parameters
    ----------
    terminology : Terminology
    test_size : float or int, default=0.1
        Share, or number, of the concepts with a synonym (with a name, if strict).
    strict : bool, default=False
        Whether preferred names are held out too: nothing but the hierarchy is then
        known of these concepts.
    refined, random_state
        As in `synonym_holdout`.

    Returns
    -------
    LinkingSplit
    """
    eligible = np.flatnonzero(np.diff(terminology.name_offsets) >= (1 if strict else 2))
    chosen = drawn(eligible, test_size, draw_seed(random_state), "concepts")
    return _concepts_out(terminology, chosen, strict, refined, "zero_shot_concepts")


def branch_holdout(
    terminology: Terminology, branch: Any = None, *, test_size: float = 0.1,
    strict: bool = False, refined: bool = True, random_state: Any = 0,
) -> LinkingSplit:  # fmt: skip
    """Hold out all synonyms of whole branches of the hierarchy.

    Parameters
    ----------
    terminology : Terminology
    branch : id, list of ids or None, default=None
        Concepts that are held out with all below them. None draws one whose branch has
        between half and all of ``test_size`` of the concepts.
    test_size : float or int, default=0.1
        Size of the branch to draw.
    strict : bool, default=False
        Whether preferred names are held out too.
    refined, random_state
        As in `synonym_holdout`.

    Returns
    -------
    LinkingSplit
        ``info["branch"]`` holds the ids at the top.
    """
    if branch is None:
        size = read_size(test_size, terminology.n_concepts)
        tops = _draw_branch(terminology, size, draw_seed(random_state))
    else:
        many = isinstance(branch, (list, set, np.ndarray))
        tops = terminology.positions(list(branch) if many else [branch])
    below = distances_from(terminology.children, tops) >= 0
    names = {"branch": terminology.ids[tops].tolist()}
    return _concepts_out(
        terminology, np.flatnonzero(below), strict, refined, "branch_holdout", **names
    )


def leaf_holdout(
    terminology: Terminology, test_size: float = 0.1, *, strict: bool = False,
    refined: bool = True, random_state: Any = 0,
) -> LinkingSplit:  # fmt: skip
    """Hold out all synonyms of some leaves of the hierarchy.

    Parameters
    ----------
    terminology : Terminology
    test_size : float or int, default=0.1
        Share, or number, of the leaves with a synonym (with a name, if strict).
    strict : bool, default=False
        Whether preferred names are held out too.
    refined, random_state
        As in `synonym_holdout`.

    Returns
    -------
    LinkingSplit
    """
    names = np.diff(terminology.name_offsets) >= (1 if strict else 2)
    leaves = np.diff(terminology.children.indptr) == 0
    chosen = drawn(
        np.flatnonzero(names & leaves), test_size, draw_seed(random_state), "leaves"
    )
    return _concepts_out(terminology, chosen, strict, refined, "leaf_holdout")


def cross_terminology(
    phrases: Any, target: Terminology, mapping: Any, *, refined: bool = False
) -> LinkingSplit:
    """Test with phrases of one terminology on the concepts of another.

    Parameters
    ----------
    phrases : Terminology, mapping of id to phrase(s), or pair (phrases, ids)
        Phrases and the ids of the first terminology that they stand for.
    target : Terminology
        The terminology to link to; it is the training terminology as it is.
    mapping : ConceptMap, or mapping of id to id(s)
        Published links. Rows of a ConceptMap with the flags ``no_map`` or
        ``combination`` (several targets that only together mean the phrase) are left
        out. Every listed target is right.
    refined : bool, default=False
        Whether phrases that equal a name of the target are left out.

    Returns
    -------
    LinkingSplit
        ``info`` also holds ``exact_share``, the share of phrases that equal a name of
        the target, ``n_unmapped`` phrases without a target and ``n_unknown`` targets
        that the terminology does not have.

    Examples
    --------
    >>> target = Terminology(["A00", "A01"], ["Cholera", "Typhoid fever"], [0, 1])
    >>> split = cross_terminology({"001": "cholera", "002": "typhoid"}, target,
    ...                           {"001": "A00", "002": ["A01", "A09"]})
    >>> split.phrases, split.gold_ids, split.info["exact_share"]
    (['cholera', 'typhoid'], [['A00'], ['A01']], 0.5)
    """
    texts, sources = _read_phrases(phrases)
    links = _read_links(mapping)
    kept, gold, unmapped, unknown = [], [], 0, 0
    for text, source in zip(texts, sources, strict=True):
        asked = links.get(source, [])
        found = [target.index.index(c) for c in asked if c in target]
        unknown += len(asked) - len(found)
        if found:
            kept.append(text)
            gold.append(found)
        else:
            unmapped += 1
    if not kept:
        raise GraphValueError(
            "No phrase has a target in the terminology; look whether ids are written "
            f"alike, such as {next(iter(links.values()), ['?'])[0]!r} and "
            f"{target.ids[0]!r}."
        )
    n = len(set(kept))
    info = {
        "protocol": "cross_terminology", "refined": refined, "n_unmapped": unmapped,
        "n_unknown": unknown, "n_held_out": 0,
    }  # fmt: skip
    split = split_of(target, kept, gold, refined, info)
    split.info["exact_share"] = split.info["n_exact"] / n
    return split


def _concepts_out(
    terminology: Terminology, concepts: IntArray, strict: bool, refined: bool,
    protocol: str, **more: Any,
) -> LinkingSplit:  # fmt: skip
    held = names_of(terminology, concepts, strict)
    info = {"protocol": protocol, "strict": strict, "n_concepts": len(concepts), **more}
    return hold_out(terminology, held, refined, info)


def _draw_branch(terminology: Terminology, size: int, seed: int) -> IntArray:
    """Draw a concept with a branch of at most so many concepts, at least half."""
    order = np.random.default_rng(seed).permutation(terminology.n_concepts)
    inner = np.diff(terminology.children.indptr) > 0
    for concept in order[inner[order]].tolist():
        below = len(reached_from(terminology.children, concept)[0]) + 1
        if size / 2 <= below <= size:
            return np.array([concept], np.int64)
    raise GraphValueError(
        f"No branch of the hierarchy has between {size / 2:g} and {size:,} concepts; "
        "choose another test_size or name the branch."
    )


def _read_phrases(phrases: Any) -> tuple[list[str], list[Any]]:
    if isinstance(phrases, Terminology):
        ids = phrases.ids.tolist()
        owners = [ids[c] for c in phrases.name_concepts.tolist()]
        return list(phrases.name_texts), owners
    if isinstance(phrases, Mapping):
        pairs = [
            (text, source)
            for source, entry in phrases.items()
            for text in ([entry] if isinstance(entry, str) else entry)
        ]
        return [text for text, _ in pairs], [source for _, source in pairs]
    if isinstance(phrases, (tuple, list)) and len(phrases) == 2:
        texts, sources = (
            x.tolist() if hasattr(x, "tolist") else list(x) for x in phrases
        )
        if len(texts) == len(sources):
            return texts, sources
        raise GraphValueError(
            f"There are {len(texts):,} phrases but {len(sources):,} ids."
        )
    raise GraphTypeError(
        "phrases must be a Terminology, a mapping of id to phrase, or (phrases, ids); "
        f"got {type(phrases).__name__}."
    )


def _read_links(mapping: Any) -> dict[Any, list[Any]]:
    if isinstance(mapping, ConceptMap):
        keep = np.ones(len(mapping), bool)
        for flag in _DROPPED:
            if flag in mapping.flags:
                keep &= np.asarray(mapping.flags[flag]).astype(np.int64) == 0
        out: dict[Any, list[Any]] = {}
        rows = zip(mapping.sources[keep].tolist(), mapping.targets[keep].tolist(),
                   strict=True)  # fmt: skip
        for source, found in rows:
            if found != "":
                out.setdefault(source, []).append(found)
        return out
    if not isinstance(mapping, Mapping):
        raise GraphTypeError(
            "mapping must be a ConceptMap or a mapping of id to ids; got "
            f"{type(mapping).__name__}."
        )
    several = (list, tuple, set, frozenset, np.ndarray)
    return {
        key: list(value) if isinstance(value, several) else [value]
        for key, value in mapping.items()
    }
