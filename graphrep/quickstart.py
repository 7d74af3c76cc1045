"""Quickstart: a medical taxonomy becomes vectors, a map, and codes for phrases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphrep._quickstart_page import write_page
from graphrep.datasets import Bunch, load_icd10cm, load_icd10cm_terminology
from graphrep.embedding import FastRP
from graphrep.exceptions import NodeNotFoundError
from graphrep.graph import Terminology, Vectors
from graphrep.io import write_vectors
from graphrep.linking import CandidateList, PhraseLinker
from graphrep.plot import embedding_map, link_review, save_html, save_png
from graphrep.typing import PathType

SEEDS = ("E11.9", "I10", "J45.909", "F32.9", "C50.911", "S72.001")
PHRASES = (
    "type 2 diabetes with diabetic kidney disease", "high blood pressure",
    "asthma attack, mild intermittent", "fracture of the left femoral neck",
    "iron deficiency anemia from chronic blood loss", "kidney stones",
    "appendicitis with generalised peritonitis", "carpal tunnel syndrome on the right",
    "Crohn's disease of the small bowel with fistula", "migraine with aura",
    "rheumatoid arthritis of the right hand", "vitamin B12 deficiency anaemia",
    "deep vein thrombosis of the right femoral vein", "gout of the big toe",
    "severe depression, single episode, no psychotic symptoms",
    "allergy to penicillin in the past", "Alzheimers, late onset",
    "stroke due to embolism of left middle cerebral artery", "hepatitis C, chronic",
    "sleep apnoea, obstructive",
)  # fmt: skip
"""Phrases as people write them; the linker has not seen them."""

LEAST_CHANCE = 0.15
"""Chance below which a person should look: the phrase is marked on the page."""

# On a taxonomy, ten powers of equal weight keep siblings and cousins together and
# let a code see its chapter; with a mean degree near two, a projection with many
# non-zeros keeps unrelated codes apart.
PRESET = "taxonomy"
_TITLE = "ICD-10-CM: {n:,} medical concepts as vectors"


@dataclass(frozen=True)
class QuickstartResult:
    """What the quickstart made, and where it is.

    Parameters
    ----------
    vectors, map_png, map_html, report : pathlib.Path
        Files written.
    neighbours : dict of str to list of (id, name, score)
        Nearest codes of the seeds.
    review : pathlib.Path or None
        Page on which the codes of the phrases can be checked.
    links : dict of str to list of (id, name, chance)
        Codes of the phrases, the likeliest first.
    names : dict of str to str
        Name of every node.
    statistics : dict of str to object
        Facts about the graph and the run.
    seconds : dict of str to float
        Wall time of each step.
    """

    vectors: Path
    map_png: Path
    map_html: Path
    report: Path
    neighbours: dict[str, list[tuple[str, str, float]]]
    review: Path | None
    links: dict[str, list[tuple[str, str, float]]]
    names: dict[str, str] = field(repr=False)
    statistics: dict[str, Any]
    seconds: dict[str, float]


def run(
    output_dir: PathType,
    *,
    n_components: int = 128,
    random_state: int = 0,
    seeds: Sequence[str] = SEEDS,
    phrases: Sequence[str] = PHRASES,
    k: int = 8,
    max_points: int = 4000,
    progress: Callable[[str, int, int], None] | None = None,
) -> QuickstartResult:
    """Embed ICD-10-CM, draw a map, find codes for phrases, write a page.

    Parameters
    ----------
    output_dir : path-like
        Folder to write to; made if it is not there.
    n_components : int, default=128
        Dimension of the vectors.
    random_state : int, default=0
        Seed.
    seeds : sequence of str
        Codes whose nearest codes are listed.
    phrases : sequence of str
        Phrases to find codes for, by a `PhraseLinker` that learns from the names of
        ICD-10-CM alone; with none nothing is learnt.
    k : int, default=8
        How many nearest codes.
    max_points : int, default=4000
        Size of the sample that t-SNE lays out; see `embedding_map`.
    progress : callable or None, default=None
        Called as ``progress(label, done, total)`` before each step.

    Returns
    -------
    QuickstartResult

    Raises
    ------
    MissingDependencyError
        If ``simple_icd_10_cm`` or matplotlib is not installed.
    NodeNotFoundError
        If a seed is no code.
    """
    clock = _Clock(progress, 8 if phrases else 6)
    folder = Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    with clock.step("Reading ICD-10-CM"):
        icd = load_icd10cm()
    _check_seeds(icd, seeds)
    with clock.step("Embedding with FastRP"):
        model = FastRP.from_preset(
            PRESET, n_components=n_components, random_state=random_state,
            keep_layers=False,
        )  # fmt: skip
        model.fit(icd.graph)
        vectors = Vectors(model.embedding_, icd.graph.nodes)
    with clock.step("Finding nearest codes"):
        near = {seed: _nearest(vectors, icd.names, seed, k) for seed in seeds}
    with clock.step("Writing vectors"):
        write_vectors(vectors, folder / "icd10cm.npy")
    with clock.step("Laying out the map"):
        drawing = embedding_map(
            vectors, [icd.y_names[chapter] for chapter in icd.y.tolist()], icd.names,
            method="tsne", title=_TITLE.format(n=icd.graph.n_nodes),
            max_points=max_points, random_state=random_state,
        )  # fmt: skip
    with clock.step("Drawing the map"):
        save_png(drawing, folder / "map.png")
        save_html(drawing, folder / "map.html")
    found, review = None, None
    if phrases:
        terminology = load_icd10cm_terminology()
        with clock.step("Learning to link phrases"):
            linker = PhraseLinker(random_state=random_state).fit(terminology)
        with clock.step("Finding codes for phrases"):
            found = linker.candidates(phrases, 10)
            review = folder / "review.html"
            link_review(
                found, review, threshold=LEAST_CHANCE, title="Codes for phrases"
            )
    result = QuickstartResult(
        vectors=folder / "icd10cm.npy",
        map_png=folder / "map.png",
        map_html=folder / "map.html",
        report=folder / "index.html",
        neighbours=near,
        review=review,
        links={} if found is None else links_of(found, terminology),
        names=icd.names,
        statistics=_statistics(icd, n_components, random_state),
        seconds=clock.seconds,
    )
    write_page(
        result.report, picture=result.map_png, names=icd.names, neighbours=near,
        links=result.links, statistics=result.statistics, seconds=result.seconds,
        settings={"preset": PRESET},
    )  # fmt: skip
    return result


class _Clock:
    """Times the steps and tells the listener of each."""

    def __init__(
        self, progress: Callable[[str, int, int], None] | None, n_steps: int
    ) -> None:
        self._progress, self._n_steps = progress, n_steps
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        if self._progress is not None:
            self._progress(label, len(self.seconds), self._n_steps)
        start = time.perf_counter()
        yield
        self.seconds[label] = time.perf_counter() - start


def _check_seeds(icd: Bunch, seeds: Sequence[str]) -> None:
    for seed in seeds:
        if seed not in icd.names:
            raise NodeNotFoundError(
                f"{seed!r} is no code of ICD-10-CM. Codes look like 'E11.9'; those of "
                "seven characters are not in the list."
            )


def _nearest(
    vectors: Vectors, names: dict[str, str], seed: str, k: int
) -> list[tuple[str, str, float]]:
    found = vectors.most_similar(seed, k=k)
    return [(str(code), names[str(code)], float(score)) for code, score in found]


def links_of(
    found: CandidateList, terminology: Terminology
) -> dict[str, list[tuple[str, str, float]]]:
    """Codes of each phrase with their names and chances, the likeliest first."""
    names = dict(
        zip(terminology.ids.tolist(), terminology.preferred_names, strict=True)
    )
    return {
        phrase: [(c.concept_id, names[c.concept_id], c.score) for c in candidates]
        for phrase, candidates in zip(found.mentions or (), found, strict=True)
    }


def _statistics(icd: Bunch, n_components: int, random_state: int) -> dict[str, Any]:
    tree = len(icd.parents) - icd.parents.count("")
    return {
        "release": icd.release,
        "nodes": icd.graph.n_nodes,
        "edges": icd.graph.n_edges,
        "parent and child": tree,
        "cross references": icd.graph.n_edges - tree,
        "chapters": len(icd.y_names),
        "dimensions": n_components,
        "seed": random_state,
    }
