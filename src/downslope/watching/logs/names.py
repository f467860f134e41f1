"""name of a column → its role: what it holds, over which rows. English and Chinese, in any spelling.

>>> [role_of(name)[:2] for name in ("train_loss", "Loss/val", "学习率", "valid_1's l2", "loss_scale")]
[('loss', 'train'), ('loss', 'validation'), ('rate', ''), ('loss', 'validation'), ('', '')]
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ...messages import read_table


class Role(NamedTuple):
    """What a column of a log holds. Of two columns with the same role the one of lower `rank` is taken."""

    what: str  # loss, metric, rate, gradient, epoch, step, seconds, weight, phase; "" for all others
    part: str = ""  # train, validation, test; "" where the name does not say
    rank: float = 0.0
    unit: str = ""  # of a loss: "epoch" or "step" where the name says what it is the mean of
    measure: str = ""  # of a loss: loss, mse, logloss, …; two losses are compared where these are equal


OTHER = Role("")
ERRORS = ("", "absolute", "squared", "rate", "absolute squared")  # that are losses

_TABLE = {name: words.split() for name, words in read_table(Path(__file__).with_name("names.toml")).items()}
_CHINESE = [pair.split(":") for pair in _TABLE["chinese"]]
_PART_OF = {word: part for part in ("train", "validation", "test") for word in _TABLE[part]}
_LOSSES = {word: rank for rank in range(6) for word in _TABLE[f"loss_{rank}"]}
_METRICS, _ABOUT, _PLAIN, _EPOCHS, _STEPS, _TIMES, _GRADIENTS, _PHASES = (
    set(_TABLE[name])
    for name in ("metrics", "about", "plain", "epochs", "steps", "times", "gradients", "phases")
)
_WHOLE = dict(pair.split(":") for pair in _TABLE["whole"])
_WEIGHT = re.compile(r"(?:w|b|a|c|x|y|z|theta|θ|beta|β|weight|bias|coef|intercept)[_\[]?\d*\]?", re.I)
_JOINED = re.compile(
    r"(train|training|tr|val|valid|validation|eval|dev|test)(loss|cost|acc|accuracy|mse|rmse|mae|error|err|logloss)"
)


@lru_cache(maxsize=4096)
def role_of(name: str) -> Role:
    """The role that the name of a column, or the words before a number, speak for."""
    plain = name.strip().strip("|‖\"'`*").strip().lower()
    if plain.startswith("params/"):
        return Role("weight")
    words = words_of(name)
    if plain in ("#", "#2"):  # a number without a name: the count of a line, what follows its epoch
        return Role(_WHOLE[plain], rank=9.0)
    if not words or len(words) > 10:
        return OTHER
    known = set(words)
    part = next((_PART_OF[word] for word in words if word in _PART_OF), "")
    if known & _PHASES and len(words) <= 2:
        return Role("phase")
    rate = "lr" in known or {"learning", "rate"} <= known or {"step", "size"} <= known
    if rate and not known & {"decay", "schedule"}:
        return Role("rate", rank=len(words) - 1 - ({"learning", "rate"} <= known))
    if known & _GRADIENTS:
        if known & (_ABOUT | {"steps", "scaling"}):
            return OTHER
        return Role("gradient", part, len(known - _GRADIENTS - {"norm", part, "total", "2", "0", "l2"}))
    if known & _METRICS:
        return Role("metric", part)
    measure = next((word for word in words if word in _LOSSES), None)
    if measure is not None:
        return OTHER if known & (_ABOUT | _TIMES) else _loss(words, measure, part)
    if known & _TIMES:
        return Role("seconds", rank=len(words))
    if known & (_EPOCHS | _STEPS) and known & _ABOUT:
        return OTHER
    if known & _EPOCHS:
        return Role("epoch", rank=len(known - _EPOCHS - {part, "train", "trainer"}))
    if known & _STEPS:
        return Role("step", rank=_step_rank(known))
    if plain in _WHOLE:
        return Role(_WHOLE[plain], rank=8.0, measure=plain if _WHOLE[plain] == "loss" else "")
    if _WEIGHT.fullmatch(plain):
        return Role("weight", rank=1.0)
    if len(words) == 1 and part:  # "learn: 0.6 test: 0.7"
        return Role("loss", part, rank=9.0, measure="")
    return OTHER


def _loss(words: tuple[str, ...], measure: str, part: str) -> Role:
    """A loss: the fewer words beyond loss, train, mean, …, the better it is as the loss that is minimised."""
    unit = "epoch" if "epoch" in words else "step" if {"step", "batch", "iter"} & set(words) else ""
    silent = {*_PLAIN, *_PART_OF, *_LOSSES, "s", "epoch", "step", "batch", "iter"}
    more = [word for word in words if word not in silent and not word.isdigit()]
    if measure in ("error", "err", "errors") and " ".join(more) not in ERRORS:
        return OTHER  # "Error in line 12"
    rank = _LOSSES[measure] + len(more) + 0.25 * (unit == "step")
    kinds = [word for word in words if word in _LOSSES and word not in ("loss", "losses")]
    return Role("loss", part, float(rank), unit, "_".join([*more, *kinds]) or "loss")


def _step_rank(known: set[str]) -> float:
    """A global step before an iteration, an iteration before the batch of an epoch."""
    if "global" in known:
        return 0.0
    return 3.0 if known & {"batch", "batches"} else 1.0 if known & {"step", "steps"} else 2.0


def part_in(words: str) -> str:
    """The rows that a piece of text speaks of: the last such word in it; "" where there is none.

    >>> part_in("[Train] epoch"), part_in("| val: "), part_in("loss")
    ('train', 'validation', '')
    """
    return next((_PART_OF[word] for word in reversed(words_of(words)) if word in _PART_OF), "")


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case: cut at signs and at capital letters; Chinese ones translated.

    >>> words_of("trainLoss"), words_of("epoch/val_Loss"), words_of("训练集损失"), words_of("valloss")
    (('train', 'loss'), ('epoch', 'val', 'loss'), ('train', 'loss'), ('val', 'loss'))
    """
    for chinese, english in _CHINESE:
        if chinese in name:
            name = name.replace(chinese, f" {english} ")
    name = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])|(?<=[a-z]{2})(?=[A-Z])", " ", name)
    name = re.sub(r"cross[ _-]?entropy", "crossentropy", name, flags=re.I)
    words: list[str] = []
    for word in re.findall(r"[^\W_]+", name.lower()):
        joined = _JOINED.fullmatch(word)
        known = ["learning", "rate"] if word == "learningrate" else [word]
        words.extend(joined.groups() if joined else known)
    return tuple(words)
