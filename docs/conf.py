"""Configuration of the documentation; also writes the pages that are generated."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

project = "graphrep"
author = "The graphrep developers"
copyright = f"2026, {author}"
version = release = installed_version("graphrep")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "mathml",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "sphinx_design",
    "sphinx_copybutton",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "_generated/*", "**/README.md"]
templates_path = ["_templates"]
default_role = "autolink"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc sections tell the types
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
copybutton_exclude = ".linenos, .gp, .go"

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"benchmarks",
    "download_all_examples": False,
    "show_signature": False,
    "min_reported_time": 30,
    "within_subsection_order": "FileNameSortKey",
    "remove_config_comments": True,
    "abort_on_example_error": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "graphrep"
html_static_path = ["_static"]
html_css_files = ["graphrep.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "graphrep"},
    "navigation_depth": 2,
    "show_toc_level": 2,
    "header_links_before_dropdown": 5,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
_ALONE = "index getting_started theory benchmarks architecture decisions contributing"
html_sidebars = {page: [] for page in [*_ALONE.split(), "changelog"]}


def setup(app):
    """Write the generated parts before the sources are read."""
    from generate import write_parts

    app.connect("config-inited", lambda app, config: write_parts(HERE))
