"""``graphrep link``: the concepts of a terminology that phrases mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from graphrep.cli._embedding import fresh_seed
from graphrep.cli._help import SectionCommand
from graphrep.cli._linking import BUNDLED, FORMATS, METHODS, linking_options
from graphrep.cli._linking_inputs import (
    Phrases,
    gold_positions,
    read_labels,
    read_phrases,
)
from graphrep.cli._linking_outputs import Outputs, link_rows
from graphrep.cli._outputs import output_options, place
from graphrep.cli._render import is_terminal, print_facts, print_table
from graphrep.cli._run import Run, command_options
from graphrep.exceptions import GraphFormatError

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphrep.evaluation import LinkingResult
    from graphrep.linking import CandidateList

_IN_FILES, _ON_TERMINAL, _IN_REPORT = 1, 5, 10
_SCORED = (1, 5, 10)  # lengths of lists that are scored against the right ids
_DIGITS = 4


@click.command(cls=SectionCommand)
@click.argument("terminology")
@click.argument(
    "phrases", type=click.Path(exists=True, allow_dash=True), required=False
)
@output_options(
    "Where to write the links; - is standard output. A table is shown if not given.",
    required=False,
    formats=FORMATS,
)
@linking_options
@command_options
def link(
    run: Run,
    terminology: str,
    phrases: str | None,
    output: str | None,
    format: str | None,
    overwrite: bool,
    method: str,
    k: int | None,
    threshold: float | None,
    types: list[str] | None,
    seed: int | None,
    threads: int | None,
    given: tuple[str, ...],
    format_in: str | None,
    column: str | None,
    id_column: str | None,
    context_column: str | None,
    gold_column: str | None,
    train: str | None,
    report: str | None,
    save_model: str | None,
    dry_run: bool,
) -> None:
    """Find the concepts of TERMINOLOGY that PHRASES mean.

    TERMINOLOGY is a file of any format that `graphrep terminology info` reads, a
    folder that --save-model wrote, or icd10cm for the one that comes along. PHRASES
    is a file with one phrase a line, or a .csv, .tsv, .parquet or .jsonl table; -
    reads lines from standard input.
    """
    _check_arguments(terminology, phrases, given)
    outputs = Outputs(output, format, report, save_model)
    if not dry_run:
        outputs.check(overwrite, run.as_json)
    with run.progress() as progress:
        wanted = _read_phrases(
            phrases, given, (column, id_column, context_column, gold_column)
        )
        progress(f"Reading {terminology}", 0, 0)
        chosen = _choose(terminology, format_in, method, train, seed, threads)
        if dry_run:
            return _show_plan(run, terminology, chosen, wanted, threshold, outputs)
        linker = _fitted(chosen, progress)
        known = linker.terminology_
        gold = None if wanted.gold is None else gold_positions(wanted, known)
        least = _threshold(linker, threshold)
        n_shown = k or (_ON_TERMINAL if output is None else _IN_FILES)
        depth = max(n_shown, _IN_REPORT if report else 1, max(_SCORED) if gold else 1)
        progress(f"Linking {len(wanted.texts):,} phrases", 0, 0)
        found = _candidates(linker, wanted, depth, types)
        scores = None if gold is None else _scores(found, gold, least, linker)
        outputs.write_links(found.top(n_shown), wanted, least)
        if report is not None:
            _write_report(found, wanted, report, gold, least, max(k or 0, _IN_REPORT))
        if save_model is not None:
            linker.save(save_model)
    return _tell(run, linker, found.top(n_shown), wanted, outputs, least, scores)


# -- before the work ---------------------------------------------------------------
def _check_arguments(
    terminology: str, phrases: str | None, given: tuple[str, ...]
) -> None:
    if (phrases is None) == (not given):
        raise click.UsageError(
            "Give PHRASES or --phrase, not both."
            if given
            else "Give PHRASES, a file with one phrase a line or a table, or --phrase."
        )
    if terminology != BUNDLED and not Path(terminology).exists():
        raise click.UsageError(
            f"There is no file or folder {terminology}; {BUNDLED} is the terminology "
            "that comes along."
        )


def _read_phrases(
    path: str | None, given: tuple[str, ...], columns: tuple[str | None, ...]
) -> Phrases:
    if path is None:
        named = next((name for name in columns if name is not None), None)
        if named is not None:
            raise click.UsageError(
                f"Column {named!r} needs PHRASES, a table; --phrase has no columns."
            )
        return Phrases(list(given))
    return read_phrases(path, *columns)


class _Chosen(NamedTuple):
    """Who links, and what it is still to be fitted to; None where it is fitted."""

    linker: Any
    known: Any = None
    labels: tuple[Any, ...] = ()


def _choose(
    source: str,
    format_in: str | None,
    method: str,
    train: str | None,
    seed: int | None,
    threads: int | None,
) -> _Chosen:
    """Load a saved linker, or read what one is to be fitted to."""
    saved = None if format_in is not None else _saved_linker(source)
    if saved is not None:
        if train is not None:
            raise click.UsageError(
                f"{source} is a linker that has learnt; --train needs a terminology."
            )
        if threads is not None and "n_jobs" in saved.get_params(deep=False):
            saved.set_params(n_jobs=threads)
        return _Chosen(saved)
    estimator = _estimator(method, seed, threads)
    known = _terminology(source, format_in)
    if train is None:
        return _Chosen(estimator, known)
    if not _learns(estimator):
        raise click.UsageError(
            f"{method} learns nothing, so --train has no effect; leave it out."
        )
    return _Chosen(estimator, known, read_labels(train, known))


def _fitted(chosen: _Chosen, progress: Callable[..., None]) -> Any:
    estimator, known, labels = chosen
    if known is None:
        return estimator
    progress(f"Preparing {type(estimator).__name__}", 0, 0)
    if not hasattr(estimator, "_progress"):
        return estimator.fit(known, *labels)
    estimator._progress = progress
    estimator.fit(known, *labels)
    del estimator._progress
    return estimator


def _show_plan(
    run: Run,
    source: str,
    chosen: _Chosen,
    phrases: Phrases,
    threshold: float | None,
    outputs: Outputs,
) -> None:
    """Print who would link what to what; nothing is fitted."""
    linker, known, labels = chosen
    parameters = linker.get_params(deep=False)
    terms = linker.terminology_ if known is None else known
    least = _threshold(linker, threshold)
    n_labels = len(labels[0]) if labels else 0
    if run.as_json:
        result = {
            "dry_run": True, "class": type(linker).__name__, "fitted": known is None,
            "n_concepts": terms.n_concepts, "n_names": terms.n_names,
            "n_phrases": len(phrases.texts), "n_labels": n_labels, "threshold": least,
        }  # fmt: skip
        plain = {name: _plain(value) for name, value in parameters.items()}
        return run.report(parameters=plain, result=result)
    plural = "" if n_labels == 1 else "s"
    learns = f"{n_labels:,} labelled phrase{plural}" if n_labels else "no labels"
    rest = {name: value for name, value in parameters.items() if value is not None}
    rest.pop("threshold", None)  # said above, as it would be used
    facts: list[tuple[str, object]] = [
        ("method", type(linker).__name__),
        ("terminology", source),
        ("concepts", f"{terms.n_concepts:,}"),
        ("names", f"{terms.n_names:,}"),
        ("phrases", f"{len(phrases.texts):,} of {phrases.source}"),
        ("learns from", "nothing: it is fitted" if known is None else learns),
        ("threshold", "none, or learnt" if least is None else f"{least:g}"),
        *((name.replace("_", " "), value) for name, value in rest.items()),
    ]
    names = ", ".join(map(place, outputs.names))
    return print_facts([*facts, ("output", names)] if names else facts)


def _saved_linker(source: str) -> Any:
    """Load what --save-model wrote; None for anything else."""
    from graphrep.persistence import _CONFIG, load

    path = Path(source)
    if source == BUNDLED and not path.exists():
        return None
    if not (path / _CONFIG).is_file() and path.suffix.lower() != ".zip":
        return None
    found = load(path)
    if not hasattr(found, "candidates") or not hasattr(found, "terminology_"):
        raise GraphFormatError(
            f"A {type(found).__name__} is saved there, which finds no concepts; give a "
            f"terminology, or a saved {', '.join(METHODS.values())}.",
            path=path,
        )
    return found


def _estimator(method: str, seed: int | None, threads: int | None) -> Any:
    import graphrep.linking as room

    estimator = getattr(room, METHODS[method])()
    known = estimator.get_params(deep=False)
    if "n_jobs" in known:
        estimator.set_params(n_jobs=threads)
    if "random_state" in known:
        estimator.set_params(random_state=fresh_seed() if seed is None else seed)
    return estimator


def _terminology(source: str, format_in: str | None) -> Any:
    from graphrep.io import as_terminology, read_terminology

    if format_in is not None:
        if not Path(source).exists():
            raise click.UsageError(
                f"--format-in is for a file or folder; {source} comes along."
            )
        return read_terminology(source, format_in)
    if source == BUNDLED and not Path(source).exists():
        from graphrep.datasets import load_icd10cm_terminology

        return load_icd10cm_terminology()
    return as_terminology(source)


def _learns(estimator: Any) -> bool:
    return "phrases" in _parameters_of(estimator.fit)


def _parameters_of(function: Any) -> Any:
    from inspect import signature

    return signature(function).parameters


def _threshold(linker: Any, given: float | None) -> float | None:
    """Least score of a link: the one given, else that of the linker."""
    if given is not None:
        return given
    for name in ("threshold_", "threshold"):
        own = getattr(linker, name, None)
        if isinstance(own, (int, float)) and not isinstance(own, bool):
            return float(own)
    return None


# -- the work ----------------------------------------------------------------------
def _candidates(
    linker: Any, phrases: Phrases, k: int, types: list[str] | None
) -> CandidateList:
    from graphrep.integrations._asking import ask
    from graphrep.linking import CandidateList

    allowed = None
    if types is not None:
        from graphrep.linking._type_masks import TypeMasks

        allowed = frozenset(types)
        TypeMasks(linker.terminology_).mask(allowed)  # refuses unknown ones
    contexts: list[str | None] | None = None
    if phrases.contexts is not None:
        contexts = [context or None for context in phrases.contexts]
    if contexts is not None and "contexts" in _parameters_of(linker.candidates):
        found = linker.candidates(phrases.texts, k, types=allowed, contexts=contexts)
    else:
        asked = _written_out(phrases.texts, contexts)
        every = None if allowed is None else [allowed] * len(asked)
        found = ask(linker, asked, k, every)
    return CandidateList(
        found.offsets, found.concepts, found.scores, found.terminology,
        names=found.names, sources=found.sources, source_names=found.source_names,
        mentions=phrases.texts,
    )  # fmt: skip


def _written_out(texts: list[str], contexts: list[str | None] | None) -> list[str]:
    """Phrases with the abbreviations that their contexts define written out."""
    if contexts is None:
        return texts
    from graphrep.linking import expand_abbreviations, find_abbreviations

    known = {c: find_abbreviations(c) for c in dict.fromkeys(contexts) if c is not None}
    return [
        text if context is None else expand_abbreviations(text, known[context])
        for text, context in zip(texts, contexts, strict=True)
    ]


def _scores(
    found: CandidateList, gold: list[list[int]], least: float | None, linker: Any
) -> LinkingResult:
    from graphrep.evaluation import evaluate_linking

    return evaluate_linking(
        found, gold, k=_SCORED, threshold=least, name=type(linker).__name__,
        n_bootstrap=0,
    )  # fmt: skip


def _write_report(
    found: CandidateList,
    phrases: Phrases,
    path: str,
    gold: list[list[int]] | None,
    least: float | None,
    k: int,
) -> None:
    from graphrep.plot import link_review

    title = found.terminology.title
    link_review(
        found, path, gold=gold, threshold=least, k=k, ids=phrases.ids,
        contexts=phrases.contexts,
        title=f"Links to {title}" if title else None,
    )  # fmt: skip


# -- after the work ----------------------------------------------------------------
def _tell(
    run: Run,
    linker: Any,
    found: CandidateList,
    phrases: Phrases,
    outputs: Outputs,
    least: float | None,
    scores: LinkingResult | None,
) -> None:
    first = found.top(1) if least is None else found.top(1).above(least)
    n_linked = first.n_candidates
    rows = list(link_rows(found, phrases, least)) if outputs.links is None else []
    if rows and not run.as_json:
        _show(rows, phrases.ids is not None)
    if scores is not None and not run.as_json:
        # what was asked for goes out; beside links, it goes where people look
        click.echo(str(scores), err=outputs.links in (None, "-"))
    wrote = ", ".join(map(place, outputs.names))
    facts: list[tuple[str, object]] = [
        ("method", type(linker).__name__),
        ("concepts", f"{linker.terminology_.n_concepts:,}"),
        ("phrases", f"{len(found):,}"),
        ("linked", f"{n_linked:,}"),
    ]
    if least is not None:
        facts.append(("threshold", f"{least:g}"))
    parameters = linker.get_params(deep=False)
    if parameters.get("random_state") is not None:
        facts.append(("seed", parameters["random_state"]))
    run.facts(f"Wrote {wrote}" if wrote else "Done", [*facts, *run.cost()])
    result: dict[str, Any] = {
        "class": type(linker).__name__,
        "n_concepts": linker.terminology_.n_concepts,
        "n_phrases": len(found),
        "n_linked": n_linked,
        "threshold": least,
    }
    if scores is not None:
        result["scores"] = _figures(scores)
    if outputs.links is None:
        result["links"] = rows
    run.report(
        parameters={name: _plain(value) for name, value in parameters.items()},
        outputs=outputs.names,
        result=result,
    )


def _show(rows: list[dict[str, Any]], has_ids: bool) -> None:
    header = ["id"] if has_ids else []
    header += ["phrase", "rank", "concept", "score", "name"]
    cells = []
    once = is_terminal()  # people read a phrase once, programs in every line
    for row in rows:
        score = "" if row["score"] is None else f"{row['score']:.{_DIGITS}f}"
        named = "" if once and (row["rank"] or 1) > 1 else row["phrase"]
        values = [named, row["rank"], row["concept_id"], score, row["name"]]
        values = [row["id"], *values] if has_ids else values
        cells.append(["" if value is None else value for value in values])
    print_table(cells, header, right=(2, 4) if has_ids else (1, 3))


def _figures(scores: LinkingResult) -> dict[str, float | None]:
    return {row["metric"]: row["value"] for row in scores.rows()}


def _plain(value: Any) -> Any:
    simple = value is None or isinstance(value, (bool, int, float, str))
    return value if simple else str(value)
