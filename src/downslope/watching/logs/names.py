"""name of a column → its role: what it holds, over which rows. English and Chinese, in any spelling.

>>> [role_of(name)[:2] for name in ("train_loss", "Loss/val", "学习率", "valid_1's l2", "loss_scale")]
[('loss', 'train'), ('loss', 'validation'), ('rate', ''), ('loss', 'validation'), ('', '')]
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class Role(NamedTuple):
    """What a column of a log holds. Of two columns with the same role the one of lower `rank` is taken."""

    what: str  # loss, metric, rate, gradient, epoch, step, seconds, weight, phase; "" for all others
    part: str = ""  # train, validation, test; "" where the name does not say
    rank: float = 0.0
    unit: str = ""  # of a loss: "epoch" or "step" where the name says what it is the mean of
    measure: str = ""  # of a loss: loss, mse, logloss, …; two losses are compared where these are equal


OTHER = Role("")

_CHINESE = {
    "训练": "train", "验证": "validation", "校验": "validation", "测试": "test", "评估": "validation",
    "损失": "loss", "代价": "cost", "成本": "cost", "误差": "error", "均方": "mse", "交叉熵": "ce",
    "目标函数": "objective", "学习率": "lr", "步长": "lr", "梯度": "gradient", "范数": "norm",
    "轮": "epoch", "周期": "epoch", "世代": "epoch", "迭代": "iteration", "步": "step", "批次": "batch",
    "批": "batch", "准确": "accuracy", "精度": "accuracy", "正确": "accuracy", "精确": "accuracy",
    "得分": "score", "分数": "score", "时间": "time", "用时": "time", "耗时": "time", "秒": "seconds",
    "权重": "weight", "偏置": "bias", "截距": "bias", "平均": "mean", "均值": "mean", "最小": "min",
    "最低": "min", "最佳": "best", "最好": "best", "最优": "best", "总": "total", "阶段": "phase",
    "当前": " ", "函数": " ", "数": " ", "值": " ", "集": " ", "次": " ", "率": " ", "第": " ",
    "的": " ", "为": " ", "是": " ",
}  # fmt: skip

_PARTS = {
    "train": ("train", "training", "tr", "trn", "learn", "trainer"),
    "validation": ("val", "valid", "validation", "dev", "eval", "evaluation", "holdout", "heldout"),
    "test": ("test", "testing", "tst"),
}  # fmt: skip
_PART_OF = {word: part for part, words in _PARTS.items() for word in words}

# measure of a loss → how far behind one that is called a loss
_LOSSES = {
    "loss": 0, "losses": 0, "cost": 1, "costs": 1, "objective": 2, "obj": 2, "criterion": 2, "risk": 2,
    "nll": 3, "ce": 3, "bce": 3, "xent": 3, "crossentropy": 3, "logloss": 3, "mlogloss": 3,
    "deviance": 3, "mse": 3, "rmse": 3, "mae": 3, "l1": 3, "l2": 3, "huber": 3, "rmsle": 3, "mape": 3,
    "multi_logloss": 3, "binary_logloss": 3, "error": 4, "err": 4, "errors": 4, "merror": 4,
    "perplexity": 5, "ppl": 5,
}  # fmt: skip
_METRICS = {
    "acc", "accuracy", "auc", "roc", "ap", "map", "map50", "f1", "precision", "recall", "r2", "score",
    "top1", "top5", "miou", "iou", "bleu", "rouge", "ndcg", "kappa", "mcc", "dice", "psnr", "ssim",
    "fid", "reward", "return",
}  # fmt: skip
# with one of these in its name, a number is about the loss and not the loss itself
_ABOUT = {
    "scale", "scaler", "weight", "weights", "best", "min", "minimum", "lowest", "max", "maximum",
    "coef", "coefficient", "ratio", "delta", "diff", "difference", "change", "patience", "smoothing",
    "std", "var", "decay", "accum", "accumulation", "clip", "threshold", "tol", "target", "improvement",
    "improved", "size",
}  # fmt: skip
_PLAIN = {
    "mean",
    "avg",
    "average",
    "total",
    "sum",
    "overall",
    "running",
    "ema",
    "smooth",
    "smoothed",
    "set",
    "value",
    "full",
    "current",
}
_EPOCHS = {"epoch", "epochs", "ep", "epoc"}
_STEPS = {
    "step",
    "steps",
    "iter",
    "iters",
    "iteration",
    "iterations",
    "it",
    "itr",
    "batch",
    "batches",
    "update",
    "updates",
    "round",
}
_TIMES = {
    "time",
    "seconds",
    "second",
    "sec",
    "secs",
    "elapsed",
    "runtime",
    "walltime",
    "timestamp",
    "duration",
    "dur",
    "wall",
    "remaining",
}
_GRADIENTS = {"grad", "grads", "gradient", "gradients", "gnorm", "gradnorm"}
_PHASES = {"mode", "phase", "split", "stage", "subset"}
_WEIGHT = re.compile(r"(?:w|b|a|c|x|y|z|theta|θ|beta|β|weight|bias|coef|intercept)[_\[]?\d*\]?", re.I)
_JOINED = re.compile(
    r"(train|training|tr|val|valid|validation|eval|dev|test)(loss|cost|acc|accuracy|mse|rmse|mae|error|err|logloss)"
)
_WHOLE = {
    "η": "rate", "eta": "rate", "rate": "rate", "g": "gradient", "∇f": "gradient", "dw": "gradient",
    "j": "loss", "l": "loss", "f": "loss", "fun": "loss", "fval": "loss", "e": "loss",
    "i": "step", "k": "step", "t": "step", "n": "step", "nit": "step", "#": "step", "#2": "loss",
}  # fmt: skip


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
    if ({"lr"} <= known or {"learning", "rate"} <= known or {"step", "size"} <= known) and not known & {
        "decay",
        "schedule",
    }:
        return Role("rate", rank=len(words) - 1 - ({"learning", "rate"} <= known))
    if known & _GRADIENTS:
        about = known & (_ABOUT | {"steps", "scaling"})
        return (
            OTHER
            if about
            else Role(
                "gradient", part, rank=len(known - _GRADIENTS - {"norm", part, "total", "2", "0", "l2"})
            )
        )
    if known & _METRICS:
        return Role("metric", part)
    measure = next((word for word in words if word in _LOSSES), None)
    if measure is not None:
        return OTHER if known & (_ABOUT | _TIMES) else _loss(words, measure, part)
    if known & _TIMES:
        return Role("seconds", rank=len(words))
    if known & _EPOCHS:
        return (
            Role("epoch", rank=len(known - _EPOCHS - {part, "train", "trainer"}))
            if not known & _ABOUT
            else OTHER
        )
    if known & _STEPS:
        return Role("step", rank=_step_rank(known)) if not known & _ABOUT else OTHER
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
    more = [word for word in words if word not in _PLAIN and word not in _PART_OF and word not in _LOSSES]
    more = [
        word for word in more if not word.isdigit() and word not in ("s", "epoch", "step", "batch", "iter")
    ]
    if measure in ("error", "err", "errors") and more not in (
        [],
        ["absolute"],
        ["squared"],
        ["rate"],
        ["absolute", "squared"],
    ):
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
    for chinese, english in _CHINESE.items():
        if chinese in name:
            name = name.replace(chinese, f" {english} ")
    name = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])|(?<=[a-z]{2})(?=[A-Z])", " ", name)
    name = re.sub(r"cross[ _-]?entropy", "crossentropy", name, flags=re.I)
    words: list[str] = []
    for word in re.findall(r"[^\W_]+", name.lower()):
        joined = _JOINED.fullmatch(word)
        words.extend(
            joined.groups() if joined else ["learning", "rate"] if word == "learningrate" else [word]
        )
    return tuple(words)
