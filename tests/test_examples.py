"""The gallery's scripts run as they stand, without the network."""

from __future__ import annotations

import runpy
import socket
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("plot_*.py"))


def test_gallery_when_listed_then_is_there():
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_when_run_then_draws_a_picture(path, monkeypatch, capsys):
    matplotlib = pytest.importorskip("matplotlib")
    if "load_icd10cm" in path.read_text(encoding="utf-8"):
        pytest.importorskip("simple_icd_10_cm")
    if "import spacy" in path.read_text(encoding="utf-8"):
        pytest.importorskip("spacy")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    def refuse(*arguments):
        raise AssertionError("an example opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(plt, "show", lambda: None)
    plt.close("all")
    runpy.run_path(str(path))
    assert len(plt.get_fignums()) == 1
    plt.close("all")
    assert capsys.readouterr().out
