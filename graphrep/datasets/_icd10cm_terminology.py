"""ICD-10-CM with all its names: what phrases are linked to."""

from __future__ import annotations

import re

from graphrep.datasets._icd10cm import source_path
from graphrep.exceptions import GraphFormatError
from graphrep.graph import Terminology
from graphrep.io._terminology_icd10cm import read_terminology_icd10cm


def load_icd10cm_terminology(*, includes: bool = True) -> Terminology:
    """Load ICD-10-CM as a terminology: 47,161 concepts with 60,759 names.

    Parameters
    ----------
    includes : bool, default=True
        Whether "includes" notes are names, of kind ``"other"``.

    Returns
    -------
    Terminology
        Ids as in `load_icd10cm`, whose graph has the same nodes. Preferred names are
        descriptions, names of kind ``"inclusion"`` inclusion terms; types are
        chapter, block, category and code. Public domain (CDC/NCHS and CMS).

    Raises
    ------
    MissingDependencyError
        If ``simple_icd_10_cm`` is not installed.
    GraphFormatError
        If the installed version does not hold the tabular list.

    Notes
    -----
    Numbers are those of the release of April 1, 2026. Takes about a second.
    """
    path = source_path()
    if path.suffix != ".xml":
        raise GraphFormatError(
            "The package holds no tabular list in XML; install simple-icd-10-cm 1.5.",
            path=path,
        )
    terminology = read_terminology_icd10cm(path, includes=includes)
    label = re.search(r"tabular-(.+)\.xml$", path.name)
    if label:
        terminology.version = label.group(1).replace("-", " ")
    return terminology
