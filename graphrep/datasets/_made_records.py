"""make_records: tables of made-up products or persons with copies that differ."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

from graphrep._utils._random import draw_seed
from graphrep.datasets._bunch import Bunch
from graphrep.exceptions import GraphValueError
from graphrep.typing import SeedLike

Record = dict[str, str]

_BRANDS = (
    "Aurelio", "Brightwell", "Corvane", "Dunmore", "Eltrix", "Fjordline", "Garnet",
    "Halcyon", "Ivarsen", "Juniper", "Kestrel", "Lumora", "Marlowe", "Nordhaus",
    "Orbis", "Pallas", "Quillon", "Rivet", "Solvane", "Tarn",
)  # fmt: skip
_KINDS = {
    "headphones": ("wireless", "over-ear", "noise cancelling", "foldable"),
    "camera": ("compact", "12 megapixel", "4x zoom", "waterproof"),
    "printer": ("laser", "colour", "duplex", "network ready"),
    "kettle": ("electric", "1.7 litre", "stainless steel", "cordless"),
    "monitor": ("27 inch", "widescreen", "curved", "adjustable"),
    "keyboard": ("mechanical", "backlit", "compact", "ergonomic"),
    "backpack": ("20 litre", "hiking", "waterproof", "laptop"),
    "speaker": ("bluetooth", "portable", "bookshelf", "stereo"),
    "drill": ("cordless", "18 volt", "hammer", "brushless"),
    "lamp": ("desk", "led", "dimmable", "floor"),
}
_COLOURS = ("black", "white", "silver", "red", "blue", "graphite")
_GIVEN = (
    "Ada", "Amir", "Anneke", "Bruno", "Carla", "Chidi", "Dagny", "Dario", "Elif",
    "Emil", "Farah", "Giulia", "Hana", "Henrik", "Irma", "Ivo", "Jasmin", "Jonas",
    "Karim", "Katrin", "Lars", "Leila", "Mateo", "Mira", "Nadia", "Niklas", "Olga",
    "Pavel", "Rosa", "Samir", "Tamara", "Tobias", "Ulla", "Viktor", "Yara", "Zofia",
)  # fmt: skip
_FAMILY = (
    "Abel", "Bakker", "Castellano", "Delacroix", "Eriksen", "Ferreira", "Grünwald",
    "Haddad", "Iversen", "Jankowski", "Keller", "Lindqvist", "Moreau", "Novák",
    "Okafor", "Petersen", "Quiroga", "Rossi", "Schäfer", "Tanaka", "Ulrich", "Varga",
    "Weber", "Yılmaz", "Zimmermann", "Andersen", "Bergmann", "Costa", "Dvořák", "Engel",
)  # fmt: skip
_STREETS = (
    "Mill Lane", "High Street", "Station Road", "Garden Row", "Church Walk",
    "Harbour Street", "Oak Avenue", "Bridge Road", "Market Square", "Hill Crescent",
)  # fmt: skip
_TOWNS = (
    "Ashford", "Brackley", "Carlow", "Dunblane", "Ellesmere", "Falmouth", "Grantham",
    "Harwich", "Ilminster", "Keswick",
)  # fmt: skip
_SHORT = {
    "Street": "St", "Road": "Rd", "Avenue": "Ave", "Square": "Sq", "inch": "in",
    "litre": "l", "wireless": "wl", "stainless steel": "steel", "megapixel": "mp",
}  # fmt: skip
_SIBLINGS = 0.25  # share of products that are another model of the one before


def make_records(
    n_entities: int = 300,
    *,
    kind: str = "products",
    one_table: bool = False,
    overlap: float = 0.6,
    errors: float = 2.0,
    random_state: SeedLike = None,
) -> Bunch:
    """Make tables of records in which the same thing is written in several ways.

    Parameters
    ----------
    n_entities : int, default=300
        Things that the records are of.
    kind : {"products", "persons"}, default="products"
        What they are. Products come in families whose models differ by a letter.
    one_table : bool, default=False
        Whether all records are in one table, to be freed of duplicates.
    overlap : float, default=0.6
        Share of things that are in both tables, or twice or more in the one.
    errors : float, default=2.0
        Mean number of errors in a copy: typos, words that are missing, shortened or
        out of place, empty fields.
    random_state : int, RandomState instance or None, default=None
        An int gives the same records on every call.

    Returns
    -------
    Bunch
        ``left``, ``right`` (mappings of columns; ``right`` is None for one table),
        ``matches`` (list of pairs of ids) and ``DESCR``.

    Examples
    --------
    >>> data = make_records(50, random_state=0)
    >>> list(data.left), len(data.left["id"]), len(data.right["id"]), len(data.matches)
    (['id', 'name', 'brand', 'description', 'price'], 40, 40, 30)
    """
    makers: dict[str, Callable[[random.Random, Record | None], Record]] = {
        "products": _product,
        "persons": _person,
    }
    if kind not in makers:
        raise GraphValueError(f"kind must be 'products' or 'persons'; got {kind!r}.")
    if n_entities < 0 or not 0 <= overlap <= 1 or errors < 0:
        raise GraphValueError(
            "n_entities and errors must be 0 or more and overlap in [0, 1]; got "
            f"{n_entities!r}, {errors!r} and {overlap!r}."
        )
    rng = random.Random(draw_seed(random_state))
    things: list[Record] = []
    for _ in range(n_entities):
        things.append(makers[kind](rng, things[-1] if things else None))
    if one_table:
        left, matches = _in_one_table(rng, things, overlap, errors)
        right = None
    else:
        left, right, matches = _in_two_tables(rng, things, overlap, errors)
    return Bunch(
        left=_table(left, things),
        right=None if right is None else _table(right, things),
        matches=sorted(matches),
        DESCR=f"Made-up {kind}: {n_entities:,} things, {overlap:.0%} of them repeated "
        f"with {errors:g} errors on the mean.",
    )  # fmt: skip


def _in_two_tables(
    rng: random.Random, things: list[Record], overlap: float, errors: float
) -> tuple[list[Record], list[Record], list[tuple[str, str]]]:
    n_both = round(overlap * len(things))
    order = rng.sample(range(len(things)), len(things))
    n_left = n_both + (len(things) - n_both) // 2 + (len(things) - n_both) % 2
    left = [(at, dict(things[at])) for at in order[:n_left]]
    right = [(at, _copy(rng, things[at], errors)) for at in order[:n_both]]
    right += [(at, dict(things[at])) for at in order[n_left:]]
    rng.shuffle(left)
    rng.shuffle(right)
    of_left = {at: f"a{row}" for row, (at, _) in enumerate(left)}
    matches = [
        (of_left[at], f"b{row}") for row, (at, _) in enumerate(right) if at in of_left
    ]
    return (
        [{"id": f"a{row}", **record} for row, (_, record) in enumerate(left)],
        [{"id": f"b{row}", **record} for row, (_, record) in enumerate(right)],
        matches,
    )


def _in_one_table(
    rng: random.Random, things: list[Record], overlap: float, errors: float
) -> tuple[list[Record], list[tuple[str, str]]]:
    repeated = set(rng.sample(range(len(things)), round(overlap * len(things))))
    rows: list[tuple[int, Record]] = []
    for at, thing in enumerate(things):
        rows.append((at, dict(thing)))
        if at in repeated:
            n_copies = rng.choice((1, 1, 2))
            rows += [(at, _copy(rng, thing, errors)) for _ in range(n_copies)]
    rng.shuffle(rows)
    members: dict[int, list[str]] = {}
    for row, (at, _) in enumerate(rows):
        members.setdefault(at, []).append(f"r{row}")
    matches = [
        (one, other)
        for group in members.values()
        for i, one in enumerate(group)
        for other in group[i + 1 :]
    ]
    return [{"id": f"r{row}", **r} for row, (_, r) in enumerate(rows)], matches


def _table(records: list[Record], things: list[Record]) -> dict[str, list[str]]:
    names = ["id", *(things[0] if things else ())]
    return {name: [record[name] for record in records] for name in names}


# -- things ------------------------------------------------------------------------
def _product(rng: random.Random, before: Record | None) -> Record:
    if before is not None and rng.random() < _SIBLINGS:
        model = before["name"].rsplit(" ", 1)[1]
        other = model[:-1] + rng.choice(string.ascii_uppercase.replace(model[-1], ""))
        price = f"{float(before['price'] or 50) * rng.uniform(0.8, 1.3):.2f}"
        return {**before, "name": before["name"].replace(model, other), "price": price}
    kind = rng.choice(list(_KINDS))
    traits = rng.sample(_KINDS[kind], 2)
    brand = rng.choice(_BRANDS)
    model = "".join(rng.choices(string.ascii_uppercase, k=2))
    model += f"{rng.randrange(10, 9999)}{rng.choice(string.ascii_uppercase)}"
    return {
        "name": f"{brand} {traits[0]} {kind} {model}",
        "brand": brand,
        "description": f"{traits[0]} {traits[1]} {kind}, {rng.choice(_COLOURS)}",
        "price": f"{rng.uniform(15, 600):.2f}",
    }


def _person(rng: random.Random, before: Record | None) -> Record:
    del before
    given, family = rng.choice(_GIVEN), rng.choice(_FAMILY)
    year, month, day = rng.randrange(1930, 2010), rng.randrange(12), rng.randrange(28)
    return {
        "name": f"{given} {family}",
        "address": f"{rng.randrange(1, 200)} {rng.choice(_STREETS)}",
        "town": rng.choice(_TOWNS),
        "born": f"{year}-{month + 1:02}-{day + 1:02}",
        "phone": f"0{rng.randrange(10**9, 10**10)}",
    }


# -- errors ------------------------------------------------------------------------
def _copy(rng: random.Random, record: Record, errors: float) -> Record:
    """Copy a record with a number of errors that is Poisson in all but its tail."""
    out = dict(record)
    for _ in range(20):
        if rng.random() < errors / 20:
            _spoil(rng, out)
    return out


def _spoil(rng: random.Random, record: Record) -> None:
    field = rng.choice([name for name, value in record.items() if value])
    kind = rng.random()
    if kind < 0.45:
        record[field] = _typo(rng, record[field])
    elif kind < 0.6:
        record[field] = _without_a_word(rng, record[field])
    elif kind < 0.75:
        for word, short in _SHORT.items():
            record[field] = record[field].replace(word, short)
    elif kind < 0.9:
        words = record[field].split(" ")
        record[field] = " ".join([*words[1:], words[0]])
    elif sum(map(bool, record.values())) > 2:
        record[field] = ""


def _typo(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    letter = rng.choice(string.ascii_lowercase if text[at].isalpha() else string.digits)
    end = text[at + 1 :]
    return (
        rng.choice(
            (
                text[:at] + end,
                text[:at] + letter + end,
                text[: at + 1] + letter + end,
                text[:at] + end[:1] + text[at] + end[1:],
            )
        )
        or text
    )


def _without_a_word(rng: random.Random, text: str) -> str:
    words = text.split(" ")
    if len(words) > 1:
        del words[rng.randrange(len(words))]
    return " ".join(words)
