"""``graphrep assess``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphrep.evaluation import Assessment

Invoke = Callable[..., Any]
QUICK = ("--parts", "reconstruction", "-d", 8)


@pytest.fixture
def vectors(invoke: Invoke, karate: Path, tmp_path: Path) -> Path:
    path = tmp_path / "fast.npz"
    done = invoke("embed", "fastrp", karate, "-o", path, "-d", 8, "--seed", 0)
    assert done.exit_code == 0, done.stderr
    return path


def test_assess_when_piped_then_columns_are_separated_by_tabs(
    invoke: Invoke, karate: Path, vectors: Path
) -> None:
    done = invoke("assess", karate, vectors, f"mine={vectors}", "-m", "hope", *QUICK)
    assert done.exit_code == 0, done.stderr
    head, *rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert head[:2] == ["embedding", "AP native"]
    assert [row[0] for row in rows[:4]] == ["fast", "mine", "HOPE", "random °"]
    assert rows[0][1:-1] == rows[1][1:-1]
    assert float(rows[2][1]) > float(rows[3][1])


def test_assess_when_pages_are_asked_for_then_writes_them(
    invoke: Invoke, karate: Path, vectors: Path, tmp_path: Path
) -> None:
    markdown, saved, page = (tmp_path / f"a.{end}" for end in ("md", "json", "html"))
    command = (
        "assess",
        karate,
        vectors,
        *QUICK,
        "--markdown",
        markdown,
        "--save",
        saved,
        "--html",
        page,
    )
    done = invoke(*command)
    assert done.exit_code == 0, done.stderr
    assert str(saved) in done.stderr
    assert markdown.read_text("utf-8").startswith("# 1 embedding of karate")
    assert Assessment.from_json(saved).names[0] == "fast"
    assert "<title>1 embedding of karate" in page.read_text("utf-8")
    again = invoke(*command)
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    assert invoke(*command, "--overwrite").exit_code == 0


def test_assess_when_json_is_asked_for_then_prints_one_object(
    invoke: Invoke, karate: Path
) -> None:
    done = invoke(
        "assess", karate, "-m", "random-vectors", *QUICK, "--no-baselines", "--json",
        "--hops", "1,2", "--score", "cosine", "--n-queries", 10,
    )  # fmt: skip
    record = json.loads(done.stdout)
    assert record["command"] == "assess"
    assert record["n_nodes"] == 34
    found = record["result"]["reconstruction"]
    assert found["scores"] == ["cosine"]
    assert found["truths"] == ["hop1", "ball2", "shell2", "shell2_filtered"]
    assert (found["n_queries"], found["exact"]) == (10, False)
    assert [e["name"] for e in record["result"]["embeddings"]] == ["RandomVectors"]


def test_assess_when_labels_and_names_are_given_then_uses_them(
    invoke: Invoke, karate: Path, vectors: Path, tmp_path: Path
) -> None:
    table = tmp_path / "t.tsv"
    table.write_text("".join(f"{node}\tgroup {node % 2}\n" for node in range(34)))
    save = tmp_path / "a.json"
    done = invoke(
        "assess", karate, vectors, *QUICK, "--labels", table, "--names", table,
        "--save", save, "--n-queries", "all",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    found = Assessment.from_json(save)
    labels = {r["value"] for r in found.rows("by") if r["group"] == "label"}
    assert labels == {"group 0", "group 1"}
    assert found.rows("worst")[0]["name"].startswith("group ")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "There is nothing to assess"),
        (("absent.npz",), 2, "'absent.npz' does not exist"),
        (("-m", "nix"), 2, "'nix' is not one of"),
        (("-m", "hope", "--parts", "nix"), 3, "There is no part 'nix'"),
        (("-m", "hope", "--html", "absent/a.html"), 2, "does not exist"),
        (("-m", "hope", "--hops", "x"), 2, "numbers with commas"),
    ],
)
def test_assess_when_used_wrongly_then_says_so(
    invoke: Invoke, karate: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = invoke("assess", karate, *arguments)
    assert done.exit_code == code
    assert message in done.stderr


def test_assess_when_a_word_test_is_broken_then_says_so_before_the_work(
    invoke: Invoke, karate: Path, tmp_path: Path
) -> None:
    test = tmp_path / "men.tsv"
    test.write_text("cat\tdog\t1\ncat\n")
    done = invoke("assess", karate, "-m", "hope", "--semantic", test)
    assert done.exit_code == 3
    assert "men.tsv" in done.stderr
    assert "Done" not in done.stderr


def test_assess_when_two_files_have_one_name_then_asks_for_names(
    invoke: Invoke, karate: Path, vectors: Path
) -> None:
    done = invoke("assess", karate, vectors, vectors)
    assert done.exit_code == 2
    assert "would be called 'fast'" in done.stderr


def test_assess_when_vectors_do_not_fit_then_names_what_is_missing(
    invoke: Invoke, edges: Path, vectors: Path
) -> None:
    done = invoke("assess", edges, vectors)
    assert done.exit_code == 3
    assert "'fast' has no vector for 3 of the 3 nodes" in done.stderr


def test_assess_when_by_tasks_then_the_same_table(
    invoke: Invoke, karate: Path, vectors: Path, tmp_path: Path
) -> None:
    command = ("assess", karate, vectors, *QUICK)
    work = ("--executor", "serial", "--work-dir", tmp_path / "work")
    tables = [
        [line.split("\t")[:2] for line in invoke(*command, *more).stdout.splitlines()]
        for more in ((), work)
    ]
    assert tables[0] == tables[1]
    assert len(tables[0]) > 2
    assert (tmp_path / "work").is_dir()
