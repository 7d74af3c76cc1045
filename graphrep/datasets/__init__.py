"""Data sets: small ones inside the package, public ones fetched, and generators."""

from graphrep.datasets._bunch import Bunch
from graphrep.datasets._bundled import load_davis, load_karate, load_les_miserables
from graphrep.datasets._cskg_mini import fetch_cskg_mini
from graphrep.datasets._generators import make_dcsbm, make_sbm
from graphrep.datasets._hypergraph_benchmark import fetch_hypergraph_benchmark
from graphrep.datasets._icd10cm import load_icd10cm
from graphrep.datasets._icd10cm_terminology import load_icd10cm_terminology
from graphrep.datasets._listing import fetch, list_datasets, path
from graphrep.datasets._made_records import make_records
from graphrep.datasets._public import (
    fetch_blogcatalog,
    fetch_citeseer,
    fetch_cora,
    fetch_dblp,
    fetch_ppi,
    fetch_pubmed,
    fetch_wikipedia_pos,
    fetch_youtube_groups,
)
from graphrep.datasets._semantic_tests import fetch_semantic_tests
from graphrep.datasets._storage import data_home
from graphrep.datasets._triple_sets import (
    fetch_fb15k_237,
    fetch_hpo_kg,
    fetch_kinships,
    fetch_nations,
    fetch_umls,
    fetch_wn18rr,
)

__all__ = [
    "Bunch",
    "data_home",
    "fetch",
    "fetch_blogcatalog",
    "fetch_citeseer",
    "fetch_cora",
    "fetch_cskg_mini",
    "fetch_dblp",
    "fetch_fb15k_237",
    "fetch_hpo_kg",
    "fetch_hypergraph_benchmark",
    "fetch_kinships",
    "fetch_nations",
    "fetch_ppi",
    "fetch_pubmed",
    "fetch_semantic_tests",
    "fetch_umls",
    "fetch_wikipedia_pos",
    "fetch_wn18rr",
    "fetch_youtube_groups",
    "list_datasets",
    "load_davis",
    "load_icd10cm",
    "load_icd10cm_terminology",
    "load_karate",
    "load_les_miserables",
    "make_dcsbm",
    "make_records",
    "make_sbm",
    "path",
]
