"""Claims about everything that is said: both languages, the same facts, no key unused, none missing."""

import ast
import re
from pathlib import Path

import pytest
from typer.main import get_command

from downslope import messages
from downslope.cli import app
from downslope.errors import DownslopeError, nearest
from downslope.messages import FOLDER, LANGUAGES, read_table, speaking, text
from tests.sentences import placeholders

SOURCE = Path(messages.__file__).parents[1]
FILES_OF_TEXTS = {language: sorted((FOLDER / language).glob("*.toml")) for language in LANGUAGES}
TABLES = sorted({path.stem.partition("_")[0] for path in FILES_OF_TEXTS["en"]})


def texts_of(language: str) -> dict[str, str]:
    return {
        f"{path.stem.partition('_')[0]}.{name}": sentence
        for path in FILES_OF_TEXTS[language]
        for name, sentence in read_table(path).items()
    }


ENGLISH, CHINESE = texts_of("en"), texts_of("zh")
TEXTS = {key: (ENGLISH[key], CHINESE.get(key, "")) for key in ENGLISH}
PAGE_TEXTS = {f"lab.{name}" for name in read_table(FOLDER / "en" / "lab_page.toml")}
# the package's own __init__ names modules, "descent.methods", which look like keys and are none
FILES = [p for p in SOURCE.rglob("*.py") if p.parent != SOURCE / "messages" and p != SOURCE / "__init__.py"]
KEY = re.compile(rf"({'|'.join(TABLES)})\.[a-z0-9][a-z0-9_]*")


def strings(path):
    """Every string in a file, the parts of f-strings with * where something is filled in."""
    tree = ast.parse(path.read_text())
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "*" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


FUNCTIONS = {
    node.name  # commands are asked for by the name of their function
    for path in FILES
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.FunctionDef)
}
TEMPLATES = [path.read_text() for path in SOURCE.rglob("*.template")]
SAID = {found for path in FILES for found in strings(path)}
SAID |= {found for template in TEMPLATES for found in re.findall(r"\$\{([a-z_.]+)\}", template)}
PAGE = "".join(path.read_text() for path in sorted((SOURCE / "lab" / "page").glob("*.[jh]*")))
USED = {found for found in SAID if KEY.fullmatch(found)}
PATTERNS = [
    re.compile(re.escape(s).replace(r"\*", ".+"))
    for s in SAID
    if re.fullmatch(r"[a-z]+\.[a-z0-9_*]*\*[a-z0-9_*]*", s)
]


def test_every_language_has_the_same_files_with_the_same_keys():
    for language, paths in FILES_OF_TEXTS.items():
        assert [path.name for path in paths] == [path.name for path in FILES_OF_TEXTS["en"]], language
    assert [*ENGLISH] == [*CHINESE]
    assert all(KEY.fullmatch(key) for key in ENGLISH)


def test_no_key_stands_in_two_files():
    for paths in FILES_OF_TEXTS.values():
        names = [(path.stem.partition("_")[0], name) for path in paths for name in read_table(path)]
        assert len(names) == len(set(names))


def test_both_languages_say_it_with_the_same_facts():
    for key, (english, chinese) in TEXTS.items():
        assert placeholders(english) == placeholders(chinese), key
        assert english.strip() and chinese.strip(), key
        assert not re.search("[一-鿿]", english.replace("中文", "")), f"{key}: Chinese in the English text"


def test_every_key_that_is_used_exists():
    assert sorted(key for key in USED if key not in TEXTS) == []


def on_the_page(name):
    """A text of the lab's page: its name stands in a script or in the HTML, whole, or its beginning does."""
    begun = name.rpartition("_")[0] + "_"
    return any(f"{quote}{name}{quote}" in PAGE or f"{quote}{begun}" in PAGE for quote in ('"', "`"))


def test_every_key_that_exists_is_used():
    codes = {found for found in SAID if re.fullmatch(r"[a-z][a-z0-9_]*", found)} | FUNCTIONS
    unused = []
    for key in TEXTS:
        by_pattern = any(pattern.fullmatch(key) for pattern in PATTERNS)
        name = key.partition(".")[2]
        tail = any(name == code or name.endswith(f"_{code}") for code in codes)
        if key not in USED and not (by_pattern and tail) and not (key in PAGE_TEXTS and on_the_page(name)):
            unused.append(key)
    assert unused == []


