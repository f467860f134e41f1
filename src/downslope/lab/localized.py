"""A sentence for a page: in both languages at once, so that the page changes its language without asking."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..errors import DownslopeError
from ..messages import LANGUAGES, language, speaking, text

Localized = dict[str, str]  # language → sentence


def in_each_language(make: Callable[[], str]) -> Localized:
    """What `make` says in each language.

    >>> from downslope.messages import text
    >>> sorted(in_each_language(lambda: text("lessons.dataset")).items())
    [('en', 'Dataset'), ('zh', '数据集')]
    """
    sentences = {}
    for each in LANGUAGES:
        with speaking(each):
            sentences[each] = make()
    return sentences


def localized(key: str, **facts) -> Localized:
    """The sentence of `key` in each language; a fact that is a Localized stands in its own language."""
    return in_each_language(lambda: text(key, **{name: _here(value) for name, value in facts.items()}))


def refusal(error: DownslopeError) -> Localized:
    """What an error says, in one line."""
    return in_each_language(lambda: " ".join(str(error).split()))


def plain(words: str) -> Localized:
    """What needs no translation: a formula, a name."""
    return dict.fromkeys(LANGUAGES, words)


def _here(value):
    return value[language()] if isinstance(value, dict) and set(value) == set(LANGUAGES) else value


def encoded(answer: Any) -> bytes:
    """JSON in UTF-8. A number that is not finite would be a fault of ours.

    >>> encoded({"x": 1.0})
    b'{"x":1.0}'
    """
    return json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
