"""``graphrep link``: concepts of phrases from the shell."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import graphrep
from graphrep import linking
from graphrep.cli._linking import METHODS
from graphrep.io import read_mapping, read_terminology
from graphrep.linking import NGramIndex

Invoke = Callable[..., Any]

ILLS = [
    ("D0", "group", "disease", []),
    ("D1", "infection", "influenza", ["flu", "grippe"]),
    ("D2", "infection", "parainfluenza", []),
    ("D3", "sign", "cough", ["coughing"]),
    ("D4", "chronic", "familial adenomatous polyposis", ["polyposis coli"]),
    ("D5", "chronic", "asthma", ["bronchial asthma"]),
]


def _write(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture
def ills(tmp_path: Path) -> Path:
    path = tmp_path / "ills.jsonl"
    lines = [
        {"concept_id": i, "canonical_name": name, "aliases": others, "types": [kind]}
        for i, kind, name, others in ILLS
    ]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


@pytest.fixture
def phrases(tmp_path: Path) -> Path:
    path = tmp_path / "phrases.txt"
    path.write_text("flu\n\n coughs \nasthma bronchial\nzzz\n", "utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return _write(
        tmp_path / "table.csv",
        ["key", "text", "around", "right"],
        [
            ["a", "FAP", "Familial adenomatous polyposis (FAP) is rare.", "D4"],
            ["b", "a cough", "", "D3|D1"],
            ["c", "qqq", "", "NIL"],
            ["d", "flu", "no definition", "D5"],
        ],
    )


def test_link_when_lines_given_then_what_python_finds(
    invoke: Invoke, ills: Path, phrases: Path, tmp_path: Path
) -> None:
    out = tmp_path / "links.csv"
    done = invoke("link", ills, phrases, "-m", "ngram", "-o", out)
    assert done.exit_code == 0, done.stderr
    asked = ["flu", "coughs", "asthma bronchial", "zzz"]
    rows = _rows(out.read_text("utf-8"))
    assert [row["phrase"] for row in rows] == asked
    found = NGramIndex().fit(read_terminology(ills)).candidates(asked, 1)
    assert [row["concept_id"] for row in rows] == ["D1", "D3", "D5", ""]
    assert [[row["concept_id"]] for row in rows[:3]] == found.ids()[:3]
    assert rows[0] | {"score": "1"} == {
        "row": "0", "phrase": "flu", "rank": "1", "concept_id": "D1", "name": "flu",
        "score": "1", "sources": "ngram",
    }  # fmt: skip
    assert "linked" in done.stderr
    assert done.stdout == ""
    again = invoke("link", ills, phrases, "-m", "ngram", "-o", out)
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr


@pytest.mark.parametrize("method", [*METHODS])
def test_link_when_of_any_method_then_flu_is_influenza(
    invoke: Invoke, ills: Path, method: str
) -> None:
    done = invoke("link", ills, "--phrase", "flu", "-m", method, "--seed", 0, "--json")
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["result"]["class"] == METHODS[method]
    assert record["result"]["links"][0]["concept_id"] == "D1"


def test_methods_when_listed_then_all_are_there() -> None:
    assert {"NGramIndex", "NameDictionary"} <= set(METHODS.values())
    assert set(METHODS.values()) <= set(linking.__all__)
    assert ("phrase-linker" in METHODS) == hasattr(linking, "PhraseLinker")


def test_link_when_no_output_then_a_table_of_five(invoke: Invoke, ills: Path) -> None:
    done = invoke(
        "link", ills, "--phrase", "influenza", "--phrase", "zzz", "-m", "ngram"
    )
    assert done.exit_code == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert lines[0] == ["phrase", "rank", "concept", "score", "name"]
    assert lines[1] == ["influenza", "1", "D1", "1.0000", "influenza"]
    assert lines[-1] == ["zzz", "", "", "", ""]
    fewer = invoke("link", ills, "--phrase", "influenza", "-m", "ngram", "-k", 1)
    assert len(fewer.stdout.splitlines()) == 2


def test_link_when_abbreviation_is_defined_beside_then_found(
    invoke: Invoke, ills: Path, table: Path
) -> None:
    options = ["-m", "dictionary", "--column", "text", "--id-column", "key", "--json"]
    plain = invoke("link", ills, table, *options)
    linked = invoke("link", ills, table, *options, "--context-column", "around")
    assert linked.exit_code == 0, linked.stderr
    first = json.loads(linked.stdout)["result"]["links"][0]
    assert (first["id"], first["phrase"], first["concept_id"]) == ("a", "FAP", "D4")
    assert json.loads(plain.stdout)["result"]["links"][0]["concept_id"] is None


def test_link_when_the_linker_reads_contexts_and_has_a_threshold_then_both_count(
    invoke: Invoke, ills: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reader(NGramIndex):
        threshold_ = 0.9
        asked = None

        def candidates(self, phrases, k=10, types=None, contexts=None):  # type: ignore[no-untyped-def]
            type(self).asked = (list(phrases), contexts)
            return super().candidates(phrases, k, types)

    monkeypatch.setattr(linking, "NGramIndex", Reader)
    done = invoke(
        "link", ills, table, "-m", "ngram", "--column", "text", "--context-column",
        "around", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    texts, contexts = Reader.asked
    assert texts == ["FAP", "a cough", "qqq", "flu"]
    assert contexts[1:] == [None, None, "no definition"]
    result = json.loads(done.stdout)["result"]
    assert (result["threshold"], result["n_linked"]) == (0.9, 2)
    assert [row["concept_id"] for row in result["links"]] == [None, "D3", None, "D1"]


def test_link_when_gold_is_known_then_scores(
    invoke: Invoke, ills: Path, table: Path, tmp_path: Path
) -> None:
    options = [
        "-m", "ngram", "--column", "text", "--gold-column", "right", "--threshold", 0.3,
    ]  # fmt: skip
    out = tmp_path / "links.csv"
    done = invoke("link", ills, table, *options, "-o", out)
    assert done.exit_code == 0, done.stderr
    assert "acc@1" in done.stdout
    assert len(_rows(out.read_text("utf-8"))) == 4
    record = json.loads(invoke("link", ills, table, *options, "--json").stdout)
    scores = record["result"]["scores"]
    assert scores["acc@1"] == pytest.approx(2 / 3)
    assert scores["recall"] < scores["acc@1"]  # a link wants the threshold
    assert record["result"]["threshold"] == 0.3
    beside = invoke("link", ills, table, *options, "--context-column", "around")
    assert "acc@1" in beside.stderr
    assert "acc@1" not in beside.stdout


def test_link_when_report_and_model_then_written_and_read_back(
    invoke: Invoke, ills: Path, table: Path, phrases: Path, tmp_path: Path
) -> None:
    page, model = tmp_path / "r.html", tmp_path / "model"
    done = invoke(
        "link", ills, table, "-m", "ngram", "--column", "text", "--gold-column",
        "right", "--id-column", "key", "--context-column", "around", "--report", page,
        "--save-model", model, "--json", "--threshold", 0.5,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["outputs"] == [str(page), str(model)]
    text = page.read_text("utf-8")
    assert "agree with the gold standard" in text
    assert "Familial adenomatous polyposis (FAP) is rare." in text
    assert type(graphrep.load(model)) is NGramIndex
    one, two = (
        invoke("link", source, phrases, "-m", "ngram", "--json", "--threads", 1)
        for source in (ills, model)
    )
    links = [json.loads(done.stdout)["result"]["links"] for done in (one, two)]
    assert links[0] == links[1]
    refused = invoke("link", model, phrases, "--train", table)
    assert refused.exit_code == 2
    assert "--train needs a terminology" in refused.stderr


def test_link_when_types_asked_then_only_these(invoke: Invoke, ills: Path) -> None:
    for method in ("ngram", "dictionary"):
        done = invoke(
            "link", ills, "--phrase", "flu", "--phrase", "asthma", "-m", method,
            "--types", "chronic,sign", "--json",
        )  # fmt: skip
        assert done.exit_code == 0, done.stderr
        found = json.loads(done.stdout)["result"]["links"]
        assert {row["concept_id"] for row in found} <= {None, "D3", "D4", "D5"}
        assert found[-1]["phrase"] == "asthma"
    unknown = invoke("link", ills, "--phrase", "a", "-m", "ngram", "--types", "x")
    assert unknown.exit_code == 3
    assert "No concept has the type 'x'" in unknown.stderr


@pytest.mark.parametrize("suffix", ["tsv", "jsonl", "parquet", "csv.gz"])
def test_link_when_written_as_a_table_then_same_rows(
    invoke: Invoke, ills: Path, phrases: Path, tmp_path: Path, suffix: str
) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    out = tmp_path / f"links.{suffix}"
    done = invoke("link", ills, phrases, "-m", "ngram", "-k", 2, "-o", out)
    assert done.exit_code == 0, done.stderr
    done = invoke("link", ills, phrases, "-m", "ngram", "-k", 2, "--json")
    links = json.loads(done.stdout)["result"]["links"]
    assert _read(out, suffix) == [[str(v or "") for v in r.values()] for r in links]


def _read(path: Path, suffix: str) -> list[list[str]]:
    if suffix == "jsonl":
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return [[str(v or "") for v in row.values()] for row in rows]
    if suffix == "parquet":
        from pyarrow import parquet

        rows = parquet.read_table(path).to_pylist()
        return [[str(v or "") for v in row.values()] for row in rows]
    from graphrep.io._compression import open_input

    with open_input(path) as stream:
        lines = stream.read().decode().splitlines()
    rows = list(csv.reader(lines, delimiter="\t" if suffix == "tsv" else ","))[1:]
    return [["" if cell == "0" else cell for cell in row] for row in rows]


def test_link_when_written_as_a_map_then_sssom_and_fhir(
    invoke: Invoke, ills: Path, table: Path, tmp_path: Path
) -> None:
    options = ["-m", "ngram", "--column", "text", "--id-column", "key"]
    sssom, fhir = tmp_path / "m.sssom.tsv", tmp_path / "m.json"
    for path in (sssom, fhir):
        done = invoke("link", ills, table, *options, "-o", path, "--threshold", 0.5)
        assert done.exit_code == 0, done.stderr
    mapping = read_mapping(sssom)
    assert list(mapping.sources) == ["a", "b", "c", "d"]
    assert list(mapping.targets) == ["", "D3", "", "D1"]
    resource = json.loads(fhir.read_text("utf-8"))
    assert resource["resourceType"] == "ConceptMap"
    assert [e["code"] for e in resource["group"][0]["element"]] == list("abcd")
    refused = invoke("link", ills, table, *options, "-o", tmp_path / "m.json.gz")
    assert refused.exit_code == 2
    assert "uncompressed" in refused.stderr


def test_link_when_the_format_of_the_terminology_is_given_then_read_so(
    invoke: Invoke, ills: Path
) -> None:
    odd = ills.rename(ills.with_suffix(".x"))
    options = ["--phrase", "flu", "-m", "ngram", "--json"]
    done = invoke("link", odd, *options, "--format-in", "jsonl")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["result"]["links"][0]["concept_id"] == "D1"


def test_link_when_in_a_pipe_then_lines_in_and_rows_out(
    invoke: Invoke, ills: Path
) -> None:
    done = invoke(
        "link", ills, "-", "-m", "ngram", "-o", "-", "--format", "csv", "-q",
        input="flu\ncough\n",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert [row["concept_id"] for row in _rows(done.stdout)] == ["D1", "D3"]
    table = invoke(
        "link", ills, "-", "--column", "t", "-m", "ngram", "-o", "-", "--format",
        "jsonl", input="t,u\nflu,1\n",
    )  # fmt: skip
    assert json.loads(table.stdout)["concept_id"] == "D1"


def test_link_when_phrases_are_lines_of_json_then_read(
    invoke: Invoke, ills: Path, tmp_path: Path
) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"phrase": "flu", "n": 7}\n{"phrase": null}\n', "utf-8")
    done = invoke("link", ills, path, "-m", "ngram", "--id-column", "n", "--json")
    assert done.exit_code == 0, done.stderr
    links = json.loads(done.stdout)["result"]["links"]
    assert (links[0]["id"], links[0]["concept_id"]) == ("7", "D1")
    assert links[-1]["phrase"] == ""
    path.write_text('{"phrase": "flu"}\n\nflu\n', "utf-8")
    done = invoke("link", ills, path, "-m", "ngram")
    assert done.exit_code == 3
    assert "p.jsonl:3: The line is no JSON" in done.stderr


def test_link_when_concepts_have_numbers_then_gold_is_read_as_such(
    invoke: Invoke, tmp_path: Path
) -> None:
    names = _write(tmp_path / "t.csv", ["id", "name"], [["7", "flu"], ["12", "cough"]])
    asked = _write(tmp_path / "p.csv", ["phrase", "gold"], [["flu", "7"]])
    done = invoke(
        "link", names, asked, "-m", "ngram", "--gold-column", "gold", "--json"
    )
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["result"]["scores"]["acc@1"] == 1


@pytest.mark.skipif(not hasattr(linking, "PhraseLinker"), reason="no PhraseLinker")
def test_link_when_trained_then_seed_decides(
    invoke: Invoke, ills: Path, phrases: Path, tmp_path: Path
) -> None:
    train = _write(
        tmp_path / "train.csv", ["phrase", "id"],
        [[name, i] for i, _, name, _ in ILLS] * 4,
    )  # fmt: skip
    runs = [
        invoke("link", ills, phrases, "--train", train, "--seed", 1, "--json")
        for _ in range(2)
    ]
    assert runs[0].exit_code == 0, runs[0].stderr
    first, second = (json.loads(done.stdout) for done in runs)
    assert first["result"] == second["result"]
    assert first["parameters"]["random_state"] == 1
    assert first["result"]["links"][0]["concept_id"] == "D1"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ills.jsonl"], 2, "Give PHRASES"),
        (["ills.jsonl", "phrases.txt", "--phrase", "a"], 2, "not both"),
        (["nowhere.obo", "phrases.txt"], 2, "no file or folder nowhere.obo"),
        (["ills.jsonl", "nowhere.txt"], 2, "nowhere.txt"),
        (["ills.jsonl", "--phrase", "a", "--id-column", "x"], 2, "needs PHRASES"),
        (["ills.jsonl", "phrases.txt", "--column", "x"], 2, "one phrase a line"),
        (["ills.jsonl", "table.csv"], 3, "Pass --column with one of key, text"),
        (["ills.jsonl", "table.csv", "--column", "x"], 3, "no column 'x'"),
        (
            ["ills.jsonl", "table.csv", "--column", "text", "--gold-column", "key"],
            3,
            "table.csv, row 1: 'a' is the id of no concept",
        ),
        (["ills.jsonl", "empty.txt"], 3, "There are no phrases"),
        (["ills.jsonl", "bad.txt"], 3, "not UTF-8"),
        (["ills.jsonl", "phrases.txt", "-o", "links.xlsx"], 2, "no format of links"),
        (["ills.jsonl", "phrases.txt", "-o", "-"], 2, "-o - needs --format"),
        (["ills.jsonl", "phrases.txt", "--format", "csv"], 2, "without -o"),
        (["ills.jsonl", "phrases.txt", "-o", "no/links.csv"], 2, "does not exist"),
        (["ills.jsonl", "phrases.txt", "--train", "train.csv"], 2, "learns nothing"),
        (["ills.jsonl", "phrases.txt", "-k", "0"], 2, "-k"),
        (["ills.jsonl", "phrases.txt", "-m", "words"], 2, "words"),
        (["ills.jsonl", "phrases.txt", "--threshold", "2"], 2, "2.0 is not in the"),
        (["ills.jsonl", "phrases.txt", "--threshold", "nan"], 2, "range 0<=x<=1"),
        (["folder", "phrases.txt"], 3, "folder"),
        (["odd.x", "phrases.txt"], 3, "pass --format-in with one of saved, jsonl"),
        (["odd.x", "phrases.txt", "--format-in", "y"], 3, "There is no format 'y'"),
        (["icd10cm", "--phrase", "a", "--format-in", "obo"], 2, "icd10cm comes along"),
    ],
)
def test_link_when_asked_for_nonsense_then_one_sentence_and_its_code(
    invoke: Invoke,
    ills: Path,
    phrases: Path,
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text("\n \n", "utf-8")
    (tmp_path / "bad.txt").write_bytes(b"gr\xfcn\n")
    (tmp_path / "train.csv").write_text("phrase,id\nflu,D1\n", "utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "odd.x").write_text("hello world\n", "utf-8")
    method = [] if "-m" in arguments else ["-m", "ngram"]
    done = invoke("link", *arguments, *method)
    assert done.exit_code == code, done.stderr
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_link_when_something_else_was_saved_then_refused(
    invoke: Invoke, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    graph = graphrep.Graph.from_edges([0, 1], [1, 2])
    graphrep.embedding.FastRP(2, random_state=0).fit(graph).save(model)
    done = invoke("link", model, "--phrase", "a")
    assert done.exit_code == 3
    assert "A FastRP is saved there" in done.stderr


def test_link_when_the_bundled_terminology_is_named_then_found(invoke: Invoke) -> None:
    pytest.importorskip("simple_icd_10_cm")
    done = invoke("link", "icd10cm", "--phrase", "broken tooth", "-m", "dictionary")
    assert done.exit_code == 0, done.stderr
    assert "S02.5" in done.stdout


def test_dry_run_when_asked_then_sizes_and_nothing_is_written(
    invoke: Invoke, ills: Path, phrases: Path, tmp_path: Path
) -> None:
    out, model = tmp_path / "links.csv", tmp_path / "linker"
    labels = _write(tmp_path / "labels.csv", ["phrase", "id"], [["flu", "D1"]])
    line = ("link", ills, phrases, "-o", out, "--save-model", model, "--dry-run")
    done = invoke(*line, "--train", labels, "--seed", 3)
    assert done.exit_code == 0, done.stderr
    facts = dict(line.split("\t") for line in done.stdout.splitlines())
    names = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert names.count("threshold") == 1
    assert facts["method"] == "PhraseLinker"
    assert (facts["concepts"], facts["names"]) == ("6", "11")
    assert facts["phrases"] == f"4 of {phrases}"
    assert facts["learns from"] == "1 labelled phrase"
    assert facts["random state"] == "3"
    assert facts["output"] == f"{out}, {model}"
    assert not out.exists()
    assert not model.exists()
    assert invoke("link", ills, phrases, "-m", "ngram", "-o", out).exit_code == 0
    again = invoke(*line, "-m", "dictionary", "--json")  # an output may be there
    result = json.loads(again.stdout)["result"]
    assert result["dry_run"] is True
    assert (result["n_concepts"], result["n_names"]) == (6, 11)
    assert (result["n_phrases"], result["n_labels"]) == (4, 0)
    assert result["fitted"] is False