def test_what_is_said_in_chinese_is_chinese():
    plain = [key for key, (_, chinese) in TEXTS.items() if not re.search("[一-鿿]", chinese)]
    assert all(not re.search("[A-Za-z]{4,} [A-Za-z]{3,}", TEXTS[key][1]) for key in plain)


def options(command) -> set[str]:
    """The settings that a command and its commands take, as Python names them."""
    own = {param.name for param in command.params}
    return own.union(*(options(each) for each in getattr(command, "commands", {}).values()))


def test_a_setting_that_is_refused_is_named_as_the_door_names_it():
    settings = options(get_command(app))
    bare = re.compile(r"([a-z_]+) (?:was|为|是) \{")
    asked = [(key, bare.match(sentence)) for key, pair in TEXTS.items() for sentence in pair]
    wrong = {key for key, found in asked if found and found[1] in settings}
    assert "folds" in settings and wrong - {"functions.derivative_kind", "inference.not_called"} == set()


def test_an_error_is_one_line_in_the_language_of_the_moment():
    error = DownslopeError("descent.epochs", epochs=0)
    told = {}
    for language in ("en", "zh"):
        with speaking(language):
            told[language] = str(error)
    assert told["en"] != told["zh"] and all("\n" not in line and "0" in line for line in told.values())


def test_an_error_survives_pickling():
    import pickle

    again = pickle.loads(pickle.dumps(DownslopeError("descent.epochs", epochs=0)))
    assert (again.key, again.facts) == ("descent.epochs", {"epochs": 0})


def test_languages_nest_and_none_changes_nothing():
    with speaking("zh"):
        with speaking("en"):
            inner = text("descent.epochs", epochs=0)
        with speaking(None):
            assert text("descent.epochs", epochs=0) != inner


@pytest.mark.parametrize(
    "set_to, language",
    [({"DOWNSLOPE_LANG": "zh"}, "zh"), ({"DOWNSLOPE_LANG": "en", "LANG": "zh_CN.UTF-8"}, "en")],
)
def test_the_environment_chooses_the_language(set_to, language, monkeypatch):
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    assert messages.language() == language


def test_the_nearest_name_comes_first():
    assert nearest("momentun", ["gd", "momentum", "adam"]) == "momentum, adam, gd"
    assert nearest("zzz", ["b", "a"]) == "a, b"


def test_a_key_that_does_not_exist_is_named_whole():
    """Who fills in what a sentence lacks tells by it a fact from a sentence that is missing."""
    with pytest.raises(KeyError, match=r"^'insight\.no_such_sentence'$"):
        text("insight.no_such_sentence")


COUNTS = re.compile(
    r"\{(\w+)[^{}]*\}(?: of (?:its |all )?\{\w+[^{}]*\})?(?: [a-z-]+){0,2}? " + rf"(?:{messages.NOUNS})\b"
)
SEVERAL = re.compile(rf"\b({messages.NOUNS}|are|were|have|they|their|these|them)\b")


@pytest.mark.parametrize("key", [key for key in ENGLISH if COUNTS.search(ENGLISH[key])])
def test_one_of_a_kind_is_in_the_singular(key):
    """Each count in turn is 1 and all others 7: what follows the 1 names one thing."""
    for name in {found[1] for found in COUNTS.finditer(ENGLISH[key])} - set(messages.NAMES):
        said = messages.singular(ENGLISH[key], {name: 1})
        said = re.sub(r"\{" + name + r"[^{}]*\}", "1", said)
        said = re.sub(r"\{\w+[^{}]*\}", "7", said)
        for after in re.findall(r"(?<![\w.,=>−–-] )(?<![\w.,])1 (?!of|×)([a-z -]+)", said):
            assert not SEVERAL.search(after), (key, said)
        for after in re.findall(r"(?<![\w.,])1 of (?:its |all )?7 [a-z]+s ([a-z -]+)", said):
            assert not re.search(r"\b(are|were|have|they|their|these|them)\b", after), (key, said)


def test_the_number_decides_and_names_that_are_numbers_do_not():
    with speaking("en"):
        assert "1 line was" in text("data.note_preamble", count=1, example="a")
        assert "2 lines were" in text("data.note_preamble", count=2, example="a")
        assert "column 1 groups" in text("selection.column_missing", column="1", count=2)
