"""Short forms that a text defines, and phrases in which they are written out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graphrep.exceptions import GraphTypeError
from graphrep.linking._long_forms import EDGES, MOST_WORDS, is_short, long_form

_CLOSING = {"(": ")", "[": "]"}
_SENTENCE_END = re.compile(r"(?<=[a-z\d)\]\"'])[.!?]\s+(?=[A-Z\"'])")
_CUT = re.compile(r"\s*[;,:](?:\s+|$)|\s+(?:or|and)\s+")
_LEAD = re.compile(
    r"^(?:(?:or|and|also|i\. ?e\.|e\. ?g\.|formerly|termed|called|known as|"
    r"abbreviated|designated|the|as)[\s,:]+|[\"'“‘\s]+)+",
    re.IGNORECASE,
)
_JOINT = re.compile(r"[\s,/]*(?:\b(?:or|and))?[\s,/]*$")
_LIST_OF_NUMBERS = re.compile(
    r"(.*?)((?:[ ,]+(?:(?:and|or) )?(?:\d+[A-Za-z]?|[IVX]+[A-Z]?)\b){2,})"
)
_NUMBER_AT_END = re.compile(r"(?:\d+[A-Za-z]?|(?<= )[IVX]+[A-Z]?)$")
_OF_A_GENE = re.compile(r" (?:genes?|locus|loci)(?: locus)?$")
_REACH = 300
_BRACKET_OPENS = re.compile(r"[(\[]$")
_WORD_START = re.compile(r"(?<![^\W_])[^\W_]")
_WORD_END = re.compile(r"[^\W_](?![^\W_])")
_PLURAL = re.compile(r"(?<=[A-Z\d])(?:'?s|s')$")
_DIGITS = re.compile(r"\d{1,2}[A-Za-z]?(?![^\W_])")
_DIGITS_AT_END = re.compile(r"(?<=[A-Z]{2})\d{1,2}[A-Za-z]?$")
_LONGEST_ENDING = 4
_GAPS = re.compile(r"[-\s]+")


class _Bracket(NamedTuple):
    """A pair of brackets: what stands in it and what stands before it."""

    before: str
    inside: str


def find_abbreviations(text: str) -> dict[str, str]:
    """Find the short forms that a text defines, with their long forms.

    Parameters
    ----------
    text : str
        Running text, such as a title and an abstract.

    Returns
    -------
    dict of str to str
        From each short form, as it is written, to its long form. Of several
        definitions of a short form the first counts.

    Raises
    ------
    GraphTypeError
        If ``text`` is no text.

    See Also
    --------
    expand_abbreviations : Writes the short forms in a phrase out.

    Notes
    -----
    The algorithm of Schwartz and Hearst [1]_. Brackets hold a short form behind its
    long form, or a long form behind its short form. A short form has one or two words,
    2 to 10 characters, a letter, and begins with a letter or digit. Its characters are
    looked for in the long form from the right, the first one at the start of a word.
    The long form stands next to the bracket, in the same sentence, and has at most
    ``min(n + 5, 2 n)`` words for n characters.

    What is added to it:

    - A long form whose words begin with the letters of the short form, one each, comes
      first, in any order of the words: "hereditary hemochromatosis (HH)", "myotonic
      dystrophy (DM)".
    - The final s of a plural may be missing in the long form, a digit may be written as
      a Roman number there, and Greek letters stand for their names.
    - A bracket may hold several short forms, and words such as "or" and "formerly".
    - Square brackets count, and brackets in brackets.
    - A short form needs a capital letter.

    O(length of the text).

    References
    ----------
    .. [1] A. S. Schwartz and M. A. Hearst, "A simple algorithm for identifying
       abbreviation definitions in biomedical text", Pacific Symposium on Biocomputing
       8, 2003, 451-462.

    Examples
    --------
    >>> find_abbreviations("Familial adenomatous polyposis (FAP) is due to APC "
    ...                    "(adenomatous polyposis coli).")
    {'FAP': 'Familial adenomatous polyposis', 'APC': 'adenomatous polyposis coli'}
    """
    if not isinstance(text, str):
        raise GraphTypeError(
            f"A text was expected; got {type(text).__name__}. Pass one document at a "
            "time."
        )
    found: dict[str, str] = {}
    for bracket in _brackets(" ".join(text.split())):
        for short, long in _definitions(bracket):
            found.setdefault(short, long)
    for short, long in list(found.items()):
        tail = short.rpartition("-")[2]
        within = long_form(tail, long) if is_short(tail) else None
        if within is not None and within != long:
            found.setdefault(tail, within)
    return {short: _written_out(long, found, short) for short, long in found.items()}


def _brackets(text: str) -> Iterator[_Bracket]:
    """Yield pairs of brackets behind a blank, inner ones first."""
    sentences = [0, *(match.end() for match in _SENTENCE_END.finditer(text))]
    open_at: list[int] = []
    spans: list[tuple[int, int]] = []
    for at, letter in enumerate(text):
        if letter in _CLOSING:
            open_at.append(at)
        elif letter in _CLOSING.values() and open_at:
            if _CLOSING[text[open_at[-1]]] != letter:
                continue
            start = open_at.pop()
            if start and not text[start - 1].isspace():
                continue
            first = sentences[bisect_right(sentences, start) - 1]
            if first < start - _REACH:
                blank = text.find(" ", start - _REACH, start)
                first = start if blank < 0 else blank + 1
            first = max(first, open_at[-1] + 1 if open_at else 0)
            while spans and spans[-1][0] > start:
                spans.pop()
            inside = text[start + 1 : min(at, start + 1 + _REACH)]
            yield _Bracket(_without(text, spans, first, start), inside)
            spans.append((start, at + 1))


def _without(text: str, spans: list[tuple[int, int]], first: int, end: int) -> str:
    """Text between two places, without the brackets in it."""
    parts = []
    for start, stop in reversed(spans):
        if stop <= first:
            break
        parts.append(text[stop:end])
        end = start
    parts.append(text[first : max(first, end)])
    return " ".join(" ".join(reversed(parts)).split())


def _definitions(bracket: _Bracket) -> Iterator[tuple[str, str]]:
    """Yield what a bracket defines: short forms in it, or one before it."""
    rest = before = bracket.before.rstrip(EDGES)
    parts = [_LEAD.sub("", part).strip(EDGES) for part in _CUT.split(bracket.inside)]
    pieces = [piece for part in parts for piece in _alternatives(part)]
    any_found = False
    for rank in range(len(pieces) - 1, -1, -1):
        short = pieces[rank]
        if not is_short(short):
            continue
        beside = pieces[rank - 1] if rank and not is_short(pieces[rank - 1]) else ""
        for text in (beside, rest, before):
            found = long_form(short, text)
            if text is rest is not before and len((found or "").split()) > len(short):
                continue
            if found is not None:
                any_found = True
                if text is rest:
                    rest = _JOINT.sub("", rest[: rest.rfind(found)])
                yield short, _tidied(short, found)
                break
    if any_found or not before:
        return
    words = before.split()
    for n in range(1, min(MOST_WORDS, len(words)) + 1):
        short = " ".join(words[-n:]).strip(EDGES)
        if is_short(short):
            found = long_form(short, parts[0])
            if found is not None:
                yield short, _tidied(short, found)
                return


def _alternatives(text: str) -> list[str]:
    """Short forms with a slash between, or the text itself."""
    pieces = text.split("/")
    return pieces if all(map(is_short, pieces)) else [text]


def _tidied(short: str, long: str) -> str:
    """Long form of one of several numbers only, without "gene" and "locus"."""
    listed = _LIST_OF_NUMBERS.fullmatch(long)
    number = _NUMBER_AT_END.search(short)
    if listed and number and number[0].upper() in listed[2].upper().split():
        long = f"{listed[1]} {number[0]}"
    kept = _OF_A_GENE.sub("", long)
    return kept if len(kept) > len(short) else long


def expand_abbreviations(phrase: str, known: Mapping[str, str]) -> str:
    """Write the short forms in a phrase out.

    Parameters
    ----------
    phrase : str
        A mention, such as "FAP", "APCs", "G6PD deficiency" or "APC-deficient".
    known : mapping of str to str
        Long forms by short form, as `find_abbreviations` gives them; of one document,
        for a short form means one thing in one and another thing in the next.

    Returns
    -------
    str
        The phrase itself if it holds none.

    Raises
    ------
    GraphTypeError
        If ``phrase`` is no text.

    Notes
    -----
    Capitals count: "AS" is a short form, "as" is not. The longest short form wins; it
    must be a word, or a part of one between hyphens. A plural s is dropped, digits
    behind a short form stay. A word that the long form ends with and the phrase goes
    on with is written once. A short form in brackets behind its long form is left out.

    O(length of the phrase, and number of known short forms).

    Examples
    --------
    >>> known = {"VHL": "von Hippel-Lindau disease", "FAP": "adenomatous polyposis"}
    >>> expand_abbreviations("VHL disease", known)
    'von Hippel-Lindau disease'
    >>> expand_abbreviations("FAP-related", known)
    'adenomatous polyposis-related'
    """
    if not isinstance(phrase, str):
        raise GraphTypeError(
            f"A phrase must be a text; got {phrase!r} of type {type(phrase).__name__}."
        )
    if not phrase.strip():
        return phrase
    if phrase in known:
        return known[phrase]
    whole = _GAPS.sub("", phrase)
    for short, long in known.items():
        if _GAPS.sub("", short) == whole:
            return long
    return _written_out(phrase, known)


def _written_out(phrase: str, known: Mapping[str, str], but: str = "") -> str:
    """Replace short forms, but for one, word by word, the longest first."""
    out, end = [], 0
    for start, stop, short in _places(phrase, known):
        if start < end or short == but:
            continue
        long, before, after = known[short], phrase[end:start], phrase[stop:]
        said = phrase[:start].rstrip(" ([").casefold().endswith(long.casefold())
        if said and _BRACKET_OPENS.search(before) and after[:1] in (")", "]"):
            out.append(before.rstrip(" (["))
            end = stop + 1
            continue
        last = (long.split() or [long])[-1]
        again = last and after.casefold().startswith(f" {last.casefold()}")
        if again and not after[len(last) + 1 : len(last) + 2].isalnum():
            stop += len(last) + 1
        number = _DIGITS.match(phrase, start + len(short))
        out += [before, long + (f" {number[0]}" if number else "")]
        end = stop
    return "".join([*out, phrase[end:]])


def _places(phrase: str, known: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
    """Yield where short forms stand: start, end with endings, and which."""
    if not known:
        return
    most = max(map(len, known)) + _LONGEST_ENDING
    ends = [match.end() for match in _WORD_END.finditer(phrase)]
    for match in _WORD_START.finditer(phrase):
        start = match.start()
        near = ends[bisect_right(ends, start) : bisect_right(ends, start + most)]
        for end in reversed(near):
            word = phrase[start:end]
            short = next((form for form in _bare(word) if form in known), None)
            if short is not None:
                yield start, end, short
                break


def _bare(word: str) -> Iterator[str]:
    """Yield a word, and without its plural ending and digits behind capitals."""
    yield word
    for pattern in (_PLURAL, _DIGITS_AT_END):
        cut = pattern.sub("", word)
        if cut != word:
            yield cut
