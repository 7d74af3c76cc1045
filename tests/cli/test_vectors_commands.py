"""``similar``, ``plot``, ``datasets`` and ``quickstart``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

from graphrep.cli import _render
from graphrep.graph import Vectors
from graphrep.io import write_vectors

Invoke = Callable[..., Any]


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    path = tmp_path / "v.npz"
    rows = [[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [-1.0, 0.0]]
    write_vectors(Vectors(rows, ["a", "b", "c", "d"]), path)
    return path


def test_similar_when_piped_then_rows_have_tabs(invoke: Invoke, vectors: Path) -> None:
    done = invoke("similar", vectors, "a", "c", "-k", 2)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "node\trank\tneighbor\tscore",
        "a\t1\tb\t0.9939",
        "a\t2\tc\t0.0000",
        "c\t1\tb\t0.1104",
        "c\t2\ta\t0.0000",
    ]


def test_similar_when_names_are_given_then_shows_them(
    invoke: Invoke, vectors: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.tsv"
    names.write_text("id\tname\nb\tthe second\n")
    done = invoke("similar", vectors, "a", "-k", 1, "--names", names)
    assert done.stdout.splitlines()[1] == "a\t1\tb\t0.9939\tthe second"
    record = json.loads(
        invoke("similar", vectors, "a", "-k", 1, "--names", names, "--json").stdout
    )
    assert record["result"] == [
        {
            "node": "a",
            "neighbors": [{"node": "b", "score": 0.993884, "name": "the second"}],
        }
    ]


def test_similar_when_nodes_come_through_a_pipe_then_are_read(
    invoke: Invoke, vectors: Path
) -> None:
    done = invoke("similar", vectors, "-", "-k", 1, input="a\nd\n")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()[1:]] == ["a", "d"]


def test_similar_when_ids_are_integers_then_texts_are_converted(
    invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "v.npz"
    write_vectors(Vectors([[1.0, 0.0], [1.0, 0.1]], [7, -8]), path)
    done = invoke("similar", path, "7", "--metric", "euclidean")
    assert done.stdout.splitlines()[1] == "7\t1\t-8\t0.1000"
    # click takes what begins with a dash for an option, unless told otherwise
    assert invoke("similar", path, "--", "-8").exit_code == 0


def test_similar_when_a_node_is_unknown_then_is_bad_data(
    invoke: Invoke, vectors: Path
) -> None:
    done = invoke("similar", vectors, "zz")
    assert done.exit_code == 3
    assert "'zz'" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["map.html", "map.png"])
def test_plot_when_done_then_the_file_is_there(
    invoke: Invoke, vectors: Path, tmp_path: Path, name: str
) -> None:
    if name.endswith("png"):
        pytest.importorskip("matplotlib")
    labels = tmp_path / "labels.tsv"
    labels.write_text("a\tred\nb\tred\nc\tblue\n")
    out = tmp_path / name
    done = invoke("plot", vectors, "-o", out, "--labels", labels)
    assert done.exit_code == 0, done.stderr
    assert f"Drew {out}" in done.stderr
    assert out.stat().st_size > 1000
    assert invoke("plot", vectors, "-o", out).exit_code == 2
    assert invoke("plot", vectors, "-o", out, "--overwrite", "-q").output == ""


def test_plot_when_the_suffix_is_neither_then_is_a_usage_error(
    invoke: Invoke, vectors: Path
) -> None:
    done = invoke("plot", vectors, "-o", "map.pdf")
    assert done.exit_code == 2
    assert "must end in .png or .html" in done.stderr


def test_datasets_when_listed_then_has_a_row_for_each(invoke: Invoke) -> None:
    from graphrep.datasets import list_datasets

    lines = invoke("datasets", "list").stdout.splitlines()
    assert len(lines) == len(list_datasets()) + 1
    assert lines[1].startswith("karate\t")
    record = json.loads(invoke("datasets", "list", "--json").stdout)
    assert record["result"][0]["name"] == "karate"
    assert record["command"] == "datasets list"


def test_datasets_when_listed_to_people_then_numbers_have_commas(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_render, "is_terminal", lambda: True)
    monkeypatch.setattr("graphrep.cli.commands.datasets.is_terminal", lambda: True)
    shown = click.unstyle(invoke("datasets", "list").stdout)
    assert "47,161" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_datasets_path_when_absent_then_says_how_to_get_it(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPHREP_DATA_DIR", str(tmp_path))
    done = invoke("datasets", "path", "cora")
    assert done.stdout.startswith(str(tmp_path))
    assert "graphrep datasets fetch cora" in done.stderr
    assert invoke("datasets", "path", "cora", "--json").stdout.count("\n") == 1


def test_datasets_fetch_when_bundled_then_prints_its_place(invoke: Invoke) -> None:
    done = invoke("datasets", "fetch", "karate")
    assert Path(done.stdout.strip()).exists()
    assert invoke("datasets", "fetch", "karat").exit_code == 3


class Result:
    """What the quickstart returns, small."""

    def __init__(self, folder: Path) -> None:
        self.vectors = folder / "icd10cm.npy"
        self.map_png = folder / "map.png"
        self.map_html = folder / "map.html"
        self.report = folder / "index.html"
        self.review = folder / "review.html"
        self.links = {
            "kidney stones": [("N20.0", "Calculus of kidney", 0.321)], "?": []
        }  # fmt: skip
        self.neighbours = {"I10": [("I15", "Secondary hypertension", 0.75)]}
        self.names = {"I10": "Essential hypertension"}
        self.statistics = {"nodes": 2, "edges": 1, "dimensions": 8, "seed": 0}
        self.seconds = {"Reading": 0.1}


@pytest.fixture
def small_quickstart(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stand in for the work; the work itself has tests of its own."""
    asked: dict[str, Any] = {}

    def run(folder: str, **options: Any) -> Result:
        asked.update(options)
        options["progress"]("Reading", 0, 1)
        Path(folder).mkdir(exist_ok=True)
        (Path(folder) / "icd10cm.npy").write_bytes(b"")
        return Result(Path(folder))

    module = ModuleType("graphrep.quickstart")
    module.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "graphrep.quickstart", module)
    return asked


