"""``--dry-run`` and ``--memory-limit``, and ``graphrep hypergraph cliques``."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphrep
from graphrep.graph import KnowledgeGraph
from graphrep.hypergraph import maximal_cliques

Invoke = Callable[..., Any]


@pytest.fixture
def wanted(karate: Path) -> list[list[int]]:
    graph = graphrep.read(karate)
    return [list(clique) for clique in maximal_cliques(graph, min_size=3)]


@pytest.mark.parametrize("more", [(), ("--executor", "serial", "--n-jobs", 2)])
def test_cliques_when_lines_then_one_a_line(
    invoke: Invoke, karate: Path, tmp_path: Path, wanted: Any, more: Any
) -> None:
    for name in ("c.jsonl", "c.jsonl.gz"):
        out = tmp_path / name
        done = invoke(
            "hypergraph", "cliques", karate, "-o", out, "--min-size", 3, *more, "--json"
        )
        assert done.exit_code == 0, done.stderr
        data = gzip.decompress(out.read_bytes()) if "gz" in name else out.read_bytes()
        assert [json.loads(line) for line in data.decode().splitlines()] == wanted
        assert json.loads(done.stdout)["result"] == {"n_cliques": len(wanted)}
    again = invoke("hypergraph", "cliques", karate, "-o", out)
    assert again.exit_code == 2
    assert "is there already" in again.stderr


def test_cliques_when_another_format_or_standard_output_then_the_same(
    invoke: Invoke, karate: Path, tmp_path: Path, wanted: Any
) -> None:
    base = ("hypergraph", "cliques", karate, "--min-size", 3)
    out = tmp_path / "c.npz"
    done = invoke(*base, "-o", out, "--memory-limit", "1MB", "--work-dir", tmp_path)
    assert done.exit_code == 0, done.stderr
    assert [list(e) for e in graphrep.read_hypergraph(out)] == wanted
    done = invoke(*base, "-o", "-", "--format", "jsonl", "-q")
    assert [json.loads(line) for line in done.stdout.splitlines()] == wanted


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "Missing option '-o'"),
        (("-o", "-"), "--format jsonl"),
        (("-o", "c.docx"), "tells no format"),
        (("-o", "c.jsonl", "--max-cliques", 3), "max_cliques=3"),
        (("-o", "c.jsonl", "--memory-limit", "1kB"), "memory_limit is 1 kB"),
        (("-o", "c.jsonl", "--executor", "cloud"), "executor must be"),
    ],
)
def test_cliques_when_asked_wrongly_then_one_sentence(
    invoke: Invoke, karate: Path, tmp_path: Path, monkeypatch: Any, options: Any,
    words: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    done = invoke("hypergraph", "cliques", karate, *options)
    assert done.exit_code != 0
    assert words in done.stderr
    assert not list(tmp_path.glob("c.*"))


@pytest.mark.parametrize(
    ("command", "unit"),
    [
        (("hypergraph", "cliques"), "roots"),
        (("walk", "--walk-length", 10), "walks"),
        (("assess", "-m", "fastrp", "-d", 16), "queries"),
    ],
)
def test_dry_run_when_asked_then_the_plan_and_nothing_else(
    invoke: Invoke, karate: Path, command: Any, unit: str
) -> None:
    name, *rest = command[:2] if unit == "roots" else command[:1]
    line = [name, *rest, karate, *command[1 + len(rest) :], "--dry-run"]
    before = sorted(karate.parent.iterdir())
    done = invoke(*line, "--json")
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["result"]["dry_run"] is True
    plan = record["result"]["plan"]
    assert (plan["path"], plan["unit"]) == ("memory", unit)
    assert 100 < plan["memory"] < 1e7
    done = invoke(*line, "--executor", "serial", "--memory-limit", "1GB")
    assert f"{unit} in files" in done.stdout
    assert "1 GB allowed" in done.stdout
    done = invoke(*line, "--memory-limit", "1kB")
    assert done.exit_code != 0
    assert "memory_limit is 1 kB" in done.stderr
    assert sorted(karate.parent.iterdir()) == before


def test_dry_run_when_triples_then_the_plan_of_their_ranking(
    invoke: Invoke, tmp_path: Path
) -> None:
    rows = np.array([[i, 0, (i + 1) % 20] for i in range(20)])
    graph = KnowledgeGraph(rows, range(20), ["next"])
    graphrep.kge.DistMult(4, n_epochs=1, random_state=0).fit(graph).save(tmp_path / "m")
    file = tmp_path / "test.tsv"
    file.write_text("".join(f"{h}\tnext\t{t}\n" for h, _, t in rows[:5]), "utf-8")
    line = ("kge", "evaluate", tmp_path / "m", file)
    done = invoke(*line, "--dry-run", "--executor", "serial", "--json")
    assert done.exit_code == 0, done.stderr
    plan = json.loads(done.stdout)["result"]["plan"]
    assert (plan["unit"], plan["n_tasks"]) == ("queries", 1)
    done = invoke(*line, "--memory-limit", "1kB")
    assert "memory_limit is 1 kB" in done.stderr
    limited = invoke(*line, "--memory-limit", "1GB", "--json").stdout
    whole = invoke(*line, "--json").stdout
    assert json.loads(limited)["result"] == json.loads(whole)["result"]
