"""One command for several estimators: the options of all, and the one that is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from graphrep.cli._embed_command import ALIASES
from graphrep.cli._embedding import fresh_seed, was_given
from graphrep.cli._help import Decorator, Function
from graphrep.cli._parameters import Source, estimator_options


def options_of_all(sources: Mapping[str, Source], *, skip: Sequence[str]) -> Decorator:
    """Give a command the parameters of all methods; those of several stand together.

    Parameters
    ----------
    sources : mapping of str to Source
        What is known of each method's class.
    skip : sequence of str
        Parameters that the command sets in another way.
    """
    owners: dict[str, list[str]] = {}
    for method, source in sources.items():
        for parameter in source.parameters:
            owners.setdefault(parameter.name, []).append(method)
    alone = {name for name, methods in owners.items() if len(methods) == 1}
    together = {name: methods for name, methods in owners.items() if name not in alone}
    layers = [_shared(sources, together)]
    layers += [
        source._replace(parameters=[p for p in source.parameters if p.name in alone])
        for source in sources.values()
    ]

    def decorate(function: Function) -> Function:
        for layer in reversed(layers):
            function = estimator_options(layer, aliases=ALIASES, skip=skip)(function)
        return function

    return decorate


def made_estimator(
    method: str,
    kind: type[Any],
    sources: Mapping[str, Source],
    parameters: Mapping[str, Any],
) -> Any:
    """Make the estimator of a method from the options that were given.

    A seed that is not given is drawn, so that it can be told. Wrong values show now.

    Parameters
    ----------
    method : str
        Name of the method on the command line.
    kind : type
        Its class.
    sources : mapping of str to Source
        What is known of each method's class.
    parameters : mapping of str to object
        Values of all options.
    """
    given = {name: value for name, value in parameters.items() if was_given(name)}
    known = kind().get_params(deep=False)
    for name in given:
        if name not in known:
            owners = [m for m, s in sources.items() if _has(s, name)]
            raise click.UsageError(
                f"{flag(name)} is no parameter of {method}; it is one of "
                f"{', '.join(owners)}."
            )
    seed = given.get("random_state", known.get("random_state"))
    if "random_state" in known and seed is None:
        given["random_state"] = fresh_seed()
    estimator = kind(**given)
    estimator._validate_params()  # a wrong one shows before a file is read
    return estimator


def flag(name: str) -> str:
    """Option of a parameter."""
    if name == "random_state":  # as all commands have it
        return "--seed"
    return "--" + name.replace("_", "-")


def _has(source: Source, name: str) -> bool:
    return any(parameter.name == name for parameter in source.parameters)


def _shared(sources: Mapping[str, Source], owners: dict[str, list[str]]) -> Source:
    """Parameters of several methods, with a default where all have the same."""
    parameters = []
    for name, methods in owners.items():
        found = [p for m in methods for p in sources[m].parameters if p.name == name]
        one = found[0]
        if any(p.default != one.default for p in found):
            one = one._replace(default=None)
        words = one.summary.removesuffix(".")
        parameters.append(one._replace(summary=f"{words} ({', '.join(methods)})."))
    return Source("Several methods", "", parameters, False)
