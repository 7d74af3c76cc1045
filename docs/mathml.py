"""Formulas as MathML, which browsers draw by themselves: no script, no network."""

from __future__ import annotations

from docutils.utils.math.latex2mathml import tex2mathml


def _inline(self, node):
    self.body.append(tex2mathml(node.astext(), as_block=False))


def _display(self, node):
    self.body.append(f'<div class="formula">{tex2mathml(node.astext(), as_block=True)}')


def _end_display(self, node):
    self.body.append("</div>\n")


def _skip_children(visit):
    def visit_and_depart(self, node):
        visit(self, node)
        node.children = []

    return visit_and_depart


def setup(app):
    """Register the renderer and take it."""
    app.add_html_math_renderer(
        "mathml",
        (_skip_children(_inline), lambda self, node: None),
        (_skip_children(_display), _end_display),
    )
    app.connect("config-inited", _choose)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _choose(app, config):
    config.html_math_renderer = "mathml"
