"""``graphrep block``: pairs of records from the shell."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import graphrep
from graphrep import blocking
from graphrep.blocking import CandidatePairs, TfidfBlocker, as_records
from graphrep.cli._blocking import METHODS
from graphrep.datasets import make_records

Invoke = Callable[..., Any]


def _write(path: Path, columns: dict[str, list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path, Path]:
    data = make_records(60, errors=4, random_state=0)
    left, right = zip(*data.matches, strict=True)
    return (
        _write(tmp_path / "a.csv", data.left),
        _write(tmp_path / "b.csv", data.right),
        _write(tmp_path / "gold.csv", {"left": list(left), "right": list(right)}),
    )


def test_block_when_two_tables_then_pairs_that_python_makes(
    invoke: Invoke, tables: tuple[Path, ...], tmp_path: Path
) -> None:
    a, b, _ = tables
    out = tmp_path / "pairs.parquet"
    done = invoke("block", a, b, "-m", "tfidf", "-b", "2x", "-o", out)
    assert done.exit_code == 0, done.stderr
    A, B = as_records(a), as_records(b)
    found = TfidfBlocker(budget=2.0).fit_candidate_pairs(A, B)
    assert CandidatePairs.read(out, A, B) == found
    assert f"{len(found):,} (2.00x)" in done.stderr
    again = invoke("block", a, b, "-m", "tfidf", "-o", out)
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr


def test_block_when_scored_then_scores_report_and_curve(
    invoke: Invoke, tables: tuple[Path, ...], tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    a, b, gold = tables
    page, curve = tmp_path / "r.html", tmp_path / "c.png"
    done = invoke(
        "block", a, b, "--matches", gold, "--report", page, "--curve", curve,
        "--seed", 1, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["result"]["scores"]["n_true"] == 36
    assert record["result"]["scores"]["pair_completeness"] > 0.9
    assert record["parameters"]["random_state"] == 1
    assert "missed" not in record["result"]
    assert "</html>" in page.read_text("utf-8")
    assert curve.read_bytes().startswith(b"\x89PNG")


def test_block_when_the_model_is_saved_then_it_gives_the_same_pairs(
    invoke: Invoke, tables: tuple[Path, ...], tmp_path: Path
) -> None:
    a, b, gold = tables
    out, model = tmp_path / "pairs.csv", tmp_path / "model"
    done = invoke("block", a, b, "--train", gold, "-o", out, "--save-model", model)
    assert done.exit_code == 0, done.stderr
    assert str(model) in done.stderr
    A, B = as_records(a), as_records(b)
    loaded = graphrep.load(model)
    assert CandidatePairs.read(out, A, B) == loaded.candidate_pairs(A, B)
    again = invoke("block", a, b, "-o", tmp_path / "x.csv", "--save-model", model)
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr


def test_block_when_one_table_into_a_pipe_then_each_pair_once(
    invoke: Invoke, tables: tuple[Path, ...]
) -> None:
    a, _, _ = tables
    done = invoke(
        "block", a, "-m", "tfidf", "-o", "-", "--format", "csv", "-b", 30,
        "--columns", "name,brand",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert len({frozenset((r["left_id"], r["right_id"])) for r in rows}) == 30


def test_block_when_estimated_then_a_share(
    invoke: Invoke, tables: tuple[Path, ...], tmp_path: Path
) -> None:
    a, b, _ = tables
    page = tmp_path / "r.html"
    done = invoke("block", a, b, "--estimate", "--seed", 0, "--report", page, "--json")
    assert done.exit_code == 0, done.stderr
    guess = json.loads(done.stdout)["result"]["recall_estimate"]
    assert 0.5 < guess["low"] <= guess["recall"] <= guess["high"] <= 1
    assert "of all matches" in page.read_text("utf-8")
    other, out = tmp_path / "k.html", tmp_path / "p.csv"
    done = invoke("block", a, b, "--estimate", "-m", "minhash", "--report", other)
    assert done.exit_code == 0, done.stderr
    assert "estimated recall" in done.stderr + done.stdout
    done = invoke("block", a, b, "--target-recall", 0.9, "-m", "tfidf", "-o", out)
    assert done.exit_code == 0, done.stderr
    assert "estimated recall" in done.stderr + done.stdout
    limited = ("-m", "tfidf", "--memory-limit", "1kB", "--report", other, "--overwrite")
    refused = invoke(
        "block", a, b, "--estimate", *limited
    )  # before pairs are looked for
    assert refused.exit_code == 5
    assert "Estimating the recall of pairs" in refused.stderr


def test_block_when_trained_then_learns(
    invoke: Invoke, tables: tuple[Path, ...]
) -> None:
    a, b, gold = tables
    done = invoke("block", a, b, "--train", gold, "--matches", gold, "--seed", 0)
    assert done.exit_code == 0, done.stderr
    refused = invoke("block", a, b, "-m", "tfidf", "--train", gold, "--report", "r")
    assert refused.exit_code == 2
    assert "learns nothing" in refused.stderr


@pytest.mark.parametrize("method", [*METHODS])
def test_block_when_of_any_method_then_pairs(
    invoke: Invoke, tables: tuple[Path, ...], tmp_path: Path, method: str
) -> None:
    a, b, _ = tables
    out = tmp_path / "p.npz"
    options = ["--keys", "brand+name"] if method == "sorted-neighbourhood" else []
    done = invoke("block", a, b, "-m", method, "-o", out, *options)
    assert done.exit_code == 0, done.stderr
    assert 0 < len(CandidatePairs.read(out)) <= 5 * 48


def test_methods_when_listed_then_all_that_need_no_object() -> None:
    kinds = {n for n in blocking.__all__ if n.endswith("Blocker")} - {"Blocker"}
    assert set(METHODS.values()) | {
        "UnionBlocker", "IntersectionBlocker", "EmbeddingBlocker",
    } >= kinds  # fmt: skip
    assert next(iter(METHODS)) in ("nlsh", "tfidf")


def test_dry_run_when_asked_then_sizes_and_nothing_written(
    invoke: Invoke, tables: tuple[Path, ...], tmp_path: Path
) -> None:
    a, b, _ = tables
    out = tmp_path / "p.csv"
    done = invoke("block", a, b, "-m", "tfidf", "-o", out, "--dry-run", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["result"]["most_pairs"] == 240
    assert not out.exists()
    assert "pairs at most" in invoke("block", a, "--dry-run").stdout


@pytest.mark.parametrize("method", METHODS)
def test_dry_run_when_no_budget_then_pairs_are_counted(
    invoke: Invoke, tables: tuple[Path, ...], method: str
) -> None:
    a, b, _ = tables
    done = invoke("block", a, b, "-m", method, "-b", "none", "--dry-run", "--json")
    assert done.exit_code == 0, done.stderr
    A, B = as_records(a), as_records(b)
    maker = getattr(blocking, METHODS[method])(budget=None)
    assert json.loads(done.stdout)["result"]["n_pairs"] == maker.fit(A, B).n_pairs_


def test_dry_run_when_blocks_then_the_largest_are_shown(
    invoke: Invoke, tables: tuple[Path, ...]
) -> None:
    a, b, _ = tables
    told = invoke("block", a, b, "-m", "key", "-b", 7, "--dry-run").stdout
    (top,) = blocking.KeyBlocker().profile(as_records(a), as_records(b), n=1).rows
    assert f"{top.key} {top.value!r}: {top.n_left:,} x {top.n_right:,} records" in told
    assert "before the budget" in told


def test_encoder_when_its_model_is_named_then_taken(
    invoke: Invoke, tables: tuple[Path, ...], tmp_path: Path
) -> None:
    a, b, _ = tables
    vectors = tmp_path / "words.txt"
    words = sorted({w for t in (a, b) for w in t.read_text().replace(",", " ").split()})
    lines = (f"{w} {hash_of(w, 3)} {hash_of(w, 5)}" for w in words)
    vectors.write_text("\n".join(lines) + "\n", encoding="utf-8")
    nlsh = ("block", a, b, "--encoder", "static", "--seed", 0)
    out, kept = tmp_path / "p.csv", tmp_path / "m"
    given = ("--model", vectors, "-o", out, "--save-model", kept)
    done = invoke(*nlsh, *given, "--json")
    assert done.exit_code == 0, done.stderr
    A, B = as_records(a), as_records(b)
    loaded = graphrep.load(kept)
    assert CandidatePairs.read(out, A, B) == loaded.candidate_pairs(A, B)
    card = (kept / "README.md").read_text("utf-8")
    assert "No record is included; how rare each token is" in card
    told = json.loads(done.stdout)["parameters"]["encoder"]
    assert told.startswith("StaticEncoder(")
    assert "words.txt" in told
    for arguments, words_said in (
        (("block", a, b, "--model", "minilm", "--dry-run"), "n-grams have no model"),
        (("block", a, b, "-m", "key", "--model", "x", "--dry-run"), "no parameter of"),
    ):
        refused = invoke(*arguments)
        assert refused.exit_code == 2
        assert words_said in refused.stderr


def test_rules_when_pairs_are_listed_then_only_these_or_none_of_these(
    invoke: Invoke, tables: tuple[Path, ...], tmp_path: Path
) -> None:
    a, b, gold = tables
    out = tmp_path / "pairs.csv"
    common = ("block", a, b, "-m", "tfidf", "--overwrite")
    done = invoke(*common, "-o", out, "--include", gold, "--matches", gold, "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["result"]["scores"]["pair_quality"] == 1.0
    assert told["parameters"]["include"] == str(gold)
    judged = tmp_path / "judged.csv"
    out.rename(judged)
    done = invoke(*common, "-o", out, "--exclude", judged, "--matches", gold, "--json")
    assert done.exit_code == 0, done.stderr
    A, B = as_records(a), as_records(b)
    found, before = (CandidatePairs.read(path, A, B) for path in (out, judged))
    assert len(found) > 0 < len(before)
    assert not {*found.keys.tolist()} & {*before.keys.tolist()}
    wrong = _write(tmp_path / "wrong.csv", {"left": ["nobody"], "right": ["b0"]})
    for arguments, code, said in (
        (("-o", out, "--exclude", wrong), 3, "wrong.csv: Pair 1 names"),
        (("-o", out, "--include", tmp_path / "no.csv"), 2, "--include"),
        (
            ("-o", out, "--include", gold, "--save-model", tmp_path / "m"), 2,
            "--save-model keeps no pairs of --include",
        ),
    ):  # fmt: skip
        refused = invoke(*common, *arguments)
        assert said in " ".join(refused.stderr.split()), refused.stderr
        assert refused.exit_code == code, refused.stderr


def hash_of(word: str, by: int) -> float:
    return sum(by**at * ord(letter) for at, letter in enumerate(word)) % 101 / 101


def test_identical_when_excluded_then_no_such_pair(
    invoke: Invoke, tables: tuple[Path, ...], tmp_path: Path
) -> None:
    a, out = tables[0], tmp_path / "p.csv"
    done = invoke("block", a, a, "-m", "tfidf", "-o", out, "--exclude-identical")
    assert done.exit_code == 0, done.stderr
    rows = out.read_text().splitlines()[1:]
    assert rows
    assert all(row.split(",")[0] != row.split(",")[1] for row in rows)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "Give -o"),
        (["-o", "p.xlsx"], 2, ".parquet"),
        (["-o", "-"], 2, "--format csv"),
        (["-o", "p.csv", "-b", "many"], 2, "no budget"),
        (["-o", "p.csv", "-b", "-3"], 2, "no budget"),
        (["-o", "p.csv", "--curve", "c.png"], 2, "--matches"),
        (["-o", "p.csv", "--id", "sku"], 3, "a.csv: There is no column 'sku'"),
        (["-o", "p.csv", "--columns", "nonesuch"], 3, "no column 'nonesuch'"),
        (["-o", "p.csv", "-m", "tfidf", "--keys", "name"], 2, "no parameter of tfidf"),
        (["-o", "p.csv", "-m", "tfidf", "--n", "0"], 2, "'n' parameter"),
        (["-o", "p.csv", "-m", "words"], 2, "words"),
    ],
)
def test_block_when_asked_for_nonsense_then_its_exit_code(
    invoke: Invoke,
    tables: tuple[Path, ...],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    a, b, _ = tables
    done = invoke("block", a, b, *arguments)
    assert done.exit_code == code, done.stderr
    assert words in done.stderr
    assert not (tmp_path / "p.csv").exists()


def test_block_when_a_match_names_no_record_then_refused_before_the_work(
    invoke: Invoke, tables: tuple[Path, ...], tmp_path: Path
) -> None:
    a, b, _ = tables
    wrong = _write(tmp_path / "w.csv", {"l": ["a1"], "r": ["zz"]})
    done = invoke("block", a, b, "--matches", wrong)
    assert done.exit_code == 3
    assert "'zz'" in done.stderr
    curve = invoke("block", a, "--right-id", "x", "--report", tmp_path / "r.html")
    assert curve.exit_code == 2


def test_block_when_through_files_then_the_pairs_of_memory_and_the_plan_is_shown(
    invoke: Invoke, tables: tuple[Path, ...], tmp_path: Path
) -> None:
    a, b, _ = tables
    common = ["block", a, b, "-m", "tfidf"]
    work = ["--executor", "serial", "--work-dir", tmp_path / "work"]
    done = invoke(*common, *work, "--dry-run", "--json")
    assert json.loads(done.stdout)["result"]["plan"]["path"] == "files"
    assert "records in files" in invoke(*common, *work, "--dry-run").stdout
    assert not (tmp_path / "work").exists()
    for name, more in (("m.csv", []), ("f.csv", work)):
        done = invoke(*common, *more, "-o", tmp_path / name)
        assert done.exit_code == 0, done.stderr
    assert (tmp_path / "f.csv").read_bytes() == (tmp_path / "m.csv").read_bytes()
