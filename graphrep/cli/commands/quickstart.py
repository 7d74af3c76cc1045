"""``graphrep quickstart``: a medical taxonomy becomes a map, and codes for phrases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphrep.cli._help import SectionCommand, option
from graphrep.cli._render import is_terminal, print_table
from graphrep.cli._run import Run, command_options

if TYPE_CHECKING:
    from graphrep.quickstart import QuickstartResult

_FOLDER = "graphrep-quickstart"
_VECTORS = "icd10cm.npy"


@click.command(cls=SectionCommand)
@option("-o", "--output", metavar="DIR", default=_FOLDER, show_default=True,
        help="Folder for vectors, map and page; made if it is not there.")  # fmt: skip
@option("-d", "--n-components", type=click.IntRange(1), default=128, show_default=True,
        help="Dimension of the vectors.")  # fmt: skip
@option("--random-state", "--seed", type=int, default=0, show_default=True,
        help="Seed; the same gives the same files.")  # fmt: skip
@option("--overwrite", is_flag=True, help="Write to a folder that holds other files.")
@command_options
def quickstart(
    run: Run, output: str, n_components: int, random_state: int, overwrite: bool
) -> None:
    """Embed ICD-10-CM, 47,000 medical concepts, and find codes for 20 phrases.

    Needs no network and about two minutes; writes vectors, a map and pages.
    """
    check_folder(Path(output), overwrite=overwrite)
    run.say("Embedding the medical taxonomy ICD-10-CM; this takes about two minutes.")
    with run.progress() as progress:
        progress("Loading", 0, 0)
        from graphrep.quickstart import run as run_quickstart

        result = run_quickstart(
            output, n_components=n_components, random_state=random_state,
            progress=progress,
        )  # fmt: skip
    show(run, result, {"n_components": n_components, "random_state": random_state})


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder of someone else's files; one of an earlier run is renewed."""
    if not folder.exists() or overwrite:
        return
    if not folder.is_dir():
        raise click.UsageError(f"{folder} is a file; give -o a folder.")
    if any(folder.iterdir()) and not (folder / _VECTORS).is_file():
        raise click.UsageError(
            f"The folder {folder} holds other files. Give -o a new folder, or pass "
            "--overwrite to write there."
        )


def show(run: Run, result: QuickstartResult, parameters: dict[str, int]) -> None:
    """Print the nearest codes, then where the files are."""
    facts = result.statistics
    outputs = [result.vectors, result.map_png, result.map_html, result.report]
    outputs += [result.review] if result.review else []
    rows = [
        (code if rank == 1 or not is_terminal() else "", other, f"{score:.3f}", name)
        for code, near in result.neighbours.items()
        for rank, (other, name, score) in enumerate([
            (code, result.names[code], 1.0), *near,
        ], start=1)
    ]  # fmt: skip
    if run.as_json:
        return run.report(
            parameters=parameters,
            n_nodes=facts["nodes"],
            n_edges=facts["edges"],
            outputs=outputs,
            result={
                "neighbors": result.neighbours,
                "links": result.links,
                "statistics": facts,
            },
        )
    print_table(rows, ["code", "nearest", "score", "name"], right=(2,))
    if result.links:
        click.echo()
        links = [
            (phrase, found[0][0], f"{found[0][2]:.2f}", found[0][1])
            if found
            else (phrase, "-", "", "")
            for phrase, found in result.links.items()
        ]
        print_table(links, ["phrase", "code", "chance", "name"], right=(2,))
    size = [(name, f"{facts[name]:,}") for name in ("nodes", "edges", "dimensions")]
    places = [
        ("vectors", result.vectors),
        ("map", result.map_png),
        ("page to explore", result.map_html),
        ("phrases to check", result.review),
        ("start here", result.report),
    ]
    run.say("")
    return run.facts(f"Wrote {result.report.parent}", [*size, *run.cost(), *places])
