"""Sphinx's settings for the site. docs/build.py prepares the pages of a language and calls Sphinx with it."""

import os
import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.search import SearchLanguage, languages

CHINESE = os.environ["DOWNSLOPE_SITE_LANGUAGE"] == "zh"

project = "Downslope"
copyright = "the Downslope authors"
version = release = os.environ["DOWNSLOPE_SITE_VERSION"]
language = "zh_CN" if CHINESE else "en"
extensions = ["myst_nb"]
nb_execution_mode = "off"  # docs/build.py runs them
exclude_patterns = ["gallery/notebooks"]
root_doc = "index"
html_theme = "pydata_sphinx_theme"
html_title = "Downslope"
html_show_sourcelink = False
html_show_sphinx = False
html_copy_source = False
html_math_renderer = "mathml"
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {
    "navbar_end": ["language", "theme-switcher"],
    "navbar_align": "left",
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": []}
html_context = {"other": "en" if CHINESE else "zh", "other_name": "English" if CHINESE else "中文"}
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_url_schemes = ["http", "https", "mailto"]
suppress_warnings = ["misc.highlighting_failure"]  # console blocks hold formulas that are no shell


class Bigrams(SearchLanguage):
    """Words of letters and digits as Sphinx has them; Chinese as pairs of neighbours, in index and query.

    A word of two characters is one pair, a longer one several that must all be there; Sphinx finds a query of
    one character inside pairs. No dictionary decides what a word is.
    """

    lang, language_name = "zh", "Chinese"
    js_splitter_code = """
var splitQuery = (query) =>
  query
    .split(/[^\\p{Letter}\\p{Number}_]+/gu)
    .flatMap((word) => word.match(/[\\u3400-\\u9fff]+|[^\\u3400-\\u9fff]+/gu) || [])
    .flatMap((part) =>
      /[\\u3400-\\u9fff]/u.test(part) && part.length > 2
        ? [...part].slice(1).map((last, at) => part[at] + last)
        : [part]);
"""

    def split(self, input):
        found = []
        for word in re.findall(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+", input):
            chinese = "\u3400" <= word[0] <= "\u9fff"
            pairs = [word[at : at + 2] for at in range(len(word) - 1)] or [word]
            found += pairs if chinese else [word.lower()]
        return found


languages["zh"] = languages["zh_CN"] = Bigrams


def formula(display):
    """A visitor that writes a formula as MathML, which browsers draw without a script."""

    def visit(self, node: nodes.Node) -> None:
        self.body.append(convert(node.astext(), display="block" if display else "inline"))
        raise nodes.SkipNode

    return visit


def setup(app):
    app.add_html_math_renderer("mathml", (formula(False), None), (formula(True), None))
