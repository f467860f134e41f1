"""Lettering: a font for every word, or another word.  Never an empty box."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from ..messages import language, speaking, text

LATIN = "DejaVu Sans"  # comes with matplotlib
CHINESE = (  # the usual ones on Linux, macOS and Windows, the best first
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Heiti SC",
    "STHeiti",
    "SimHei",
    "DengXian",
    "Noto Sans CJK JP",  # how matplotlib before 3.11 names the whole Noto CJK collection
    "Noto Serif CJK SC",
    "Songti SC",
    "SimSun",
    "Droid Sans Fallback",
    "Arial Unicode MS",
)


@cache
def chinese_font() -> str | None:
    """The name of an installed font that holds Chinese, or None."""
    from matplotlib import font_manager

    def first_known():
        known = {entry.name for entry in font_manager.fontManager.ttflist}
        return next((name for name in CHINESE if name in known), None)

    found = first_known()
    if found is None:  # matplotlib's list may be older than the fonts: look at the disk once
        listed = {str(entry.fname) for entry in font_manager.fontManager.ttflist}
        hints = ("cjk", "wqy", "sourcehan", "notosanssc", "simhei", "msyh", "pingfang", "droidsansfallback")
        for path in font_manager.findSystemFonts():
            if path not in listed and any(hint in path.lower().replace("-", "") for hint in hints):
                font_manager.fontManager.addfont(path)
        found = first_known()
    return found


@cache
def _letters(font: str) -> frozenset[int]:
    """The characters that a font can draw."""
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(font_manager.findfont(font)).get_charmap())


def _families(words: str) -> list[str] | None:
    """The fonts that draw these words together, or None where some letter is in none of them."""
    missing = set(map(ord, words)) - _letters(LATIN)
    if not missing:
        return [LATIN]
    chinese = chinese_font()
    return [LATIN, chinese] if chinese is not None and missing <= _letters(chinese) else None


def readable(make: Callable[[], str]) -> str:
    """What `make` says in the current language; in English where no font can draw it."""
    words = make()
    if language() != "en" and _families(words) is None:
        with speaking("en"):
            words = make()
    return words


def say(key: str, **facts) -> str:
    """A text of the current language; in English where no font can draw it."""
    return readable(lambda: text(key, **facts))


def drawable(name, key: str, **facts) -> str:
    """A column's or a run's name on one line, cut at 24 letters; the text of `key` where no font can draw it.

    >>> drawable("living area", "plots.feature", number=1)
    'living area'
    """
    words = " ".join(str(name).split())
    words = words if len(words) <= 24 else words[:23] + "…"
    return words if words and _families(words) is not None else say(key, **facts)


def lettering(words: str) -> dict:
    """How these words are set: fonts that hold every letter, and $ is a dollar."""
    return {"fontfamily": _families(words) or [LATIN], "parse_math": False}
