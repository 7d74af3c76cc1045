"""What the README and the pages tell people to type works as it stands there."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    path
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if not {"_build", "_generated", "auto_examples"}.intersection(path.parts)
)
BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
SETS_UP = ("pip install", "-m venv", ".ci/", "examples/benchmarks", "-m sphinx")


def _blocks(language):
    for path in PAGES:
        found = BLOCK.findall(path.read_text(encoding="utf-8"))
        code = [text for kind, text in found if kind == language]
        if language == "bash":
            code = [t for t in code if not any(word in t for word in SETS_UP)]
        if code:
            yield pytest.param(code, id=str(path.relative_to(ROOT)))


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    """Folder to run a page's code in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("code", list(_blocks("python")))
def test_python_of_a_page_when_run_from_top_to_bottom_then_works(
    code, empty_folder, capsys
):
    for module in (
        "networkx",
        "pandas",
        "matplotlib",
        "pyarrow",
        "simple_icd_10_cm",
        "torch",
    ):
        if any(module in text for text in code):
            pytest.importorskip(module)
    if any("import spacy" in text for text in code):
        pytest.importorskip("spacy")
    if any("load_icd10cm" in text for text in code):
        pytest.importorskip("simple_icd_10_cm")
        pytest.importorskip("pyarrow")
    names = {"__name__": "page"}
    for text in code:
        exec(compile(text, "<page>", "exec"), names)


@pytest.mark.skipif(os.name == "nt", reason="the pages show a POSIX shell")
@pytest.mark.parametrize("code", list(_blocks("bash")))
def test_commands_of_a_page_when_typed_then_end_well(code, empty_folder):
    bin_folder = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(code)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_of_a_page_when_relative_then_lead_somewhere(path):
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" not in target and "auto_examples" not in target:
            assert (path.parent / target).exists(), target


def test_readme_when_read_then_second_command_is_what_the_checks_call():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first, second = re.findall(
        r"<!-- command \d -->\n```bash\n(.*?)\n```", readme, re.S
    )
    assert "\n" not in first
    assert "\n" not in second
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / second, os.X_OK)


def test_reference_when_compared_with_the_package_then_names_all():
    import graphrep

    listed = (ROOT / "docs/reference/index.md").read_text(encoding="utf-8").split()
    for room in graphrep.__all__:
        module = getattr(graphrep, room)
        names = getattr(module, "__all__", [room])
        missing = set(names).difference(listed) - {"__version__", "exceptions"}
        assert not missing, (room, missing)


def test_generated_parts_when_written_then_hold_every_command_and_format():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    from graphrep.cli._app import ENTRIES
    from graphrep.io import formats, hypergraph_formats

    text = generate.command_help()
    assert all(f"## graphrep {name}" in text for name in ENTRIES)
    assert "## graphrep embed fastrp" in text
    assert "--n-components" in text
    assert all(f"`{entry.name}`" in generate.format_table() for entry in formats())
    hypergraphs = generate.format_table(hypergraphs=True)
    assert all(f"`{entry.name}`" in hypergraphs for entry in hypergraph_formats())
    assert "(1.0, 1.0, 7.81, 45.28)" in generate.preset_table()
    large = dict(generate._beside("how_large").parts())
    lines = large["how_large.md"].replace("\u00a0", " ").splitlines()[2:]
    rows = [line.split(" | ") for line in lines]
    assert len(rows) == 4 * 5
    ways = {(row[0].strip("| "), row[1]): row[2] for row in rows}
    assert ways["2 M, 20 M", "FastRP"] == "in memory"
    assert ways["100 M, 1 B", "FastRP"] == "in files"
    assert ways["300 M, 3 B", "FastRP"].startswith("does not fit")
    assert re.match(r"does not fit: \d+ GB of memory", ways["100 M, 1 B", "node2vec"])
    assert "| columns, 2 a machine | 0 B | 28 GB |" in large["partitions.md"]
    table = generate.bad_input_table(ROOT)
    assert "| a negative weight | GraphValueError | `Negative values in data" in table
