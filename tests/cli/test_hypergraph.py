"""``graphrep hypergraph``: project, report, reconstruct."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import graphrep
from graphrep import Hypergraph
from graphrep.hypergraph import BayesianMDL, SHyRe, projection_loss

Invoke = Callable[..., Any]
LINES = ["a b c", "c d", "d e f g", "e f", "g h i", "k"]


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    path = tmp_path / "papers.txt"
    path.write_text("\n".join(LINES) + "\n", "utf-8")
    return path


@pytest.fixture
def graph(papers: Path, tmp_path: Path) -> Path:
    path = tmp_path / "graph.tsv"
    graphrep.write(graphrep.read_hypergraph(papers).project(), path)
    return path


def test_project_then_the_graph_that_python_makes(
    invoke: Invoke, papers: Path, tmp_path: Path
) -> None:
    path = tmp_path / "g.npz"
    done = invoke("hypergraph", "project", papers, "-o", path, "--json")
    assert done.exit_code == 0, done.stderr
    given = graphrep.read_hypergraph(papers)
    assert graphrep.read(path) == given.project()
    record = json.loads(done.stdout)
    assert (record["n_nodes"], record["n_edges"]) == (10, 13)
    assert record["result"] == {"n_hyperedges": 6}
    again = invoke("hypergraph", "project", papers, "-o", path)
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr


def test_project_when_unweighted_into_a_pipe_then_edges(
    invoke: Invoke, papers: Path
) -> None:
    done = invoke(
        "hypergraph", "project", papers, "-o", "-", "--format", "edgelist",
        "--unweighted", "--min-size", 4,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    edges = [row for row in done.stdout.splitlines() if row.count("\t") == 1]
    assert edges == ["d\te", "d\tf", "d\tg", "e\tf", "e\tg", "f\tg"]


def test_report_then_words_page_and_json(
    invoke: Invoke, papers: Path, tmp_path: Path
) -> None:
    page, save = tmp_path / "r.html", tmp_path / "r.json"
    done = invoke("hypergraph", "report", papers, "--html", page, "--save", save)
    assert done.exit_code == 0, done.stderr
    loss = projection_loss(graphrep.read_hypergraph(papers))
    assert done.stdout == f"{loss}\n"
    assert json.loads(save.read_text("utf-8")) == json.loads(loss.to_json())
    assert "graph of papers.txt loses" in page.read_text("utf-8")  # no folder
    plain = invoke("hypergraph", "report", papers, "--json", "--min-size", 3)
    result = json.loads(plain.stdout)["result"]
    assert (result["n_hyperedges"], result["n_nested"]) == (3, 0)


def test_report_when_names_hold_escapes_then_they_are_shown(
    invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "odd.json"
    odd = Hypergraph([("\x1b[31m", "b"), ("\x1b[31m", "b", "c")])
    graphrep.write_hypergraph(odd, path)
    done = invoke("hypergraph", "report", path)
    assert "\x1b" not in done.stdout
    assert "\\x1b[31m" in done.stdout


@pytest.mark.parametrize("method", ["mdl", "cover", "max_cliques"])
def test_reconstruct_when_nothing_is_learnt_then_hyperedges_and_scores(
    invoke: Invoke, papers: Path, graph: Path, tmp_path: Path, method: str
) -> None:
    path = tmp_path / "found.json"
    done = invoke(
        "hypergraph", "reconstruct", graph, "-m", method, "-o", path, "--truth",
        papers, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    found = graphrep.read_hypergraph(path)
    assert {frozenset(e) for e in found} == {
        frozenset(line.split()) for line in LINES if line not in ("e f", "k")
    }
    result = json.loads(done.stdout)["result"]
    assert result["scores"]["jaccard"] == 0.8
    assert result["scores"]["min_size"] == 2
    assert result["sizes"] == {"2": 1, "3": 2, "4": 1}


def test_reconstruct_when_seeded_then_as_in_python_and_told_to_people(
    invoke: Invoke, papers: Path, graph: Path
) -> None:
    done = invoke(
        "hypergraph", "reconstruct", graph, "-o", "-", "--truth", papers, "--seed", 3,
        "--min-size", 1, "--search", "mcmc", "--n-sweeps", 5,
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    model = BayesianMDL(search="mcmc", n_sweeps=5, min_size=1, random_state=3)
    found = model.predict(graphrep.read(graph))
    lines = [" ".join(map(str, e)) for e in found]
    assert sorted(done.stdout.splitlines()) == sorted(lines)
    assert "hyperedges of 1 and more nodes" in done.stderr
    assert "seed" in done.stderr


def test_reconstruct_when_trained_then_as_in_python(
    invoke: Invoke, papers: Path, graph: Path, tmp_path: Path
) -> None:
    path = tmp_path / "found.json"
    done = invoke(
        "hypergraph", "reconstruct", graph, "-m", "shyre", "--train", papers, "-o",
        path, "--seed", 0, "--budget", 10, "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    model = SHyRe(budget=10, random_state=0).fit(graphrep.read_hypergraph(papers))
    found = model.predict(graphrep.read(graph))
    assert set(graphrep.read_hypergraph(path)) == set(found)
    assert json.loads(done.stdout)["parameters"]["budget"] == 10


def test_reconstruct_when_model_is_saved_then_it_can_be_used_again(
    invoke: Invoke, papers: Path, graph: Path, tmp_path: Path
) -> None:
    model, *found = (tmp_path / n for n in ("model.zip", "a.json", "b.json"))
    first = ("-m", "auto", "--train", papers, "--save-model", model, "--seed", 0)
    for path, how in zip(found, (first, ("--model", model)), strict=True):
        done = invoke("hypergraph", "reconstruct", graph, "-o", path, *how)
        assert done.exit_code == 0, done.stderr
    assert found[0].read_bytes() == found[1].read_bytes()
    assert set(graphrep.read_hypergraph(found[0]))
    refused = ("-m", "shyre", "--train", papers, "--save-model", tmp_path / "no")
    done = invoke("hypergraph", "reconstruct", graph, "-o", path, *refused)
    assert done.exit_code != 0
    assert "SHyRe cannot be saved" in done.stderr


def test_reconstruct_when_plotted_then_a_picture(
    invoke: Invoke, papers: Path, graph: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "picture.svg"
    done = invoke("hypergraph", "reconstruct", graph, "--truth", papers, "--plot", path)
    assert done.exit_code == 0, done.stderr
    assert "missed" in path.read_text("utf-8")


def test_reconstruct_when_dry_run_then_only_a_plan(
    invoke: Invoke, graph: Path, tmp_path: Path
) -> None:
    path = tmp_path / "found.json"
    done = invoke(
        "hypergraph", "reconstruct", graph, "-m", "cover", "-o", path, "--dry-run"
    )
    assert done.exit_code == 0, done.stderr
    assert "cover (CliqueCover)" in done.stdout
    assert not path.exists()
    plain = invoke("hypergraph", "reconstruct", graph, "--dry-run", "--json")
    record = json.loads(plain.stdout)
    assert record["n_nodes"] == 10
    assert record["result"]["method"] == "mdl"
    assert record["parameters"]["search"] == "greedy"


def test_reconstruct_when_ids_are_integers_in_one_file_only_then_they_still_match(
    invoke: Invoke, tmp_path: Path
) -> None:
    whole = Hypergraph([("1", "2"), ("2", "x")])
    graph, truth = tmp_path / "g.tsv", tmp_path / "t.txt"
    graphrep.write(whole.project(), graph)
    truth.write_text("1 2\n", "utf-8")
    done = invoke("hypergraph", "reconstruct", graph, "--truth", truth, "--json")
    assert json.loads(done.stdout)["result"]["scores"]["n_common"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-m", "shyre", "-o", "x.json"), "shyre learns from hyperedges"),
        (("-m", "cover", "--train", "{papers}", "-o", "x.json"), "cover learns"),
        (("-m", "cover", "--n-sweeps", "3", "-o", "x.json"), "it is one of mdl"),
        (("-m", "mdl", "--n-sweeps", "0", "-o", "x.json"), "n_sweeps"),
        (("--model", "{papers}", "-m", "mdl", "-o", "x.json"), "--method has no eff"),
        (("--model", "{papers}", "--seed", "1", "-o", "x.json"), "--seed has"),
        (("--save-model", "m", "-o", "x.json"), "--save-model needs --train"),
        (("-o", "x.jpg"), "tells no format of hypergraphs"),
        (("-o", "-", "--json"), "both write to standard output"),
        (("-o", "nowhere/x.json"), "does not exist"),
        (("--plot", "x.jpg", "-o", "x.json"), "--plot must end in"),
        ((), "Give -o to write the hyperedges, or --truth"),
    ],
)
def test_reconstruct_when_it_cannot_work_then_said_before_the_work(
    invoke: Invoke, papers: Path, graph: Path, arguments: Any, message: str
) -> None:
    texts = [a.format(papers=papers) for a in arguments]
    done = invoke("hypergraph", "reconstruct", graph, *texts)
    assert done.exit_code != 0
    assert message in done.stderr
    assert not Path("x.json").exists()


def test_reconstruct_when_graph_is_too_large_to_draw_then_said(
    invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "ring.tsv"
    path.write_text("\n".join(f"{i}\t{(i + 1) % 61}" for i in range(61)), "utf-8")
    done = invoke("hypergraph", "reconstruct", path, "-o", "-", "--plot", "x.png")
    assert done.exit_code == 2
    assert "up to 60 nodes; this one has 61" in done.stderr
