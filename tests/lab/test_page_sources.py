"""Claims about the lab page's files, which need no browser: its words, its modules, its types."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import downslope
from downslope.lab.pages import CONTROLS
from tests.sentences import texts

TEXTS = texts("lab_page")

FOLDER = Path(downslope.__file__).parent / "lab" / "page"
MODULES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.js"))}
MARKUP = (FOLDER / "index.html").read_text(encoding="utf-8")
CHECKER = Path(__file__).parent / "page"


def bare(script: str) -> str:
    """A module without its comments."""
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", script, flags=re.DOTALL)


ATTRIBUTES = set(re.findall(r'data-(?:text|label)="(\w+)"', MARKUP))
MADE = ("kind_", "task_", "take_", "control_", "zone_name_", "view_", "key_")


def test_every_word_of_the_page_is_in_the_table():
    asked = {
        found for script in MODULES.values() for found in re.findall(r'\bword\(\s*"(\w+)"', bare(script))
    } | ATTRIBUTES
    assert sorted(key for key in asked if not key.endswith("_") and f"lab.{key}" not in TEXTS) == []


def test_every_word_in_the_table_is_on_the_page():
    everything = " ".join(bare(script) for script in MODULES.values())
    unused = [
        key
        for key in (full.removeprefix("lab.") for full in TEXTS)
        if key not in ATTRIBUTES and f'"{key}"' not in everything and not key.startswith(MADE)
    ]
    assert unused == [key for key in unused if key in ("epochs", "updates", "seconds")]  # the race's measures


def test_every_control_that_a_teacher_may_hide_has_a_name_and_is_on_the_page():
    assert [name for name in CONTROLS if f"lab.control_{name}" not in TEXTS] == []
    everything = " ".join([MARKUP, *MODULES.values()])
    assert [name for name in CONTROLS if f'"{name}"' not in everything] == []


def test_no_sentence_stands_in_the_markup_or_in_a_module():
    shown = re.sub(r"<(script|style|svg|title)\b.*?</\1>|<[^>]+>", " ", MARKUP, flags=re.DOTALL)
    assert re.findall(r"[A-Za-z一-鿿]{3,}", shown) == ["Downslope"]
    for name, script in MODULES.items():
        texts = re.findall(r'"((?:[^"\\\n]|\\.)*)"', bare(script))
        assert [text for text in texts if re.search(r"[一-鿿]", text)] in ([], ["中文"]), name
        sentences = [text for text in texts if re.fullmatch(r"[A-Z][a-z]+(?: [a-z]+){2,}.*", text)]
        assert sentences == [], name


def test_the_modules_can_be_joined_into_one_script():
    """The report joins them: named imports, unique top-level names, no cycle, nothing that ends a script."""
    names: dict[str, str] = {}
    for module, script in MODULES.items():
        for line in re.findall(r"^import .*", script, re.MULTILINE):
            assert re.fullmatch(r'import \{ [\w, ]+ \} from "\./\w+\.js";', line), (module, line)
            assert " as " not in line
        declared = re.findall(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", script, re.M)
        for name in declared:
            assert name not in names, f"{name} in {module} and {names[name]}"
            names[name] = module
        assert "</script" not in script.lower() and "eval(" not in script and "innerHTML" not in script
    wanted = {m: re.findall(r'from "\./(\w+\.js)"', s) for m, s in MODULES.items()}
    done: list[str] = []
    while rest := [m for m in wanted if m not in done]:
        ready = [m for m in rest if all(need in done for need in wanted[m])]
        assert ready, f"a cycle among {rest}"
        done += ready


def test_nothing_is_fetched_from_elsewhere():
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    for name, text in {**MODULES, "index.html": MARKUP, "page.css": style}.items():
        elsewhere = re.findall(r"https?://[^\"' )]+", text)
        assert elsewhere in ([], ["http://www.w3.org/2000/svg"]), name


def test_each_module_is_short():
    assert [name for name, script in MODULES.items() if script.count("\n") >= 450] == []
    styles = (FOLDER / "page.css").read_text(encoding="utf-8")
    assert sum(text.count("\n") for text in (*MODULES.values(), styles)) <= 4_500
    assert max(len(line) for text in MODULES.values() for line in text.splitlines()) < 600


@pytest.mark.skipif(shutil.which("npx") is None, reason="no npm here: the page's types go unchecked")
def test_the_types_hold():
    if not (CHECKER / "node_modules" / ".bin" / "tsc").exists():
        pytest.skip("TypeScript is not installed: npm ci in tests/lab/page")
    ran = subprocess.run(["npm", "run", "-s", "check"], cwd=CHECKER, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
