"""Parameter sets of FastRP under the names of what they are for."""

from __future__ import annotations

from typing import Any

_PAPER: dict[str, Any] = {
    "weights": (0.0, 0.0, 1.0, 6.67),
    "beta": -0.64,
    "projection": "very_sparse",
    "power_norm": "l2",
    "output_norm": "zscore",
}

PRESETS: dict[str, dict[str, Any]] = {
    "paper": _PAPER,
    "classification": {**_PAPER, "weights": (1.0, 1.0, 7.81, 45.28), "beta": -0.628},
    "link_prediction": {
        **_PAPER,
        "weights": (0.0, 1.0, 1.0),
        "beta": 0.0,
        "output_norm": "l2",
    },
    "taxonomy": {
        "weights": (1.0,) * 10,
        "beta": 0.0,
        "projection": "achlioptas",
        "power_norm": "l2",
        "output_norm": None,
    },
    "gds": {
        "weights": (0.0, 1.0, 1.0),
        "beta": 0.0,
        "projection": "achlioptas",
        "power_norm": "l2",
        "output_norm": None,
        "degree": "count",
    },
}
