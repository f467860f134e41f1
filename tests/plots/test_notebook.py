"""What notebooks show is HTML that holds the numbers, in either language, with every text escaped."""

from html.parser import HTMLParser

import numpy as np
import pytest

import downslope as ds
from downslope.messages import speaking


class Reader(HTMLParser):
    """The text of a page; raises for a tag that is not closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.text = [], ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "style", "img") and not attrs
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + " "


def shown():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = X @ [1.0, -2.0, 0.0] + rng.normal(size=80)
    rows = ds.Dataset.read({"<b>a": X[:, 0], "b&": X[:, 1], "c": X[:, 2], "y": y}, target="y")
    three = ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
    sick = ds.fit(three, method="gd", learning_rate=3.0)
    run = ds.fit(rows, penalty="l1", alpha="cv")
    return {
        "solution": (run, ["<b>a", "b&", f"{run.params[0]:.6g}", f"{run.loss:.6g}"]),
        "verdict": (sick.verdict, ["diverged", *(remedy.text for remedy in sick.verdict.remedies)]),
        "certificate": (ds.certify(ds.objective(rows)), ["L"]),
        "path": (run.path, ["alpha", f"{run.path.alpha:.6g}"]),
        "errors": (ds.standard_errors(ds.fit(rows), rows), ["<b>a"]),
    }


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_notebook_shows_html_with_the_numbers(language):
    with speaking(language):
        for name, (thing, expected) in shown().items():
            text = Reader(thing._repr_html_()).text
            assert [word for word in expected if word not in text] == [], name


def test_of_many_weights_and_alphas_some_are_shown():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 40))
    rows = ds.Dataset.from_arrays(X, X[:, 0] + rng.normal(size=60))
    assert ds.fit(rows)._repr_html_().count("<tr>") == 21
    path = ds.path(rows, alphas=50)
    assert path._repr_html_().count("<tr>") == 21
