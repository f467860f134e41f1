"""What every picture keeps, whatever it shows."""

import matplotlib
import pytest
from matplotlib.figure import Figure

from downslope.messages import LANGUAGES, speaking
from downslope.plots import lettering


def legend(ax):
    return [words.get_text() for words in ax.get_legend().get_texts()]


def words(ax):
    ax.figure.draw_without_rendering()
    return [text.get_text() for text in ax.texts]


def checks_of(every):
    """Two tests over all pictures of a table, name → function that draws one into an axes or a new figure."""

    @pytest.mark.parametrize("lang", LANGUAGES)
    @pytest.mark.parametrize("name", every)
    def takes_an_axes(name, lang):
        before = matplotlib.rcParams.copy()
        ax = Figure().add_subplot()
        with speaking(lang):
            assert every[name](ax) is ax
            assert every[name]().figure.get_size_inches().tolist() == [7.0, 4.5]
        ax.figure.canvas.draw()  # warnings are errors: a missing glyph, an overflow
        assert matplotlib.rcParams.copy() == before

    @pytest.mark.parametrize("name", every)
    def is_in_english_without_a_chinese_font(name, monkeypatch):
        monkeypatch.setattr(lettering, "chinese_font", lambda: None)
        with speaking("zh"):
            ax = every[name]()
        ax.figure.canvas.draw()
        said = [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel(), *words(ax)]
        said += legend(ax) if ax.get_legend() else []
        assert not any("\u4e00" <= letter <= "\u9fff" for text in said for letter in text)

    return takes_an_axes, is_in_english_without_a_chinese_font
