"""Lines that a program printed → rows: every number with the words before it.

Epoch:12, w=1.72, loss=0.44, grad=-2.8            epoch 12, w 1.72, loss 0.44, grad -2.8
[10/100] train_loss 0.31 val_loss 0.44 lr 1e-3    # 10, train_loss 0.31, …     (# is a number without a name)
782/782 ━━━━ 3s 4ms/step - loss: 0.28             # 782 of 782, loss 0.28
第 3 轮 训练损失 0.52                              epoch 3, 训练损失 0.52
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .names import part_in, role_of
from .series import Asked, Runs

LONG = 1 << 16  # characters of a line that are read
_WORD = r"nan|inf(?:inity)?|∞|1\.#(?:QNAN|SNAN|IND|INF)"
NUMBER = re.compile(
    rf"(?<![\w.\-+@])[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|(?i:{_WORD})(?:\(\w+\))?)(?!\.?\d|#)"
)
_LOST = re.compile(r"([-+]?)(nan|inf(?:inity)?|∞|1\.#(\w+))(?:\(\w+\))?", re.I)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TIME = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?"
    r"|(?:\d+ days?, )?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?![\d.])|^[IWEF]\d{4} \d[\d:.]* +\d+ [\w.]+:\d+\]"
)
_TENSOR = re.compile(
    r"(?:tensor|array|np\.float\d+|numpy\.float\d+|float|Array)\(\s*(\[*\s*[-+\w.∞#]+\s*\]*)(?:,\s*(?:device|dtype|grad_fn|requires_grad|weak_type)=[^()]*)*\)"
)
_COUNTED = re.compile(
    r"第\s*(\d+)\s*(?:/\s*\d+\s*)?个?\s*(轮|步|次|代|周期|批|epoch|迭代)[\w]*?(?=[^\w]|训|验|测|损|平|学|准|$)"
)
_OF_ALL = re.compile(r"共\s*\d+\s*[轮步次批个代]+")
_STUCK = re.compile(r"(?<![A-Za-z])(epoch|iter|iteration|step|batch)[-_#]?(?=\d)", re.I)
_BAR = re.compile(r"[█▉▊▋▌▍▎▏━╸╺]|\[[=>.#-]{5,}\]|\d+%\|")
_CUT = re.compile(r"[,;|\t()\[\]{}<>\"，；。、（）【】│·•]|\s[-–—]+\s|^-+\s|[:：=](?=.)|\.\s")
_BEFORE = re.compile(r"^(.*?)\s*\b(?:after|at|in|for|on|of|@)\s+(.*)$", re.I)
_SIZE = re.compile(r"(?:\|{1,2}|‖)\s*(?:g|∇f|∇J|grad|gradient)\s*(?:\|{1,2}|‖)", re.I)
_OF = re.compile(r"\b([fFjJlL])\s*\([\w, θ]{1,12}\)(?=\s*[:=])")
_EACH = re.compile(r"^\s*/\s*[A-Za-z]+")  # 200/s
_UNIT = re.compile(r"(?:[A-Za-zμµ]|%|秒|毫秒|分钟|小时|张|样本)")


def number(text: Any) -> float:
    """The number that a text is, however NaN and infinity are spelled. ValueError for any other text.

    >>> number("0.5"), number("-1.#IND"), number("-Infinity"), number("nan(ind)")
    (0.5, nan, -inf, nan)
    """
    if isinstance(text, bool) or text is None:
        raise ValueError
    if isinstance(text, int | float):
        return float(text)
    text = str(text).strip()
    lost = _LOST.fullmatch(text)
    if not lost:
        return float(text) if "_" not in text else _no_number()
    kind = (lost[3] or lost[2]).lower()
    return (-math.inf if lost[1] == "-" else math.inf) if kind.startswith(("inf", "∞")) else math.nan


def _no_number() -> float:
    raise ValueError


def is_number(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return False
    return True


def read(lines: Iterable[str], runs: Runs) -> None:
    """Every line that names its numbers, and tables with a line of names above them."""
    header: list[str] = []
    part = ""
    for line in lines:
        line = cleaned(line)
        if not line.strip():
            continue
        record = in_braces(line)
        if record:
            runs.row(record)
            continue
        names = _header(line)
        if names:
            header = names
            continue
        if header:
            cells = _row(line, header)
            if cells:
                runs.row(cells)
                continue
            if not re.fullmatch(r"[\s\-=+|:─━┼│]*", line):
                header = []
        values, partial, part = scanned(line, part)
        if values:
            runs.row(values, partial)


def cleaned(line: str) -> str:
    """Without colours, dates and clocks; `tensor(0.4, grad_fn=…)` is 0.4, 第 3 轮 is "epoch 3"."""
    line = _ANSI.sub("", line[:LONG].replace("\x08", "").replace("−", "-"))
    if "(" in line:
        line = _TENSOR.sub(lambda found: found[1], line)
    line = _TIME.sub(" ", line) if ":" in line or "-" in line or "/" in line else line
    if not line.isascii():
        line = _COUNTED.sub(lambda found: f" {_chinese_count(found[2])} {found[1]}, ", _OF_ALL.sub(" ", line))
    if "|" in line or "‖" in line:
        line = _SIZE.sub("grad_norm", line)
    return _STUCK.sub(r"\1 ", _OF.sub(r"\1", line) if "(" in line else line)


def _chinese_count(word: str) -> str:
    return "epoch" if word in ("轮", "代", "周期", "epoch") else "step"


def scanned(line: str, part: str = "") -> tuple[dict[str, float], bool | None, str]:
    """(value of each name, whether a progress bar is under way, the rows that the line speaks of)."""
    values: dict[str, float] = {}
    end, pending, within, counted, partial = 0, "", "", False, None
    here = ""
    index = 0
    for found in NUMBER.finditer(line):
        label, after = line[end : found.start()], line[found.end() : found.end() + 2]
        end, value = found.end(), number(found[0])
        if label.strip() == "/" and index:  # 3/10
            if _BAR.search(line) and counted:
                counted, partial = False, value != values.get("#", value)
            continue
        index += 1
        here = part_in(label) or here
        if _UNIT.match(after) and not _whole_word(line, end):
            continue
        name, waiting = _name(_EACH.sub("", label))
        pending = waiting or pending
        if not name and pending and waiting == "" and re.search(r"[:：=]\s*[\[(]*\s*$", label):
            name, pending = pending, ""
        if not name:
            only_counts = values.keys() == _keys(values)
            if within and re.fullmatch(r"[\s,]+", label):  # [1.2, 3.4]
                count = sum(1 for known in values if known.startswith(f"{within}["))
                if count == 0 and within in values:
                    values[f"{within}[0]"], count = values.pop(within), 1
                values[f"{within}[{count}]"] = value
            elif index == 1 or ("#" not in values and only_counts and re.search(r"\[\s*$", label)):
                apart = re.fullmatch(r"[\s\[(]*|.*[\s|\[\]:(]", label)
                if apart and float(value).is_integer() and value >= 0:
                    values["#"], counted = value, True
            elif "#" not in values and _BAR.search(line) and re.search(r"\|\s*$", label):
                values["#"], counted = value, True
            elif "#" not in values and only_counts and values and re.fullmatch(r"[\s:：,，]+", label):
                values["#2"] = value  # epoch 3: 0.52
            continue
        role = role_of(name)
        if role.rank == 9.0 and float(value).is_integer() and "." not in found[0]:  # Train: 0 [50/1251]
            name = "epoch" if re.match(r"\s*\[", line[end:]) else name
            if name != "epoch":
                continue
        within = name if re.search(r"[\[(]\s*$", label) else ""
        role = role_of(name)
        if role.what in ("loss", "metric", "gradient") and not role.part and here and role.rank < 8:
            name = f"{here} {name}"
        values.setdefault(name, value)
    roles = {role_of(name).what for name in values}
    if not roles & {"loss", "epoch", "step", "rate", "gradient", "metric"}:
        return {}, None, part
    return values, partial, part


def _whole_word(line: str, end: int) -> bool:
    """Whether a number is followed by a word of its own (`0.3 val_loss`) and not by a unit (`3s`)."""
    return line[end : end + 1].isspace()


def _keys(values: Mapping[str, float]) -> set[str]:
    return {name for name in values if role_of(name).what in ("epoch", "step")}


def _name(label: str) -> tuple[str, str]:
    """(name of the number that follows, name of the one after it): "loss after epoch " is ("epoch",
    "loss")."""
    words = label.strip().rstrip(":：=≈~ \t").rstrip("([{'\"").rstrip(":：=≈~ \t")
    pieces = _CUT.split(words)
    last = pieces[-1].strip(" \t'\"`*_#>.…/\\的是为") if pieces else ""
    waiting = ""
    before = _BEFORE.match(last)
    if before and role_of(before[2]).what in ("epoch", "step"):
        waiting, last = before[1], before[2]
        return last, waiting if role_of(waiting).what else ""
    if role_of(last).what in ("epoch", "step") and len(pieces) > 1 and words.count("(") > words.count(")"):
        waiting = pieces[-2].strip()
        waiting = waiting if role_of(waiting).what in ("loss", "metric") else ""
    if len(last) > 60 or not re.search(r"[^\W\d_]", last):
        return "", waiting
    if not role_of(last).what:  # of "Results loss" the last words that mean something
        split = last.split()
        for count in (3, 2, 1):
            ending = " ".join(split[-count:])
            if count < len(split) and role_of(ending).what:
                return ending, waiting
    return last, waiting


def in_braces(line: str) -> dict[str, float]:
    """The numbers of a dict that stands in a line, as JSON or as Python prints it; {} where there is none."""
    start, end = line.find("{"), line.rfind("}")
    if start < 0 or end < start + 4:
        return {}
    inside = line[start : end + 1]
    try:
        found = json.loads(inside)
    except (ValueError, RecursionError):
        try:
            quoted = re.sub(r"\b(nan|inf)\b", r"'\1'", inside)
            found = ast.literal_eval(quoted) if len(inside) < 10_000 else None
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return {}
    if not isinstance(found, dict):
        return {}
    values = flattened(found)
    return values if any(role_of(name).what for name in values) else {}


def flattened(record: Mapping[Any, Any], before: str = "", depth: int = 4) -> dict[str, float]:
    """Numbers by name, those of inner dicts as outer/inner; a column `mode` of train or val goes to the
    names.

    >>> flattened({"epoch": 1, "train": {"loss": 0.5}}), flattened({"mode": "val", "loss": "0.4"})
    ({'epoch': 1.0, 'train/loss': 0.5}, {'val/loss': 0.4})
    """
    values: dict[str, float] = {}
    phase = ""
    for key, value in record.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            if depth:
                values |= flattened(value, f"{name}/", depth - 1)
            continue
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        try:
            values[name] = number(value)
        except (ValueError, OverflowError):
            if isinstance(value, str) and role_of(str(key)).what == "phase" and part_in(value):
                phase = value
    if phase:
        keys = ("epoch", "step", "seconds", "rate")
        values = {
            name if role_of(name).what in keys or role_of(name).part else f"{phase}/{name}": value
            for name, value in values.items()
        }
    return values


def _header(line: str) -> list[str]:
    """The names of a table, where a line is nothing else: two that mean something, one of them a loss."""
    if any(character.isdigit() for character in line) and NUMBER.search(line):
        return []
    for cells in _splits(line):
        roles = [role_of(cell).what for cell in cells]
        if sum(map(bool, roles)) >= 2 and "loss" in roles and not re.search("[=:：,]", line):
            return cells
    return []


def _splits(line: str) -> Iterator[list[str]]:
    for pattern in (r"\s*[|│┃]\s*", r"\t+|\s{2,}", r"\s+"):
        cells = [cell.strip() for cell in re.split(pattern, line.strip().strip("|│┃"))]
        if len(cells) > 1:
            yield [cell for cell in cells if cell] if pattern != r"\s*[|│┃]\s*" else cells


def _row(line: str, header: list[str]) -> dict[str, float]:
    """The numbers of a line below a line of names; {} where it has another number of cells, or no numbers."""
    for cells in _splits(line):
        if len(cells) not in (len(header), len(header) + 1):  # one more: a mark of skorch
            continue
        values = {}
        for name, cell in zip(header, cells):
            count = re.fullmatch(r"(\d+)/\d+", cell)
            if is_number(count[1] if count else cell):
                values[name] = number(count[1] if count else cell)
        if any(role_of(name).what == "loss" for name in values):
            return values
    return {}


def bare(lines: Iterable[str], runs: Runs, asked: Asked) -> int:
    """Numbers without names: `loss`, or `epoch loss`, or what `columns` calls them. How many stand in a
    line; 0 where the lines are not all alike."""
    pattern = re.compile(r"^\W*(?:(?!nan|inf)[^\W\d]+\W*)?$", re.I)
    count, found, others = 0, 0, 0
    for line in lines:
        line = cleaned(line)
        if not line.strip():
            continue
        numbers = list(NUMBER.finditer(line))
        words = [line[a:b] for a, b in zip([0, *(n.end() for n in numbers)], [n.start() for n in numbers])]
        plain = (
            bool(numbers)
            and pattern.match(words[0])
            and all(re.fullmatch(r"[\s,;|\[\]()]+", w) for w in words[1:])
        )
        plain = plain and not re.search(r"\w", line[numbers[-1].end() :])
        if not plain or (found and len(numbers) != count):
            others += 1
            continue
        count, found = len(numbers), found + 1
        names = asked.columns or {1: ("loss",), 2: ("epoch", "loss")}.get(count, ())
        if len(names) == count:
            runs.row({name: number(n[0]) for name, n in zip(names, numbers)})
    return count if found >= 3 and others <= 2 + found // 5 else 0
