"""A lesson from outside the package, data alone, goes through every door that a lesson has."""

import json
import shutil

import pytest

import downslope as ds
from downslope.cli import main
from downslope.errors import DownslopeError
from downslope.lab import document, pages, tasks
from downslope.lab.problems import problem
from downslope.lessons import LESSONS, add, lesson
from downslope.messages import speaking
from tests.builders import refused, refused_key

ROWS = """
number = {number}
command = "downslope fit rows.csv"
view = "weights"
hide = ["upload"]

[problem]
X = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [2.0, 1.0]]
y = [1.0, 2.0, 3.0, 5.5]

[settings]
learning_rate = 0.1
epochs = 400
scale = false

[states]
batch = {{}}
single = {{rows = "one", order = "cyclic", learning_rate = 0.05}}

[[questions]]
name = "bias"
answer = 3.0

[[questions]]
name = "newton"
reach = [{{of = "method", is = "newton"}}]
"""
FUNCTION = """
number = {number}
command = "downslope lesson 1"

[problem]
formula = "(x - 3)^2"
minimum = [3.0]

[settings]
learning_rate = 0.1
epochs = 50
start = {{x = 1.0}}
"""
SENTENCES = """
title = "Two roads"
dataset = "Four rows."
model = "A line."
training = "By two methods."
outcome = "{outcome}"
inference = "Done."
learned = "That two roads lead there."
[questions.bias]
ask = "How many numbers?"
right = "Yes."
wrong = "No."
[questions.newton]
ask = "Run Newton's method."
right = "Right."
wrong = "Choose it."
"""


@pytest.fixture
def outside(tmp_path):
    """Makes lessons of folders; they are gone when the test ends."""
    before = dict(LESSONS)

    def made(data, outcome, language="en", number=51):
        folder = tmp_path / f"lesson {number}"
        folder.mkdir()
        (folder / "lesson.toml").write_text(data.format(number=number), encoding="utf-8")
        (folder / f"{language}.toml").write_text(SENTENCES.replace("{outcome}", outcome), encoding="utf-8")
        return folder

    yield made
    LESSONS.clear()
    LESSONS.update(before)


def ran(arguments, capsys):
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_rows_from_outside_go_through_every_door(outside, capsys, tmp_path):
    added = add(outside(ROWS, "F = {loss_batch:.3g} and {loss_single:.3g}. {verdict_batch}"))

    # Python
    figures = lesson(51).figures()
    assert ds.lessons.LESSONS[51] is added and added.title() == "Two roads"
    assert {"loss_batch", "epochs_single", "x1_batch", "x2_single", "intercept_single"} <= {*figures}
    best = ds.fit(added.rows, method="closed_form").loss
    assert figures["loss_batch"] == pytest.approx(best, rel=1e-5)
    lines = list(added.tell())
    assert lines[0] == "Lesson 51 · Two roads" and lines[-1] == "downslope fit rows.csv"
    assert any(line.startswith("epoch ") for line in lines)
    assert f"F = {figures['loss_batch']:.3g} and {figures['loss_single']:.3g}. " in "\n".join(lines)
    assert len(added.picture().get_lines()) >= 2

    # the command line
    assert " 51  Two roads" in ran(["lesson"], capsys)
    assert ran(["lesson", "51"], capsys).splitlines() == lines
    told = json.loads(ran(["lesson", "51", "--json", "--plot", str(tmp_path / "a.svg")], capsys))
    assert told == {"lesson": 51, "title": "Two roads", "figures": figures}
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")

    # the lab
    page = json.loads(tasks.lesson({"number": 51}, None))
    assert page["figures"] == figures and page["view"] == "weights" and page["hide"] == ["upload"]
    assert [question["kind"] for question in page["questions"]] == ["number", "state"]
    assert {"number": 51, "title": {"en": "Two roads", "zh": "Two roads"}} in pages.beginning("en")["lessons"]
    runs = document.document(problem({"kind": "lesson", "number": 51}), page["runs"])["runs"]
    assert [one["loss"] for one in runs] == [figures["loss_batch"], figures["loss_single"]]
    asked = {"problem": {"kind": "lesson", "number": 51}, "library": "downslope", "settings": page["runs"][0]}
    code = json.loads(tasks.as_code(asked, None))["code"]
    names = {}
    exec(code, names)
    assert names["run"].loss == figures["loss_batch"]


def test_a_function_from_outside_in_one_language(outside):
    add(outside(FUNCTION, "x = {x:.4f}: {verdict}", "zh"))
    with speaking("en"):
        lines = "\n".join(lesson(51).tell())
    assert "x = 3.0000: " in lines and "epoch   0   f = " in lines
    page = json.loads(tasks.lesson({"number": 51}, None))
    assert page["questions"] == [] and len(page["runs"]) == 1
    assert problem({"kind": "lesson", "number": 51}).minima == ((3.0,),)


def test_a_folder_that_was_changed_is_added_again(outside, tmp_path):
    folder = outside(FUNCTION, "")
    add(folder)
    data = (folder / "lesson.toml").read_text()
    (folder / "lesson.toml").write_text(data.replace("epochs = 50", "epochs = 5"))
    assert add(folder).settings.epochs == 5 and lesson(51).settings.epochs == 5
    other = shutil.copytree(folder, tmp_path / "another")
    assert refused_key(add, other) == "lessons.taken"


