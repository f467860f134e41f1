"""argmax over encodings of log P(characters | encoding): the encoding that a text without a mark is read in.

UTF-8, UTF-16 and UTF-32 are recognised by their byte order marks or by being valid. Among the others,
charset-normalizer says which of ENCODINGS decode to text at all; of those the likeliest is taken. Bytes of a
short text may be sensible in two encodings: then the one that stands first in ENCODINGS is taken, and the tie
is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..errors import DownslopeError
from ..messages import language, read_table

# The order decides ties: Chinese before its neighbours, Western European before Central European.
ENCODINGS = ("gb18030", "big5", "cp932", "cp949", "cp1252", "cp1250", "cp1251")
ENOUGH = 1 << 14  # bytes of lines with letters beyond ASCII that are looked at
CLEAR = 3.0  # nats: a smaller difference of log likelihood is a tie
PRIOR = {"cp1250": -2.0, "cp1251": -4.0, "big5": -1.0, "cp932": -1.0, "cp949": -1.0}
MARKS = ((b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"),
         (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))  # fmt: skip

_WESTERN = "àáâãäåæçèéêëíîïñóôõöøúûüßœÀÁÂÃÄÅÆÇÈÉÊËÍÎÑÓÔÕÖØÚÜŒ"
_CENTRAL = "áéíóúýöüäâîčďěňřšťůžąćęłńśźżőűăşţđľÁÉÍÓÚÝÖÜÄČĎŇŘŠŤŽĄĆĘŁŃŚŹŻŐŰŞŢĐĽßôŔŕĺ"
_CYRILLIC = re.compile("[а-яА-ЯёЁ]")
_QUOTES = "«»–—‘’“”„•…¿¡·"
_SYMBOLS = "°€£¥§©®±²³µº½¼¾™№ª×÷"
_HIGH = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True)
class Charset:
    """The encoding of a text, and those in which the bytes seen would have been as sensible.

    >>> charset_of("价格,面积\\n1,2\\n".encode("gb18030"))
    Charset(name='gb18030', ties=())
    """

    name: str
    ties: tuple[str, ...] = ()

    @property
    def is_utf8(self) -> bool:
        return self.name in ("utf-8", "utf-8-sig")


def charset_of(raw: bytes, whole: bool = True, asked: str | None = None) -> Charset:
    """The encoding of a text from its first bytes.

    whole: whether these are all of them; otherwise the last ones may be a part of a character.
    asked: the encoding given by the user, which is used as it is. Raises DownslopeError for an unknown one.
    """
    if asked is not None:
        return Charset(known(asked))
    for mark, name in MARKS:
        if raw.startswith(mark):
            return Charset(name)
    wide = _without_mark(raw)
    if wide is not None:
        return Charset(wide)
    if not _HIGH.search(raw) or _is_utf8(raw, whole):
        return Charset("utf-8")
    return _likeliest(_telling(raw, whole))


def known(asked: str) -> str:
    """Python's name of an encoding; "utf-8" also takes the mark at the beginning.

    >>> known("GBK"), known("UTF8"), known("Shift-JIS")
    ('gbk', 'utf-8-sig', 'shift_jis')
    """
    import codecs

    try:
        codec = codecs.lookup(asked)
    except (LookupError, ValueError):
        codec = None
    if codec is None or not codec._is_text_encoding:
        raise DownslopeError("data.unknown_encoding", asked=asked, known=", ".join(("utf-8", *ENCODINGS)))
    return "utf-8-sig" if codec.name == "utf-8" else codec.name


def _without_mark(raw: bytes) -> str | None:
    """UTF-16 without its mark: in ASCII text every second byte is 0."""
    head = raw[:4096]
    half = len(head) // 2
    if half < 4:
        return None
    even, odd = head[0 : 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else None


def _is_utf8(raw: bytes, whole: bool) -> bool:
    """Whether a text is UTF-8, but for a few damaged characters at most."""
    text = raw.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd") - (0 if whole else 1)
    good = sum(map(len, re.findall("[^\x00-\x7f\ufffd]+", text)))
    return damaged <= 0 or 10 * damaged <= good


def _telling(raw: bytes, whole: bool) -> bytes:
    """The lines with letters beyond ASCII, each once; none is cut."""
    lines = re.split(rb"[\r\n]+", raw)
    lines = lines if whole or len(lines) < 2 else lines[:-1]
    found = b"\n".join(dict.fromkeys(line for line in lines if _HIGH.search(line)))
    cut = found.rfind(b"\n", 0, ENOUGH)
    return found if len(found) <= ENOUGH or cut < 0 else found[:cut]


def _likeliest(sample: bytes) -> Charset:
    import charset_normalizer

    matches = charset_normalizer.from_bytes(sample, cp_isolation=list(ENCODINGS), threshold=0.9)
    sensible = {name for match in matches for name in match.could_be_from_charset}
    scores = {name: _score(sample, name) for name in ENCODINGS if name in sensible or not sensible}
    best = max(scores.values(), default=float("-inf"))
    if not scores or best == float("-inf"):
        return Charset("cp1252")
    taken = max(scores, key=lambda name: scores[name])
    text = sample.decode(taken, "replace")
    near = [name for name, score in scores.items() if score > best - CLEAR]
    return Charset(taken, tuple(name for name in near if sample.decode(name, "replace") != text))


def _score(sample: bytes, name: str) -> float:
    """log P(decoded characters beyond ASCII), in nats; −inf where they can not be decoded."""
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        damaged = sample.decode(name, "replace").count("\ufffd")
        if 20 * damaged > len(_HIGH.findall(sample)):
            return float("-inf")
        text = sample.decode(name, "ignore")
    total = PRIOR.get(name, 0.0)
    if language() == "zh":
        total += 2.0 if name == "gb18030" else 0.0
    score = {"cp1252": _latin, "cp1250": _latin, "cp1251": _cyrillic}.get(name, _east_asian)
    for at, letter in enumerate(text):
        if letter > "\x7f":
            total += score(name, letter, text[at - 1 : at], text[at + 1 : at + 2])
    return total


def _latin(name: str, letter: str, before: str, after: str) -> float:
    """An accented letter stands among ASCII letters; a symbol does not stand inside a word."""
    if letter in _QUOTES:
        return -5.0
    if letter in _SYMBOLS:
        inside = after.isalpha() and (before.isalpha() or after > "\x7f")
        return -5.0 - 5.0 * inside - 3.0 * (before > "\x7f")
    if not letter.isalpha():
        return -10.0
    common = letter in (_WESTERN if name == "cp1252" else _CENTRAL)
    if name == "cp1252" and letter in "ìòù":  # Italian, and at the end of a word
        common = not after.isalpha()
    if name == "cp1252" and letter in "ñÑ":  # Spanish, and before a vowel
        common = after.lower() in "aeiouáéíóú"
    doubled = before > "\x7f" and before.isalpha()
    turned = before.islower() and letter.isupper()
    return (-3.5 if common else -6.0) - 3.0 * doubled - 3.0 * turned


def _cyrillic(name: str, letter: str, before: str, after: str) -> float:
    """A Cyrillic letter stands among others, small ones behind the first."""
    if letter in _QUOTES + _SYMBOLS:
        return -7.0
    if not letter.isalpha():
        return -10.0
    mixed = any(near.isascii() and near.isalpha() for near in (before, after))
    turned = before.islower() and letter.isupper()
    usual = bool(_CYRILLIC.match(letter)) or letter in "іїєґўІЇЄҐЎ"
    return (-3.3 if usual else -7.0) - 4.0 * mixed - 3.0 * turned


def _east_asian(name: str, letter: str, before: str, after: str) -> float:
    """Half of a text's characters are among the commonest, nearly all others in its first plane."""
    raw = letter.encode(name, "ignore")
    if name == "cp932" and len(raw) == 1:  # half-width katakana
        alone = not any("\uff61" <= near <= "\uff9f" for near in (before, after))
        return -5.5 - 4.0 * alone
    if len(raw) == 4 or not raw:
        return -16.0
    mixed = any(near.isascii() and near.isalpha() for near in (before, after))
    return _character(name, letter, raw[0], raw[-1]) - 3.0 * mixed


@cache
def _frequent() -> dict[str, str]:
    """Encoding → the commonest characters of its language."""
    return read_table(Path(__file__).with_name("characters.toml"))


@cache
def _character(name: str, letter: str, first: int, second: int) -> float:
    if letter in "，。、：；（）“”‘’《》！？％—－・ー〜～　［］【】「」":
        return -6.0
    if "０" <= letter <= "ｚ":
        return -7.5
    if name == "cp932" and "\u3041" <= letter <= "\u30ff":
        return -5.0
    plain = {
        "gb18030": 0xB0 <= first <= 0xD7 and second >= 0xA1,
        "big5": 0xA4 <= first <= 0xC6,
        "cp932": 0x88 <= first <= 0x97,
        "cp949": 0xB0 <= first <= 0xC8 and second >= 0xA1,
    }[name]
    if letter in _frequent()[name]:
        return -6.2
    return -8.8 if plain else -12.5
