"""WN18RR and FB15k-237 with the published settings, beside published figures.

    python kge_published.py --set wn18rr --model NFE-1 --device cuda

trains with the settings that the authors of NFE list for their code (dimension 1024,
50 epochs) and ranks the test triples; on a GPU that is minutes. ``--components`` takes
a smaller dimension and ``--negatives`` draws that many entities for each batch in place
of all of them, for a processor:

    python kge_published.py --set wn18rr --model NFE-1 --components 128 \\
        --negatives 2048 --epochs 30

Options: ``--learning-rate``, ``--gamma``, ``--decay``, ``--batch-size`` replace a
setting; ``--extra`` further parameters as ``name=value`` (``field='complex'``);
``--checkpoint`` a file to go on from; ``--mixed-precision``; ``--threads``; ``--out`` a
folder for the model, its report and its training curve.

Published figures (test, filtered; MRR, Hits@1, Hits@10) come from the READMEs of kbc,
KGE-DURA, TuckER, RotatE and LibKGE. Those of the NFE paper are not repeated here.
"""

from __future__ import annotations

import argparse
import ast
import logging
import time
from pathlib import Path
from typing import Any

from graphrep import datasets
from graphrep.kge import NFE, rank_triples

NAMES = ("gamma", "batch_size", "learning_rate", "decay")
SETTINGS: dict[str, dict[str, tuple[float, ...]]] = {
    "wn18rr": {
        "NFE-1": (1, 128, 0.005, 0.90),
        "NFE-2": (0, 128, 0.003, 0.93),
        "NFE-3": (14, 512, 0.01, 0.93),
        "points": (0, 128, 0.005, 0.93),
    },
    "fb15k-237": {
        "NFE-1": (2, 1024, 0.001, 0.93),
        "NFE-2": (1, 256, 0.001, 0.90),
        "NFE-3": (2, 256, 0.001, 0.90),
        "points": (0, 128, 0.0005, 0.95),
    },
}
VARIANTS: dict[str, dict[str, Any]] = {
    "NFE-1": {},
    "NFE-2": {"n_pieces": 2},
    "NFE-3": {"divergence": "kl"},
    "points": {"n_pieces": 0},
}
PUBLISHED = {
    "wn18rr": {
        "RESCAL-DURA": (0.498, 0.455, 0.577),
        "ComplEx-DURA": (0.491, 0.449, 0.571),
        "ComplEx-N3, rank 100": (0.47, 0.43, 0.56),
        "TuckER": (0.470, 0.443, 0.526),
        "RotatE": (0.477, 0.428, 0.571),
        "DistMult (LibKGE)": (0.452, None, None),
        "TransE (LibKGE)": (0.228, None, None),
    },
    "fb15k-237": {
        "RESCAL-DURA": (0.368, 0.276, 0.550),
        "ComplEx-DURA": (0.371, 0.276, 0.560),
        "ComplEx-N3, rank 100": (0.35, 0.26, 0.54),
        "TuckER": (0.358, 0.266, 0.544),
        "RotatE": (0.337, 0.241, 0.533),
        "DistMult (LibKGE)": (0.343, None, None),
        "TransE (LibKGE)": (0.313, None, None),
    },
}


def main() -> None:
    """Train, rank and print the row beside the published ones."""
    options = read_options()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    fetch = getattr(datasets, f"fetch_{options.set.replace('-', '_')}")
    data = fetch()
    parameters = dict(zip(NAMES, SETTINGS[options.set][options.model], strict=True)) | {
        name: v for name in NAMES if (v := getattr(options, name)) is not None
    }
    for text in options.extra:
        name, _, value = text.partition("=")
        parameters[name] = ast.literal_eval(value)
    model = NFE(
        options.components,
        n_epochs=options.epochs,
        n_negatives=options.negatives,
        device=options.device,
        mixed_precision=options.mixed_precision,
        n_jobs=options.threads,
        random_state=options.seed,
        verbose=1,
        **{**VARIANTS[options.model], **parameters},
    )
    print(f"{options.set}: {data.train!r}\n{model}", flush=True)
    begin = time.perf_counter(), time.process_time()
    model.fit(data.train, validation=data.valid, checkpoint=options.checkpoint)
    wall, cpu = time.perf_counter() - begin[0], time.process_time() - begin[1]
    ranks = rank_triples(
        model,
        data.test,
        (data.train, data.valid),
        n_jobs=options.threads,
        device=options.device,
    )
    show(options, model, ranks.metrics(), wall, cpu)
    if options.out:
        from graphrep.plot import save_ranking_report, save_training_curve

        options.out.mkdir(parents=True, exist_ok=True)
        model.save(options.out / "model")
        save_training_curve(model, options.out / "curve.png")
        save_ranking_report(ranks, options.out / "report.html", model=model)


def read_options() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", choices=[*SETTINGS], default="wn18rr")
    parser.add_argument("--model", choices=[*VARIANTS], default="NFE-1")
    parser.add_argument("--components", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--negatives", type=int)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--mixed-precision", action="store_true")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--seed", type=int, default=0)
    for name in NAMES:
        kind = int if name == "batch_size" else float
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind)
    parser.add_argument("--extra", nargs="*", default=[])
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def show(
    options: argparse.Namespace, model: Any, figures: Any, wall: float, cpu: float
) -> None:
    """Print the table."""
    print(f"\n{'model':28s} {'MRR':>7s} {'Hits@1':>7s} {'Hits@10':>7s}")
    for name, row in PUBLISHED[options.set].items():
        cells = (f"{v:7.3f}" if v is not None else f"{'':7s}" for v in row)
        print(f"{name:28s} {' '.join(cells)}  published")
    own = " ".join(f"{figures[k]:7.3f}" for k in ("mrr", "hits@1", "hits@10"))
    print(f"{options.model + f', d = {options.components}':28s} {own}  this run")
    print(
        f"MRR {figures['mrr_low']:.3f} to {figures['mrr_high']:.3f} (95 %), epoch "
        f"{model.best_epoch_} of {model.n_iter_}, {wall:,.0f} s, {cpu:,.0f} CPU s on "
        f"{model.device_}"
    )


if __name__ == "__main__":
    main()
