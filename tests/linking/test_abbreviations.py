"""Short forms defined in texts, and phrases in which they are written out."""

from __future__ import annotations

import random
import time

import pytest

from graphrep.exceptions import GraphTypeError
from graphrep.linking import expand_abbreviations, find_abbreviations


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no bracket here", {}),
        ("", {}),
        ("heat shock protein (HSP) is", {"HSP": "heat shock protein"}),
        ("Heat shock factor (HSF).", {"HSF": "Heat shock factor"}),
        ("beta-catenin in FAP (familial polyposis)", {"FAP": "familial polyposis"}),
        (
            "mucopolysaccharidosis IVA (MPS IVA)",
            {"MPS IVA": "mucopolysaccharidosis IVA"},
        ),
        ("in X-linked ataxia (X-LA)", {"X-LA": "X-linked ataxia"}),
        # initials before letters within words, in another order too
        ("and hereditary hemochromatosis (HH)", {"HH": "hereditary hemochromatosis"}),
        ("the disease myotonic dystrophy (DM)", {"DM": "myotonic dystrophy"}),
        ("ataxia and hyperphenylalaninemia (HPA)", {"HPA": "hyperphenylalaninemia"}),
        ("Paget disease of bone (PDB)", {"PDB": "Paget disease of bone"}),
        # endings and numbers
        ("renal cell carcinoma (RCCs)", {"RCCs": "renal cell carcinoma"}),
        ("neurofibromatosis type I (NF1)", {"NF1": "neurofibromatosis type I"}),
        ("ataxias 1 and 2 (ATX1 and ATX2)", {"ATX1": "ataxias 1", "ATX2": "ataxias 2"}),
        ("the Pendred syndrome gene (PDS)", {"PDS": "Pendred syndrome"}),
        # several in one bracket, other words in it
        (
            "von Willebrand disease (VWD; MIM 193400)",
            {"VWD": "von Willebrand disease"},
        ),
        (
            "sinus dystonia (HPD; dopa-responsive dystonia, DRD)",
            {"DRD": "dopa-responsive dystonia"},
        ),
        (
            "Duchenne and Becker muscular dystrophy (DMD/BMD)",
            {"DMD": "Duchenne muscular dystrophy", "BMD": "Becker muscular dystrophy"},
        ),
        ("cleft lip/palate (CL/P)", {"CL/P": "cleft lip/palate"}),
        (
            "a gene (adenomatous polyposis coli or APC)",
            {"APC": "adenomatous polyposis coli"},
        ),
        ('cat eye syndrome (also called "CES")', {"CES": "cat eye syndrome"}),
        # brackets in brackets, square ones, brackets on the way
        ("(hypoxanthine ligase [HL] lack)", {"HL": "hypoxanthine ligase"}),
        ("lung (small cell) cancer (LC)", {"LC": "lung cancer"}),
        ("a Frasier) syndrome ((FS)", {}),
        # a short form in a long form, parts of a short form with a hyphen
        (
            "adrenoleukodystrophy (ALD), childhood cerebral ALD (CCALD)",
            {
                "ALD": "adrenoleukodystrophy",
                "CCALD": "childhood cerebral adrenoleukodystrophy",
            },
        ),
        (
            "late globoid leukodystrophy (L-GL)",
            {"L-GL": "late globoid leukodystrophy", "GL": "globoid leukodystrophy"},
        ),
        # no definitions
        ("mice (n = 12) and a factor (4.2 kb)", {}),
        ("It was seen. The bone (ISB)", {}),
        ("the gene was mapped to the tip (GMT)", {}),
        ("a well known fact (see Table 2)", {}),
        ("the APC gene (APC)", {}),
        ("adenomatous polyposis (ap)", {}),
    ],
)
def test_find_when_text_given_then_short_and_long_forms(
    text: str, found: dict[str, str]
) -> None:
    assert find_abbreviations(text) == found


def test_find_when_defined_twice_then_first_counts() -> None:
    text = "Angelman syndrome (AS). Others have ankylosing spondylitis (AS)."
    assert find_abbreviations(text) == {"AS": "Angelman syndrome"}


def test_find_when_long_and_full_of_brackets_then_quick() -> None:
    text = "muscular (dystrophy [DM] " * 20_000 + "a" * 100_000 + " (AA)"
    start = time.perf_counter()
    assert "AA" not in find_abbreviations(text)
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    ("phrase", "written"),
    [
        ("FAP", "familial polyposis"),
        ("FAPs", "familial polyposis"),
        ("fap", "fap"),
        ("FAPX", "FAPX"),
        (
            "FAP patients with VHL",
            "familial polyposis patients with von Hippel disease",
        ),
        ("FAP-deficient", "familial polyposis-deficient"),
        ("non-FAP", "non-familial polyposis"),
        ("VHL disease", "von Hippel disease"),
        ("VHL diseases", "von Hippel disease diseases"),
        ("VHL2", "von Hippel disease 2"),
        ("MPS IVA", "mucopolysaccharidosis IVA"),
        ("MPS-IVA", "mucopolysaccharidosis IVA"),
        ("severe MPS IVA", "severe mucopolysaccharidosis IVA"),
        ("familial polyposis (FAP)", "familial polyposis"),
        ("familial polyposis (FAP) coli", "familial polyposis coli"),
        ("a tumour (FAP)", "a tumour (familial polyposis)"),
        ("", ""),
        ("no short form", "no short form"),
    ],
)
def test_expand_when_phrase_holds_short_forms_then_written_out(
    phrase: str, written: str
) -> None:
    known = {
        "FAP": "familial polyposis",
        "VHL": "von Hippel disease",
        "MPS IVA": "mucopolysaccharidosis IVA",
    }
    assert expand_abbreviations(phrase, known) == written
    assert expand_abbreviations(phrase, {}) == phrase


@pytest.mark.parametrize(
    "call", [find_abbreviations, lambda x: expand_abbreviations(x, {})]
)
def test_abbreviations_when_no_text_then_one_sentence(call) -> None:
    with pytest.raises(GraphTypeError, match="int"):
        call(3)


def test_abbreviations_when_texts_are_noise_then_no_error() -> None:
    draw = random.Random(0)
    letters = "aBc 1(2)[]-/.,;:' \"s\u00df\u00b2\u0130\u0301\n"
    odd = {"aB": "alpha Beta", "c": "1", "": "x", "B": "", "Bc": " "}
    for _ in range(2000):
        text = "".join(draw.choices(letters, k=draw.randrange(40)))
        known = find_abbreviations(text)
        assert all(len(long) > len(short) > 1 for short, long in known.items())
        assert isinstance(expand_abbreviations(text, known | odd), str)