def test_quickstart_when_done_then_shows_codes_and_places(
    invoke: Invoke, tmp_path: Path, small_quickstart: dict[str, Any]
) -> None:
    folder = tmp_path / "out"
    done = invoke("quickstart", "-o", folder, "-d", 8)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "code\tnearest\tscore\tname",
        "I10\tI10\t1.000\tEssential hypertension",
        "I10\tI15\t0.750\tSecondary hypertension",
        "",
        "phrase\tcode\tchance\tname",
        "kidney stones\tN20.0\t0.32\tCalculus of kidney",
        "?\t-\t\t",
    ]
    assert f"Wrote {folder}" in done.stderr
    assert str(folder / "index.html") in done.stderr
    assert small_quickstart["n_components"] == 8
    assert invoke("quickstart", "-o", folder).exit_code == 0  # its own are renewed
    record = json.loads(invoke("quickstart", "-o", folder, "--json").stdout)
    assert len(record["outputs"]) == 5
    assert record["result"]["links"]["kidney stones"][0][0] == "N20.0"
    assert record["result"]["neighbors"]["I10"][0][0] == "I15"


@pytest.mark.usefixtures("small_quickstart")
def test_quickstart_when_the_folder_holds_other_files_then_refuses(
    invoke: Invoke, tmp_path: Path
) -> None:
    (tmp_path / "precious.txt").write_text("x")
    done = invoke("quickstart", "-o", tmp_path)
    assert done.exit_code == 2
    assert "holds other files" in done.stderr
    assert invoke("quickstart", "-o", tmp_path / "precious.txt").exit_code == 2
    assert invoke("quickstart", "-o", tmp_path, "--overwrite").exit_code == 0
