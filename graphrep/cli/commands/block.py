"""``graphrep block``: which records of two tables, or of one, to compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from graphrep.cli._blocking import (
    FORMATS,
    METHODS,
    SOURCES,
    blocking_options,
)
from graphrep.cli._help import SectionCommand
from graphrep.cli._inputs import READABLE_FILE
from graphrep.cli._method_options import made_estimator
from graphrep.cli._outputs import (
    check_file,
    check_model,
    check_output,
    output_options,
    place,
)
from graphrep.cli._render import print_facts
from graphrep.cli._run import Run, command_options

if TYPE_CHECKING:
    from graphrep.blocking import (
        BlockingReport,
        BlockProfile,
        CandidatePairs,
        Records,
    )

_LARGEST = 3  # blocks that --dry-run shows
_PICTURES = (".png", ".svg", ".pdf")


class Tables(NamedTuple):
    """What is read: tables and pairs of ids, None where there is none."""

    left: Records
    right: Records | None
    train: Any
    matches: Any

    @property
    def sizes(self) -> str:
        """Numbers of records, for people."""
        if self.right is None:
            return f"{len(self.left):,} records in one table"
        return f"{len(self.left):,} and {len(self.right):,} records"


class Outputs(NamedTuple):
    """Files that a run writes; None where there is none."""

    pairs: str | None
    format: str | None
    report: str | None
    curve: str | None
    model: str | None

    @property
    def names(self) -> list[str]:
        """Those that are files."""
        every = (self.pairs, self.report, self.curve, self.model)
        return [path for path in every if path is not None and path != "-"]

    def check(self, overwrite: bool, matches: str | None, as_json: bool) -> None:
        """Refuse what cannot be written, before any work."""
        if self.pairs is None and matches is None and self.report is None:
            raise click.UsageError(
                "Give -o to write the pairs, --matches to score them, or --report."
            )
        if self.pairs is not None:
            self._check_format()
            check_output(self.pairs, overwrite=overwrite, as_json=as_json)
        for path in filter(None, (self.report, self.curve)):
            check_file(Path(path), overwrite=overwrite)
        check_model(self.model, overwrite=overwrite)
        if self.curve is not None and matches is None:
            raise click.UsageError("--curve needs --matches: recall is of something.")
        if self.curve is not None and Path(self.curve).suffix.lower() not in _PICTURES:
            raise click.UsageError(
                f"--curve must end in .png, .svg or .pdf; got {self.curve!r}."
            )

    def _check_format(self) -> None:
        from graphrep.blocking._pair_files import pair_format
        from graphrep.exceptions import GraphFormatError

        if self.pairs == "-" and self.format not in ("csv", "tsv"):
            raise click.UsageError("-o - needs --format csv or --format tsv.")
        try:
            pair_format(str(self.pairs), self.format)
        except GraphFormatError as error:
            raise click.UsageError(str(error)) from error

    def write(
        self, pairs: CandidatePairs, report: BlockingReport, settings: dict[str, Any]
    ) -> None:
        """Write them all."""
        if self.pairs is not None:
            pairs.write(self.pairs, format=self.format)
        if self.report is not None:
            from graphrep.plot import save_blocking_report

            save_blocking_report(report, self.report, settings=settings)
        if self.curve is not None and report.curve is not None:
            from graphrep.plot import save_recall_curve

            save_recall_curve(report.curve, self.curve)


@click.command(cls=SectionCommand)
@click.argument("left", type=READABLE_FILE)
@click.argument("right", type=READABLE_FILE, required=False)
@output_options(
    "Where to write the pairs of ids; - is standard output.",
    required=False,
    formats=FORMATS,
)
@blocking_options
@command_options
def block(
    run: Run,
    left: str,
    right: str | None,
    output: str | None,
    format: str | None,
    overwrite: bool,
    method: str,
    id_: str | None,
    right_id: str | None,
    train: str | None,
    matches: str | None,
    include: str | None,
    exclude: str | None,
    report: str | None,
    curve: str | None,
    save_model: str | None,
    estimate: bool,
    dry_run: bool,
    model: str | None,
    **parameters: Any,
) -> None:
    """Choose which records of LEFT and RIGHT, or of LEFT alone, to compare.

    Tables are .csv, .tsv (compressed or not) or .parquet files with named columns.
    """
    import graphrep.blocking as room

    if right_id is not None and right is None:
        raise click.UsageError("--right-id has no effect without RIGHT; leave it out.")
    kind = getattr(room, METHODS[method])
    if train is not None and not kind._learns:
        raise click.UsageError(
            f"{method} learns nothing, so --train has no effect; leave it out."
        )
    parameters["keys"] = _keys(parameters["keys"])
    if method == "nlsh":
        _check_encoder(parameters["encoder"], model)
    elif model is not None:
        raise click.UsageError(
            "--model is no parameter of " + method + "; leave it out."
        )
    estimator = made_estimator(method, kind, SOURCES, parameters)
    if model is not None:
        estimator.encoder = _encoder(estimator.encoder, model)
    rules = {"include": include, "exclude": exclude}
    for name, path in rules.items():
        if path is not None:
            _check_rule(name, save_model)
            setattr(estimator, name, room.ListedPairs(path))
    outputs = Outputs(output, format, report, curve, save_model)
    if not dry_run:
        outputs.check(overwrite, matches, run.as_json)
    with run.progress() as progress:
        progress(f"Reading {left}", 0, 0)
        tables = _read(left, right, id_, right_id or id_, train, matches)
        _prepare_rules(estimator, tables)
        if dry_run:
            return _show_plan(run, tables, method, estimator)
        if estimate:  # what cannot be told is refused before the work
            estimator._check_estimate(tables.left, tables.right)
        progress(f"Looking for pairs by {type(estimator).__name__}", 0, 0)
        estimator._progress = progress
        estimator.fit(tables.left, tables.right, tables.train)
        pairs = estimator.candidate_pairs(tables.left, tables.right)
        guess = getattr(estimator, "recall_estimate_", None)  # of --target-recall
        if estimate:
            progress("Estimating the recall", 0, 0)
            guess = estimator.estimate_recall(tables.left, tables.right, pairs=pairs)
        del estimator._progress
        progress("Counting", 0, 0)
        found = room.blocking_report(
            pairs, tables.left, tables.right, tables.matches, recall_estimate=guess
        )
        outputs.write(pairs, found, _parameters(estimator))
        if save_model is not None:
            estimator.save(save_model)
    return _tell(run, estimator, found, outputs)


# -- before the work ---------------------------------------------------------------
def _keys(keys: tuple[str, ...]) -> Any:
    """Keys as blockers take them: a name, a tuple of names, or a list of keys."""
    made = [tuple(key.split("+")) if "+" in key else key for key in keys]
    return made[0] if len(made) == 1 else made


def _check_encoder(encoder: str, model: str | None) -> None:
    """Refuse what goes with other encoders only, before any work."""
    if model is not None and encoder not in ("static", "transformer"):
        raise click.UsageError(
            "--model is for --encoder static or transformer; n-grams have no model."
        )


def _check_rule(name: str, save_model: str | None) -> None:
    """Refuse a model that would lack its rule."""
    if save_model is not None:
        raise click.UsageError(
            f"--save-model keeps no pairs of --{name}. Leave one of them out."
        )


def _prepare_rules(estimator: Any, tables: Tables) -> None:
    """Look up the ids of --include and --exclude; say whose are wrong."""
    from graphrep.exceptions import GraphValueError

    right = tables.left if tables.right is None else tables.right
    for rule in filter(None, (estimator.include, estimator.exclude)):
        try:
            rule.prepare(tables.left, right)
        except GraphValueError as error:
            raise GraphValueError(f"{rule.pairs}: {error}") from error


def _encoder(kind: str, model: str) -> Any:
    """Make an encoder of a kind with a model of the user."""
    import graphrep.blocking as room

    if kind == "static":
        return room.StaticEncoder(model)
    return room.TransformerEncoder(model)


def _parameters(estimator: Any) -> dict[str, Any]:
    """Parameters as plain values: an encoder that is an object by its call."""
    parameters: dict[str, Any] = estimator.get_params(deep=False)
    for name in ("include", "exclude"):
        if parameters[name] is not None:
            parameters[name] = parameters[name].pairs
    encoder = parameters.get("encoder")
    if encoder is not None and not isinstance(encoder, str):
        parameters["encoder"] = repr(encoder)
    return parameters


def _read(
    left: str,
    right: str | None,
    left_id: str | None,
    right_id: str | None,
    train: str | None,
    matches: str | None,
) -> Tables:
    from graphrep.blocking import as_records
    from graphrep.blocking._matches import as_matches

    A = as_records(left, id=left_id)
    B = None if right is None else as_records(right, id=right_id)
    known = [
        None if path is None else as_matches(path, A, B, one_table=B is None)
        for path in (train, matches)
    ]
    return Tables(A, B, *known)


def _show_plan(run: Run, tables: Tables, method: str, estimator: Any) -> None:
    one_table = tables.right is None
    n, m = len(tables.left), len(tables.left if one_table else tables.right or ())
    wanted = estimator.wanted_pairs(n, m, one_table)
    possible = n * (n - 1) // 2 if one_table else n * m
    parameters = _parameters(estimator)
    given = {name: v for name, v in parameters.items() if v is not None}
    estimator._check_limits()
    listed = estimator.most_pairs(tables.left, tables.right)
    most = listed if wanted is None else min(listed, wanted)
    way, blocks = None, None
    if hasattr(estimator, "plan"):
        way = estimator.plan(tables.left, tables.right)
    if hasattr(estimator, "profile"):
        blocks = estimator.profile(tables.left, tables.right, n=_LARGEST)
    if run.as_json:
        result: dict[str, Any] = {
            "dry_run": True, "method": method, "n_left": n, "n_right": m,
            "most_pairs": most, "n_pairs": listed, "n_possible": possible,
        }  # fmt: skip
        if way is not None:
            result["plan"] = vars(way)
        if blocks is not None:
            result["blocks"] = {
                **vars(blocks),
                "rows": [r._asdict() for r in blocks.rows],
            }
        return run.report(parameters=parameters, result=result)
    return print_facts(
        [
            ("method", f"{method} ({type(estimator).__name__})"),
            ("tables", tables.sizes),
            ("columns", ", ".join(tables.left.columns)),
            ("pairs at most", f"{most:,}"),
            *([("before the budget", f"{listed:,}")] if listed > most else []),
            ("possible", f"{possible:,}"),
            *([] if blocks is None else _block_facts(blocks)),
            *((name.replace("_", " "), _told(v)) for name, v in given.items()),
            *([] if way is None else way.facts()),
        ]
    )


def _block_facts(profile: BlockProfile) -> list[tuple[str, object]]:
    """Tell the number of blocks, and the largest: what makes most of the pairs."""
    told = f"{profile.n_blocks:,}, {profile.n_purged:,} of them purged for their size"
    rows: list[tuple[str, object]] = [("blocks", told)]
    for row in profile.rows:
        purged = ", purged" if row.purged else ""
        sizes = f"{row.n_left:,} x {row.n_right:,} records, {row.n_pairs:,} pairs"
        rows.append(("large block", f"{row.key} {row.value!r}: {sizes}{purged}"))
    return rows


def _told(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


# -- after the work ----------------------------------------------------------------
def _tell(
    run: Run,
    estimator: Any,
    report: BlockingReport,
    outputs: Outputs,
) -> None:
    parameters = _parameters(estimator)
    wrote = ", ".join(map(place, outputs.names))
    facts: list[tuple[str, object]] = [("method", type(estimator).__name__)]
    facts += report.facts()
    if parameters.get("random_state") is not None:
        facts.append(("seed", parameters["random_state"]))
    run.facts(f"Wrote {wrote}" if wrote else "Done", [*facts, *run.cost()])
    result = {"class": type(estimator).__name__, **report.to_dict()}
    for name in ("crowds", "missed", "found", "wrong"):  # values of records
        del result[name]
    run.report(parameters=parameters, outputs=outputs.names, result=result)
