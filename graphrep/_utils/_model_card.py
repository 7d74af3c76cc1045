"""The model card: what a saved model is, in a README that people and hubs read."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

from graphrep.typing import AnyArray

_MOST_ARRAYS = 20  # that are told one by one
_NO_NODES = [
    "It knows graphs of the kind that it was fitted on; on others its probabilities "
    "mean little.",
    "No node, edge or hyperedge of that graph is included.",
]
_NO_RECORDS = [
    "It knows tables of the kind that it was fitted on.",
    "No record is included{}.",
    "Row numbers of known matches are included where it learnt from some.",
]
_OF_RECORDS = (  # by a key of what was fitted
    ("views", "; hashes of the n-grams and words of the records are, so that whoever "
     "guesses a word can tell whether it occurred"),
    ("words", "; how rare each token is in the records is, and what was learnt of it"),
    ("pooling", "; a language model is that was perhaps tuned on the records, and such "
     "models can know some of their words"),
    ("vectors", "; but the vectors of all records are"),
)  # fmt: skip
_PART = re.compile(r"^(part\d+_)+")
_NO_TEXTS = [
    "It knows phrases of the kind that it was fitted on.",
    "Names of the taxonomy and words of the phrases are included, with their counts.",
]
_TARGETS = [
    "It corrects searches among the vectors that it was fitted on, which are all "
    "included.",
    "The bank of queries is included where method is gc, and not otherwise.",
]
_VECTORS = [
    "All vectors of the base are included, in the type in which they are stored.",
    "Vectors of other models lie in other spaces and cannot be looked up here.",
]
_EMBEDDED = "model.embedding_, model.node_ids_"
_KINDS: dict[str, tuple[str, str, str, list[str]]] = {
    "hypergraph": (
        "hypergraph-reconstruction", "Model", "model.predict(graph)", _NO_NODES
    ),
    "blocking": (
        "entity-blocking", "Model", "model.candidate_pairs(A, B)", _NO_RECORDS
    ),
    "linking": ("entity-linking", "Model", "model.predict(phrases)", _NO_TEXTS),
    "retrieval._cluster_index": (
        "nearest-neighbours", "Model", "model.query(queries, k=10)", _VECTORS
    ),
    "retrieval": (
        "nearest-neighbours", "Model", "model.kneighbors(queries, k=10)", _TARGETS
    ),
    "embedding": ("node-embedding", "Graph", _EMBEDDED, []),
}  # fmt: skip


def model_card(
    estimator: Any, config: dict[str, Any], arrays: dict[str, AnyArray]
) -> str:
    """Write the model card as Markdown with a YAML head.

    Parameters
    ----------
    estimator : estimator
        The fitted estimator.
    config : dict
        What ``config.json`` holds.
    arrays : dict of str to ndarray
        The fitted arrays.
    """
    name = config["class"]
    module = type(estimator).__module__
    kind = next((kind for kind in _KINDS if kind in module), "embedding")
    task, subject, use, limits = _KINDS[kind]
    limits = [limit.format(_of_records(config, arrays)) for limit in limits]
    doc = inspect.getdoc(type(estimator)) or name
    parts = [
        _head(name, task),
        f"# {name} model",
        doc.splitlines()[0],
        _section(subject, _facts(config, arrays)),
        _section("Parameters", _parameters(estimator)),
        "## How to load it",
        '```python\nimport graphrep\n\nmodel = graphrep.load("path/of/this/folder")\n'
        f"{use}\n```",
        "Loading runs no code from these files.",
        _section("Limitations", limits or _limitations(estimator, config)),
    ]
    if reference := _reference(doc):
        parts.append(f"## Method\n\n{reference}")
    return "\n\n".join(parts) + "\n"


def _of_records(config: dict[str, Any], arrays: dict[str, AnyArray]) -> str:
    """Say what a blocker's files tell of the records."""
    own = (_PART.sub("", name) for name in arrays)  # of a blocker of blockers
    keys = {name.partition("_")[0].rstrip("0123456789") for name in own}
    waiting = [config["fitted"]]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            keys |= value.keys()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return "".join(text for key, text in _OF_RECORDS if key in keys)


def _head(name: str, task: str) -> str:
    tags = ["graph", task, name.lower()]
    lines = ["library_name: graphrep", "tags:", *(f"- {tag}" for tag in tags)]
    return "\n".join(["---", *lines, "---"])


def _section(title: str, facts: list[str]) -> str:
    return f"## {title}\n\n" + "\n".join(f"- {fact}" for fact in facts)


def _facts(config: dict[str, Any], arrays: dict[str, AnyArray]) -> list[str]:
    facts = [f"nodes: {config['n_nodes']:,}"] if config["n_nodes"] else []
    facts += [
        f"{name.rstrip('_')}: {value}"
        for name, value in sorted(config["fitted"].items())
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    ]
    if len(arrays) > _MOST_ARRAYS:
        count = sum(array.size for array in arrays.values())
        facts.append(f"{len(arrays)} arrays of {count:,} numbers")
        arrays = {}
    facts += [
        f"`{name}`: {' × '.join(f'{n:,}' for n in array.shape)}, {array.dtype}"
        for name, array in sorted(arrays.items())
    ]
    if config["fingerprint"]:
        facts.append(f"fingerprint of the graph: `{config['fingerprint']}`")
    if config["seed"] is not None:
        facts.append(f"seed: {config['seed']}")
    facts.append(f"written by graphrep {config['graphrep_version']}")
    return facts


def _parameters(estimator: Any) -> list[str]:
    parameters = estimator.get_params(deep=False)
    return [f"`{key}`: `{_plain(value)}`" for key, value in sorted(parameters.items())]


def _plain(value: Any) -> str:
    """One line of text that ends no Markdown code span."""
    return json.dumps(str(value), ensure_ascii=False)[1:-1].replace("`", "'")


def _limitations(estimator: Any, config: dict[str, Any]) -> list[str]:
    inductive = hasattr(estimator, "transform")
    return [
        "New nodes can be embedded from their edges to the nodes of the graph; the "
        "vectors of the old ones do not change."
        if inductive
        else "Nodes that were not in the graph have no vector.",
        f"The ids of all {config['n_nodes']:,} nodes are included. If they, or the "
        "edges between them, say something about people, so do these files.",
        "Vectors of models with other parameters, seeds or graphs lie in other spaces "
        "and cannot be compared with these.",
    ]


def _reference(doc: str) -> str:
    """Text of the docstring's References, without its marks."""
    _, found, rest = doc.partition("References\n----------\n")
    if not found:
        return ""
    lines: list[str] = []
    for line in rest.splitlines():
        if set(line) == {"-"}:  # the next section's title stands before its line
            lines = lines[:-1]
            break
        lines.append(line.replace(".. ", "", 1).strip())
    return "\n".join(lines).strip()