@pytest.mark.parametrize(
    "change, key",
    [
        (("number = 51", "number = 3"), "lessons.taken"),
        (("number = 51", "number = 51\nfile = 1"), "lessons.folder"),
        (("[problem]", "[problem"), "lessons.folder"),
        (('formula = "(x - 3)^2"', ""), "lessons.no_problem"),
        (('formula = "(x - 3)^2"', 'formula = "open(1)"'), "functions.unknown_function"),
        (("epochs = 50", "epoch = 50"), "inference.unknown_setting"),
    ],
)
def test_a_folder_that_is_no_lesson_is_refused_in_one_line(outside, change, key):
    folder = outside(FUNCTION, "")
    data = (folder / "lesson.toml").read_text()
    assert change[0] in data
    (folder / "lesson.toml").write_text(data.replace(*change))
    assert refused_key(add, folder) == key
    assert 51 not in LESSONS


def test_a_folder_without_sentences_is_refused(outside):
    folder = outside(FUNCTION, "")
    (folder / "en.toml").write_text('title = "Half"')
    with speaking("en"), pytest.raises(DownslopeError, match="lacks dataset, model, training"):
        add(folder)
    assert refused_key(add, folder / "nowhere") == "lessons.missing"


def test_nothing_in_a_folder_from_outside_is_executed(outside, tmp_path):
    folder = outside(FUNCTION, "{x}")
    (folder / "__init__.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert refused_key(add, folder) == "lessons.python"
    (folder / "__init__.py").unlink()
    list(add(folder).tell())
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "sentence, key",
    [
        ("{los}", "lessons.figure"),
        ("{loss.__class__}", "lessons.figure"),
        ("{loss[0]}", "lessons.figure"),
        ("{loss:999999999}", "lessons.figure"),
        ("{loss!r}", "lessons.figure"),
        ("{}", "lessons.figure"),
        ("{verdict:.3f}", "lessons.figure"),
        ("{loss", "lessons.folder"),
        ("\\u001b[2J", "lessons.letter"),
    ],
)
def test_a_sentence_holds_figures_and_nothing_else(outside, sentence, key):
    assert refused_key(add, outside(FUNCTION, sentence)) == key
    assert 51 not in LESSONS


TABLE = 'file = "houses.csv"\ntarget = "y"'


@pytest.mark.parametrize(
    "old, new, key",
    [
        ("number = 51", "number = 0", "lessons.number"),
        ("number = 51", "number = 51.5", "lessons.folder"),
        ("downslope lesson 1", "rm -rf ~", "lessons.command"),
        ("downslope lesson 1", "downslope lesson 1; rm -rf ~", "lessons.command"),
        ("epochs = 50", "epochs = 1000000000", "arguments.whole"),
        ("minimum = [3.0]", "x = " + "[" * 5000, "lessons.folder"),
        ('formula = "(x - 3)^2"', TABLE.replace("houses", "../houses"), "lessons.outside"),
        ('formula = "(x - 3)^2"', TABLE.replace("houses.csv", "/etc/passwd"), "lessons.outside"),
        ("start = {x = 1.0}", "start = {z = 1.0}", "functions.start_unknown"),
        ("start = {x = 1.0}", 'start = {x = 1.0}\n[[questions]]\nname = "bias"', "lessons.answer"),
    ],
)
def test_a_hostile_lesson_is_refused_in_one_line(outside, old, new, key):
    folder = outside(FUNCTION, "")
    data = (folder / "lesson.toml").read_text()
    assert old in data
    (folder / "lesson.toml").write_text(data.replace(old, new))
    found = refused(add, folder)
    assert found.key == key and "\n" not in str(found)
    assert 51 not in LESSONS


def test_a_link_out_of_the_folder_is_not_read(outside, tmp_path):
    folder = outside(FUNCTION, "")
    secret = (folder / "en.toml").rename(tmp_path / "secret.toml")
    (folder / "en.toml").symlink_to(secret)
    assert refused_key(add, folder) == "lessons.outside"


def test_a_table_in_the_folder_is_the_lesson_s_rows(outside):
    data = FUNCTION.replace('formula = "(x - 3)^2"', TABLE).replace("minimum = [3.0]", "")
    folder = outside(data, "{loss:.3f}")
    (folder / "houses.csv").write_text("x,y\n1,2\n2,4\n3,6\n")
    assert add(folder).rows.features == ("x",)
    assert {*lesson(51).figures()} == {"loss", "epochs", "x", "intercept"}


def test_the_command_line_opens_a_folder_of_lessons(outside, capsys, tmp_path):
    outside(FUNCTION, "{x}")
    outside(FUNCTION, "{x}", number=52)
    assert " 52  Two roads" in ran(["lesson", "--from", str(tmp_path)], capsys)
    del LESSONS[51], LESSONS[52]
    assert "Lesson 52 · Two roads" in ran(["lesson", "--from", str(tmp_path / "lesson 52")], capsys)
    for command in (["lesson", "--from"], ["lab", "--no-browser", "--lessons"]):
        assert main([*command, str(tmp_path / "nowhere")]) == 2
        assert "holds no lesson" in capsys.readouterr().err


@pytest.mark.slow
def test_a_worker_of_the_lab_knows_the_lessons_that_were_added(outside):
    from downslope.lab.workers import Worker

    add(outside(FUNCTION, "{x:.3f}"))
    worker = Worker(1 << 31)
    try:
        assert worker.receive() == ("ready",)
        worker.connection.send(("lesson", {"number": 51}))
        assert worker.receive() == ("begun",)
        assert b"Two roads" in worker.receive()[1]
    finally:
        worker.end()
