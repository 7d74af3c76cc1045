"""Colours of groups: distinct for as many groups as there are, softly for the rest."""

from __future__ import annotations

import colorsys

# Okabe and Ito's palette, which readers with any colour vision can tell apart
# (its yellow darkened, which is too pale for points on white).
_FEW = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#b8a800",
    "#4d4d4d",
)  # fmt: skip
OTHER = "#b8b8b8"
# Beyond eight, hue alone cannot do: lightness changes with every step of the hue.
_LIGHTNESS = (0.36, 0.54, 0.70)
_SATURATION = (0.80, 0.60, 0.75)
_GOLDEN = 0.6180339887498949


def colours(n_groups: int) -> list[str]:
    """Colours as ``#rrggbb``, one for each group.

    Parameters
    ----------
    n_groups : int
        Number of groups.
    """
    if n_groups <= len(_FEW):
        return list(_FEW[:n_groups])
    out = []
    for i in range(n_groups):
        lightness, saturation = _LIGHTNESS[i % 3], _SATURATION[i % 3]
        rgb = colorsys.hls_to_rgb((0.58 + i * _GOLDEN) % 1.0, lightness, saturation)
        out.append("#" + "".join(f"{round(255 * part):02x}" for part in rgb))
    return out
