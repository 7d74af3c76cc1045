"""Keys under which names are looked up: as they are, without marks, without order."""

from __future__ import annotations

import re
from functools import lru_cache

from graphrep.linking._tokenizer import tokenize

_SMALL = frozenset({"of", "the", "and"})
_IRREGULAR = {
    "apices": "apex", "appendices": "appendix", "bacilli": "bacillus",
    "bacteria": "bacterium", "bronchi": "bronchus", "calculi": "calculus",
    "children": "child", "diverticula": "diverticulum", "emboli": "embolus",
    "femora": "femur", "feet": "foot", "fungi": "fungus", "ganglia": "ganglion",
    "grey": "gray", "indices": "index", "lice": "louse", "men": "man",
    "nuclei": "nucleus", "ova": "ovum", "septa": "septum", "stimuli": "stimulus",
    "teeth": "tooth", "thrombi": "thrombus", "viscera": "viscus", "women": "woman",
}  # fmt: skip
_SPELLINGS = [
    (re.compile(pattern), new)
    for pattern, new in (
        (r"[ao]e", "e"),  # anaemia, oedema
        (r"our(?=(ed|ing|al|able|less)?$)", "or"),  # tumour
        (r"is(?=(e|ed|er|ing|ation)$)", "iz"),  # localised
        (r"ys(?=(e|ed|er|ing)$)", "yz"),  # paralysed
        (r"(?<=[bt])re$", "er"),  # fibre, litre
        (r"^sulph", "sulf"),
        (r"^leuco", "leuko"),
        (r"mould", "mold"),
        (r"ageing$", "aging"),
    )
]
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7",
          "viii": "8", "ix": "9", "x": "10", "xi": "11", "xii": "12"}  # fmt: skip
_NUMBERED = frozenset({"type", "stage", "grade", "class", "factor", "phase", "group"})


def plain_key(text: str) -> str:
    """Words in small letters with one blank between them; marks and hyphens are gone.

    Digits, ``+`` and ``%`` stay, apostrophes vanish: ``"Crohn's (ileum)"`` becomes
    ``"crohns ileum"``.
    """
    return " ".join(tokenize(text)).replace("'", "")


def stem_key(text: str) -> str:
    """Words without endings of the plural, in American spelling and sorted.

    The words "of", "the" and "and" are left out unless nothing else is there. Roman
    numbers behind "type", "stage" and the like become digits.
    """
    words = tokenize(text)
    kept = [word for word in words if word not in _SMALL] or words
    for i in range(1, len(kept)):
        if kept[i] in _ROMAN and kept[i - 1] in _NUMBERED:
            kept[i] = _ROMAN[kept[i]]
    return " ".join(sorted(stem(word) for word in kept))


def id_key(text: str) -> str:
    """Letters and digits of an id and nothing else: ``"E11.9"`` becomes ``"e119"``."""
    return plain_key(text).replace(" ", "")


@lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """Word of `tokenize` without its English plural, in American spelling.

    Words of three letters or fewer and those with digits stay as they are.
    """
    word = word.removesuffix("'s").replace("'", "")
    if len(word) < 4 or not word.isalpha():
        return _IRREGULAR.get(word, word)
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4:
        word = _singular(word)
        for pattern, new in _SPELLINGS:
            word = pattern.sub(new, word)
        return word
    return _singular(word)


def _singular(word: str) -> str:
    if word.endswith("ae"):  # vertebrae
        return word[:-1]
    if len(word) > 6 and word.endswith(("oses", "tases", "yses")):  # diagnoses
        return f"{word[:-2]}is"
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    if word.endswith("s") and word[-2] not in "sui":
        return word[:-1]
    return word
