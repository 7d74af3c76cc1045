"""Registry: every data set that is known, its size, licence, files and checksums."""

from __future__ import annotations

from dataclasses import dataclass

from graphrep.datasets._hypergraph_files import HYPERGRAPH_FILES
from graphrep.datasets._semantic_files import BATS, GOOGLE, SIMILARITY
from graphrep.datasets._triple_files import NUMBERED, TRIPLE_FILES

# Two ways to one file at one commit of a public repository; the checksum decides.
_ADDRESSES = (
    "https://raw.githubusercontent.com/{repository}/{commit}/{path}",
    "https://cdn.jsdelivr.net/gh/{repository}@{commit}/{path}",
)


@dataclass(frozen=True)
class RemoteFile:
    """A public file pinned at a commit.

    Parameters
    ----------
    repository, commit, path : str
        Where the file lies.
    sha256 : str
        What it must hash to.
    """

    repository: str
    commit: str
    path: str
    sha256: str

    @property
    def name(self) -> str:
        """Name of the file without its folder."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def urls(self) -> tuple[str, ...]:
        """Addresses of the file, to be tried in turn."""
        return tuple(
            form.format(repository=self.repository, commit=self.commit, path=self.path)
            for form in _ADDRESSES
        )


@dataclass(frozen=True)
class Entry:
    """What is known of a data set before it is read.

    Parameters
    ----------
    name, kind : str
        Name in the functions and on the command line; what the graph is of.
    n_nodes, n_edges : int
        Size of the original.
    licence : str
        Terms, as far as the source states them.
    how : {"bundled", "package", "fetched", "prepared"}
        Whether it lies in this package, in another one, is downloaded, or has to be
        put in place.
    format : str
        Which parser reads the files.
    files : tuple of RemoteFile
        What to download.
    note : str
        What to know before comparing results.
    prepared : tuple of str
        Copies in the folder of the data set that take the place of ``files``.
    room : str
        Folder of `data_home` in which that folder lies, if it is not there itself.
    """

    name: str
    kind: str
    n_nodes: int
    n_edges: int
    licence: str
    how: str = "fetched"
    format: str = ""
    files: tuple[RemoteFile, ...] = ()
    note: str = ""
    prepared: tuple[str, ...] = ()
    room: str = ""


_PRONE = ("THUDM/ProNE", "873630a5943f3eba8f4bbc9751fdf16af98d2171")
_FASTRP = ("GTmac/FastRP", "3a6a71c02a47b131445ed091db6d4ad9aed47d7d")
_GNN = ("shchur/gnn-benchmark", "1e72912a0810cdf27ae54fd589a3b43358a2b161")
_BTW = ("SongFGH/BTW", "4421fddf8294ed318f3e83dd5e9d4e311e2a35da")
_SOAR = ("dhivyaeswaran/soar", "40511f7fdb99db04992c6de16b87f30005465bd5")
_OWNERS = "MIT (repository); the data keep their owners' terms"

_CONCEPTNET = ("commonsense/conceptnet5", "fda1b39607ea6f07e41ddce22d9d5f8360ded581")
_WORDS = "conceptnet5/support_data"


def _prone(stem: str, edges: str, labels: str) -> tuple[RemoteFile, ...]:
    return (
        RemoteFile(*_PRONE, f"data/{stem}.ungraph", edges),
        RemoteFile(*_PRONE, f"data/{stem}.cmty", labels),
    )


SEMANTIC_FILES = {
    name: RemoteFile(*_CONCEPTNET, f"{_WORDS}/{path}", sha256)
    for name, (path, sha256) in (
        *SIMILARITY.items(),
        ("google", GOOGLE),
        *((key, (f"bats/{key}.txt", sha256)) for key, sha256 in BATS.items()),
    )
}

_NFE = ("changyi7231/NFE", "c35509ee79949b13f440ce9dd384a2057e2cb9ed")
_PYKEEN = ("pykeen/pykeen", "05c7bbb20c952f3e5e958e694344ace4005b1bbb")

_SHYRE = (
    "Abel0828/supervised_hypergraph_reconstruction",
    "d49c77ed2ef5d41d5c1707211fcf17e2a2283830",
)


def _halves(name: str, kind: str, size: tuple[int, int]) -> Entry:
    """Hypergraph in two halves; its size is that of both together."""
    suffix = "txt.gz" if name == "dblp" else "txt"
    return Entry(
        name, f"hypergraph in two halves, {kind}", *size,
        "none stated; terms of the sources apply, cite them", room="hypergraphs",
        files=tuple(RemoteFile(*_SHYRE, *f) for f in HYPERGRAPH_FILES[name]),
        format="hyperedges", prepared=(f"train.{suffix}", f"test.{suffix}"),
    )  # fmt: skip


def _triples(
    name: str,
    kind: str,
    size: tuple[int, int],
    licence: str,
    *,
    copies: str = "tsv",
    how: str = "fetched",
    note: str = "",
) -> Entry:
    """Knowledge graph of three parts."""
    home = _PYKEEN if copies == "tsv" else _NFE
    files = tuple(RemoteFile(*home, *file) for file in TRIPLE_FILES.get(name, ()))
    suffixes = copies.split()
    return Entry(
        name, kind, *size, licence, how, room="kg", files=files, note=note,
        format="numbered" if name in NUMBERED else "triples",
        prepared=tuple(
            f"{part}.{suffixes[min(i, len(suffixes) - 1)]}"
            for i, part in enumerate(("train", "valid", "test"))
        ),
    )  # fmt: skip


ENTRIES = {
    entry.name: entry
    for entry in (
        Entry("karate", "social, two factions", 34, 78, "public facts", "bundled"),
        Entry("davis", "bipartite, attendance", 32, 89, "public facts", "bundled"),
        Entry(
            "les_miserables", "characters seen together, weighted", 77, 254,
            "public facts", "bundled",
        ),
        Entry(
            "icd10cm", "medical taxonomy", 47161, 47139,
            "public domain (US government work)", "package",
            note="Needs simple_icd_10_cm; the size is that of the bare hierarchy.",
        ),
        Entry(
            "blogcatalog", "social, 39 classes, multi-label", 10312, 333983, _OWNERS,
            format="mat",
            files=(
                RemoteFile(
                    *_FASTRP, "example_graphs/blogcatalog.mat",
                    "d4f4fb89ce1ccd4b7e2a183386c000773cc9362cc61f1be5b246a6d9c259da8f",
                ),
            ),
        ),
        Entry(
            "ppi", "protein interactions, 50 classes, multi-label", 3890, 37845,
            _OWNERS, format="prone",
            files=_prone(
                "PPI",
                "853faf8f8f9705d0ccf2f12db80277cc779ccef04ba6a8703671138dca76796a",
                "d57a61e7cc5c46acafdd370c5126a2a5c57cb23f1a84ed1d0877f20149c90637",
            ),
        ),
        Entry(
            "wikipedia_pos", "word co-occurrence, 40 classes, multi-label", 4777,
            92295, _OWNERS, format="prone",
            files=_prone(
                "wikipedia",
                "b7fb8e25ce2870a518004e1efff4a691545d358fdb401bfa2f0d2091f58de4ef",
                "4637f70be5df82868d01e2fca2c9a702d35457beedf0f42c55a79b749d1f2411",
            ),
        ),
        Entry(
            "dblp_prone", "co-authors, 60 classes", 51264, 127968, _OWNERS,
            format="prone",
            files=_prone(
                "dblp",
                "dfffc3dacacfc2af2b0b924e14d9b5730702c27cf86cc59a3b8d1822e4f6aaee",
                "9d18fa32e37ff9f1489321f94586ec8022026c8fe6f19a78bf1d51ca4cbea6b9",
            ),
        ),
        Entry(
            "cora", "citations, 7 classes, 1,433 words", 2708, 5278, _OWNERS,
            format="csr_npz",
            files=(
                RemoteFile(
                    *_GNN, "data/npz/cora.npz",
                    "068e22d90c3849b4057dfb05851741428992af058efcd4e7ebb4186f3d581de2",
                ),
            ),
            note="The graph of the Planetoid release, its nodes in another order.",
        ),
        Entry(
            "citeseer", "citations, 6 classes, 3,703 words", 3312, 4536, _OWNERS,
            format="csr_npz",
            files=(
                RemoteFile(
                    *_GNN, "data/npz/citeseer.npz",
                    "280278b21b434c047922e8389518861416fb3ad39389c27865ff0e6bbb0aaab7",
                ),
            ),
            note="The Planetoid release has 3,327 nodes and 4,552 edges instead.",
        ),
        Entry(
            "pubmed", "citations, 3 classes", 19717, 44324,
            "no licence stated; data of the LINQS group, cite them", format="csv",
            files=(
                RemoteFile(
                    *_BTW, "res/graphs/pubmed/edges.csv",
                    "ce4d2b39cab68136ecd9d2de172c41c8d5eabc93ce59a52d15f3bdfb050e69c8",
                ),
                RemoteFile(
                    *_BTW, "res/graphs/pubmed/labels.csv",
                    "1404110feb3ac245bb7a157e48d8850f4180b219bb9d876942364a3f6ca7efe2",
                ),
            ),
            note="The graph of the Planetoid release, its nodes in another order.",
        ),
        Entry(
            "youtube_groups", "social, 47 largest groups, multi-label", 77381, 391179,
            _OWNERS, format="groups_mat",
            files=(
                RemoteFile(
                    *_SOAR, "data/youtube.mat",
                    "b6083bf850eee2580c4a26e812cbc4c85ad59562c9a6462f46ab330341ee13e8",
                ),
            ),
        ),
        Entry(
            "semantic", "tests of words: 8 of similarity, 2 of analogies; no graph", 0,
            0, "every test has its own terms; free for research, cite them",
            format="words", files=tuple(SEMANTIC_FILES.values()),
            note="WordSim-353 has one self pair and one pair twice.",
            prepared=(
                *(f"similarity/{name}.tsv" for name in SIMILARITY),
                "analogy/google_analogy.tsv", "analogy/bats.tsv",
            ),
        ),
        Entry(
            "cskg_mini", "words of ConceptNet-100K and WordNet, 48 relations", 213906,
            332315, "CC BY-SA 4.0 (ConceptNet) and the licence of WordNet 3.0",
            "prepared", note=(
                "It imitates how CSKG merges two of its seven sources; it is not CSKG."
            ),
            prepared=("edges.tsv.gz",),
        ),
        _triples(
            "nations", "relations of 14 countries, 55 relations", (14, 1992),
            "research use, none stated",
            note="A scorer that guesses has an MRR of .23 already.",
        ),
        _triples(
            "kinships", "kinship of the Alyawarra, 25 terms", (104, 10686),
            "research use, none stated",
        ),
        _triples(
            "umls", "types of the UMLS Semantic Network, 46 relations", (135, 6529),
            "US government work; attribute the NLM",
        ),
        _triples(
            "wn18rr", "senses of WordNet, 11 relations", (40943, 93003),
            "WordNet 3.0", copies="tsv.gz tsv",
            note="210 test triples have an entity that training lacks; all stay in.",
        ),
        _triples(
            "fb15k-237", "things of Freebase, 237 relations", (14541, 310116),
            "Microsoft Research data licence; Freebase CC BY 2.5", copies="tsv.gz",
        ),
        _triples(
            "hpo-kg", "phenotypes, diseases and genes, 6 relations", (36853, 305971),
            "HPO: free use, cite, state the version, do not alter", copies="tsv.gz",
            how="prepared",
        ),
        _halves("enron", "mails", (143, 1512)),
        _halves("pschool", "contacts in a primary school", (242, 12704)),
        _halves("hschool", "contacts in a high school", (327, 7818)),
        _halves("dblp", "authors of papers", (319916, 378494)),
        _halves("hosts", "hosts of viruses", (754, 422)),
        _halves("foursquare", "visitors of restaurants", (2876, 2045)),
        _halves("directors", "boards of companies", (1013, 204)),
        _halves("crimes", "persons in a case", (829, 499)),
    )
}  # fmt: skip
