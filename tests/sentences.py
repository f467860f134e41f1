"""What Downslope says, as tests read it: key → the sentence in English and in Chinese."""

import re
import string

from downslope.messages import FOLDER, LANGUAGES, read_table


def texts(room: str) -> dict[str, tuple[str, ...]]:
    """All sentences of a room, in all languages."""
    found: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for path in sorted((FOLDER / language).glob("*.toml")):
            if path.stem.partition("_")[0] == room.partition("_")[0] and path.stem.startswith(room):
                for name, sentence in read_table(path).items():
                    found.setdefault(f"{room.partition('_')[0]}.{name}", []).append(sentence)
    return {key: tuple(sentences) for key, sentences in found.items()}


def placeholders(sentence: str) -> set[str]:
    """The names of the values that fill a sentence."""
    return {re.split(r"[.\[!:]", name)[0] for _, name, _, _ in string.Formatter().parse(sentence) if name}
