"""Data sets of ScHoLP: three or four files that belong together."""

from __future__ import annotations

import gzip

import pytest

from graphrep import read_hypergraph
from graphrep.exceptions import GraphFormatError, GraphValueError, GraphWarning
from graphrep.io import read_scholp


@pytest.fixture
def folder(tmp_path):
    make = tmp_path / "email"
    make.mkdir()
    (make / "email-nverts.txt").write_text("2\n3\n1\n2\n")
    (make / "email-simplices.txt").write_text("1\n2\n3\n1\n2\n4\n2\n1\n")
    (make / "email-times.txt").write_text("100\n200\n150\n300\n")
    (make / "email-node-labels.txt").write_text("1 Ann Lee\n2 Bo\n9\tCy\n4\n")
    (make / "README.txt").write_text("about\n")
    return make


def test_data_set_when_read_by_any_of_its_names_then_the_same(folder):
    h = read_scholp(folder)
    assert list(h) == [(1, 2), (1, 2, 3), (4,), (1, 2)]
    assert h.node_ids.tolist() == [1, 2, 3, 4, 9]
    assert h.node_labels == {1: "Ann Lee", 2: "Bo", 9: "Cy"}
    assert h.weights is None
    for name in ("nverts", "simplices", "times", "node-labels"):
        assert read_hypergraph(folder / f"email-{name}.txt") == h
    assert read_hypergraph(folder) == h
    assert read_hypergraph(str(folder), format="scholp") == h
    assert h.distinct().counts.tolist() == [2, 1, 1]


def test_times_when_asked_for_then_weights(folder):
    assert read_scholp(folder, times=True).weights.tolist() == [100, 200, 150, 300]
    (folder / "email-times.txt").unlink()
    assert read_scholp(folder).weights is None
    with pytest.raises(GraphValueError, match="no file of times"):
        read_scholp(folder, times=True)


def test_files_when_compressed_then_read(folder):
    h = read_scholp(folder)
    for name in ("nverts", "simplices"):
        path = folder / f"email-{name}.txt"
        with gzip.open(f"{path}.gz", "wb") as file:
            file.write(path.read_bytes())
        path.unlink()
    assert read_scholp(folder) == h
    assert read_hypergraph(folder / "email-nverts.txt.gz") == h


def test_folder_when_it_holds_none_or_several_then_says_so(folder, tmp_path):
    with pytest.raises(GraphFormatError, match="found none"):
        read_scholp(tmp_path)
    (folder / "other-nverts.txt").write_text("1\n")
    with pytest.raises(GraphFormatError, match="found email, other"):
        read_scholp(folder)
    with pytest.raises(FileNotFoundError, match="other-simplices"):
        read_scholp(folder / "other-nverts.txt")
    with pytest.raises(GraphFormatError, match="The name is none of"):
        read_scholp(folder / "README.txt")


@pytest.mark.parametrize(
    ("name", "content", "says", "line"),
    [
        ("nverts", "2\n3\n1\n", "add up to 6, but 8 nodes", None),
        ("nverts", "2\nx\n", "whole number is expected; got 'x'", 2),
        ("nverts", "2\n-3\n", "cannot have -3 nodes", 2),
        ("simplices", "1\n\n1.5\n", "whole number is expected; got '1.5'", 3),
        ("times", "1\n2\n", "2 times are given for 4", None),
        ("times", "1\nsoon\n", "A time is a number; got 'soon'", 2),
        ("times", "1\n2\n3\nnan\n", "weight nan", None),
        ("node-labels", "1 a\n1 b\n", "'1' stands twice", 2),
        ("node-labels", "a b\n", "'a' is no number", 1),
    ],
)
def test_file_when_broken_then_says_which_line(folder, name, content, says, line):
    (folder / f"email-{name}.txt").write_text(content)
    with pytest.raises(GraphFormatError, match=says) as caught:
        read_scholp(folder, times=True)
    assert caught.value.line == line


def test_data_set_when_empty_or_with_repeats_then_told(folder):
    (folder / "email-node-labels.txt").unlink()
    (folder / "email-simplices.txt").write_text("1\n1\n3\n1\n2\n4\n2\n1\n")
    with pytest.warns(GraphWarning, match="1 hyperedges name a node more than once"):
        assert read_scholp(folder)[0] == (1,)
    (folder / "email-nverts.txt").write_text("")
    (folder / "email-simplices.txt").write_text("")
    with pytest.raises(GraphFormatError, match="No simplices"):
        read_scholp(folder)
    assert read_scholp(folder, allow_empty=True).n_nodes == 0
