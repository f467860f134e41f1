"""Claims about the lab's documents: the trace comes first, and the page needs nothing that is not in them."""

import csv
import html
import io
import json
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest

import downslope as ds
from downslope.errors import DownslopeError
from downslope.inference.export import NUMBERS
from downslope.inference.settings import Settings
from downslope.lab import code, report, tasks
from downslope.lab.choices import choices
from downslope.lab.document import FRAMES, document, inner_trace, run
from downslope.lab.problems import PRESETS, problem
from downslope.lab.saved import of_solution
from downslope.lessons import LESSONS
from downslope.messages import LANGUAGES
from tests.builders import GOLDEN, refused_key

ROWS = {"kind": "rows", "X": [[1], [2], [3]], "y": [2, 4, 6]}
CLASSES = {"kind": "points", "task": "classes", "points": [[0, 0, 0], [1, 1, 0], [2, 2, 1]]}
APART = {"kind": "points", "task": "classes", "points": [[1, 1, 0], [2, 1, 0], [3, 3, 1], [4, 2.5, 1]]}
LINE = SimpleNamespace(look=lambda: None, tell=lambda part: None, put_together=lambda: None)
BARE = {"intercept": False, "scale": False, "start": {"x": 1.0}, "learning_rate": 0.01}


@pytest.fixture(autouse=True)
def one_thread(request):
    """As a worker runs: what lessons with nets compute is so small that threads wait for each other."""
    if any(
        name in request.node.name
        for name in ("[7]", "[10]", "[11]", "[12]", "[20]", "[21]", "pytorch", "taken_away")
    ):
        torch = pytest.importorskip("torch")
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)
    else:
        yield


def made(asked, *runs):
    """A document as the page gets it: through JSON that knows no NaN."""
    return json.loads(json.dumps(document(problem(asked), list(runs) or [{}]), allow_nan=False))


def lesson_page(number):
    """A lesson as the page gets it."""
    return json.loads(tasks.lesson({"number": number}, None))


def golden(name):
    return list(csv.DictReader((GOLDEN / f"{name}.csv").read_text().splitlines()))


@pytest.mark.parametrize(
    "name, settings",
    [
        ("batch_gd", {}),
        ("one_fixed_row", {"rows": "one", "order": [2]}),
        ("sgd_cyclic", {"rows": "one", "order": "cyclic"}),
    ],
)
def test_the_course_s_own_weights_are_in_the_document_to_the_last_bit(name, settings):
    (ran,) = made(ROWS, {**BARE, **settings})["runs"]
    assert ran["params"]["columns"][0][1:] == [float(row["w"]) for row in golden(name)]


@pytest.mark.sample(2)
@pytest.mark.parametrize("number", LESSONS)
def test_every_lesson_runs_and_its_answer_carries_the_figures(number):
    page = lesson_page(number)
    doc = made({"kind": "lesson", "number": number}, *page["runs"])
    figures, final = LESSONS[number].figures(), [ran["final"] for ran in doc["runs"]]
    expected = {
        1: lambda: final[0]["x"] == 2.0 and doc["runs"][0]["loss"] == 0.0,
        2: lambda: 4 * final[0]["x"] == figures["after"] == 7.999777758621207,
        3: lambda: 4 * final[0]["x"] == figures["after"] == 7.999999990374014,
        4: lambda: 4 * final[0]["x"] == figures["cyclic"] == 7.9999999999996945,
        5: lambda: final[0]["x"] == figures["x"],
        6: lambda: [final[0][name] for name in "xyz"] == [figures[name] for name in "xyz"],
        7: lambda: final[0]["x"] == figures["x"],
        8: lambda: np.isclose(doc["runs"][1]["loss"], figures["loss_gd"], rtol=1e-12),
        9: lambda: final[0]["x"] == figures["w_closed_form"],
        10: lambda: doc["runs"][0]["verdict"]["code"] == "collinear",
        11: lambda: np.isclose(doc["runs"][0]["loss"], figures["loss"], rtol=1e-6),
        12: lambda: np.isclose(doc["runs"][0]["loss"], figures["loss"], rtol=1e-6),
        13: lambda: np.isclose(final[0]["x"], figures["w"], rtol=1e-12),
        14: lambda: np.isclose(doc["runs"][0]["loss"], figures["training_7"], atol=1e-20),  # all columns
        15: lambda: final[0]["x"] == LESSONS[15].solutions["none"].coef[0],
        16: lambda: (
            [ran["epochs"] for ran in doc["runs"]] == [figures["epochs_raw"], figures["epochs_scaled"]]
        ),
        18: lambda: final[0]["x"] == figures["w_one"],
        19: lambda: doc["runs"][0]["verdict"]["code"] == "noise_floor",
        20: lambda: np.isclose(doc["runs"][0]["loss"], figures["loss_fast"], rtol=1e-5),
        21: lambda: np.isclose(doc["runs"][0]["loss"], figures["loss_softmax"], rtol=1e-6),
        17: lambda: [ran["epochs"] for ran in doc["runs"]][1] == figures["epochs_momentum"],
    }
    assert expected[number]()
    assert all(part["text"][lang] for part in page["parts"] for lang in LANGUAGES)
    assert 2 <= len(page["questions"]) <= 4


REACHED = {  # what a learner does for the questions that ask for a state
    "1.c": {"grid": {"x": [0.0, 4.0, 0.01]}},
    "2.b": {"learning_rate": 0.2},
    "2.c": {"learning_rate": 3 / 28, "epochs": 1},
    "3.b": {"rows": "one", "order": "cyclic"},
    "4.b": {"rows": "batch", "batch_size": 2},
    "5.c": {"learning_rate": 0.51},
    "6.b": {"learning_rate": 0.5, "epochs": 50},
    "7.b": {"direction": "momentum"},
    "8.b": {"scale": False, "direction": "newton"},
    "9.b": {"direction": "newton"},
    "10.b": {"penalty": "l2", "alpha": 0.01},
    "11.b": {"direction": "adam"},
    "12.b": {"direction": "adam"},
    "13.c": {"learning_rate": 0.21},
    "14.c": {"epochs": 300},
    "15.d": {"direction": "coordinate", "penalty": "l1", "alpha": 0.3, "tol": 1e-8},
    "16.c": {"direction": "newton"},
    "18.c": {"rows": "one", "learning_rate": 0.01},
    "19.c": {"learning_rate": 0.08, "schedule": "step"},
    "20.c": {"learning_rate": 0.5},
    "21.d": {"hidden": [16], "activation": "tanh", "alpha": 1e-3},
    "17.d": {"direction": "momentum", "momentum": 0.9, "learning_rate": 0.01},
}


def holds(condition, ran):
    """A condition as the page checks it."""
    value = ran
    for key in condition["of"].split("."):
        value = len(value) if key == "length" else value.get(key) if isinstance(value, dict) else None
    if value is None:
        return False
    checks = {
        "is": lambda wanted: value == wanted,
        "above": lambda bound: value > bound,
        "below": lambda bound: value < bound,
        "near": lambda place: abs(value - place) <= condition["within"],
    }
    return all(check(condition[word]) for word, check in checks.items() if word in condition)


@pytest.mark.sample(5)
@pytest.mark.parametrize("number", LESSONS)
def test_a_state_that_is_asked_for_can_be_reached_and_is_not_there_from_the_start(number):
    lesson = LESSONS[number].data
    opened = made({"kind": "lesson", "number": number}, *(lesson.states.values() or [{}]))["runs"]
    for question in lesson.questions:
        if not question.reach:
            continue
        answered = made({"kind": "lesson", "number": number}, REACHED[f"{number}.{question.name}"])["runs"][0]
        assert all(holds(condition, answered) for condition in question.reach)
        if f"{number}.{question.name}" != "3.b":
            assert not any(all(holds(condition, ran) for condition in question.reach) for ran in opened)


def test_numbers_that_are_asked_for_are_what_the_engine_finds():
    def answer(number):
        return LESSONS[number].data.questions[0].answer

    def first_step(number):
        asked = problem({"kind": "lesson", "number": number})
        return run(
            asked, Settings.of(next(iter(LESSONS[number].data.states.values()), {}), asked.defaults)
        ).trace[0]

    assert first_step(2).gradient[0] == pytest.approx(answer(2))
    assert first_step(3).gradient[0] == answer(3)
    assert LESSONS[5].figures()["factor"] ** (1 / 1000) == pytest.approx(answer(5))
    assert math.log1p(2 / math.e) == pytest.approx(answer(12), abs=1e-4)
    assert ds.Net((10,)).weights(4, 1) == answer(11)


def test_a_lesson_s_own_pictures_come_in_each_language():
    svg = json.loads(tasks.lesson_picture({"number": 14}, None))["svg"]
    assert {*svg} == {*LANGUAGES} and all(
        "<svg" in picture and "<script" not in picture for picture in svg.values()
    )


def test_a_lesson_s_cards_are_states_with_a_problem_of_their_own():
    page = lesson_page(14)
    assert page["problem"]["columns"] == 1 and len(page["runs"]) == 1  # it opens on its first state
    for card, columns in zip(page["cards"], (1, 3, 7, 7), strict=True):
        doc = made(card["problem"], *card["runs"])
        assert doc["problem"]["asked"]["columns"] == columns == len(doc["problem"]["names"]) - 1
        assert doc["runs"][0]["fit"]["kind"] == ("line" if columns == 1 else "curve")
        assert all(card["text"][lang] for lang in LANGUAGES)
    assert lesson_page(17)["cards"][3]["problem"]["kind"] == "function"
    assert refused_key(problem, {"kind": "lesson", "number": 14, "columns": 9}) == "lab.no_columns"
    assert refused_key(problem, {"kind": "lesson", "number": 2, "columns": []}) == "lab.no_columns"


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_runs_and_its_minima_are_level(name):
    doc = made({"kind": "preset", "name": name})
    assert doc["runs"][0]["error"] is None and doc["pictures"]["landscape"]
    found = problem({"kind": "preset", "name": name})
    for minimum in PRESETS[name].minima:
        assert np.abs(found.function.gradient(minimum)).max() < 1e-3
        assert np.linalg.eigvalsh(found.function.hessian(minimum))[0] > 0


def test_frames_steps_and_full_losses_belong_together():
    doc = made({"kind": "preset", "name": "himmelblau"}, {"epochs": 30}, {"direction": "adam", "epochs": 30})
    f = problem({"kind": "preset", "name": "himmelblau"}).function
    for ran in doc["runs"]:
        frames = np.array(ran["params"]["columns"]).T
        assert len(frames) == len(ran["trace"]["step"]) + 1 == len(ran["path"]["x"]) == len(ran["full"])
        np.testing.assert_allclose(ran["full"], f.values(frames), rtol=1e-12)
        np.testing.assert_allclose(ran["full"][:-1], ran["trace"]["loss"], rtol=1e-12)
        slopes = np.column_stack([ran["path"]["gx"], ran["path"]["gy"]])
        np.testing.assert_allclose(slopes, [f.gradient(x) for x in frames[:-1]], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("scale", [False, True])
def test_the_gradient_drawn_is_that_of_the_picture_s_own_axes(scale):
    """On standardised columns the axes are w̃ and b̃, so that a step of gradient descent is −η times it."""
    asked = {"kind": "rows", "X": [[10], [20], [60], [35]], "y": [1, 3, 4, 2]}
    rate = 0.1 if scale else 1e-4
    doc = made(asked, {"learning_rate": rate, "epochs": 5, "scale": scale})
    (ran,), land = doc["runs"], doc["pictures"]["landscape"]
    x = np.array(asked["X"], float)[:, 0]
    x = (x - x.mean()) / x.std() if scale else x
    X = np.column_stack([x, np.ones(4)])
    places = np.column_stack([ran["path"]["x"], ran["path"]["y"]])
    slopes = np.column_stack([ran["path"]["gx"], ran["path"]["gy"]])
    for w, slope in zip(places, slopes):
        np.testing.assert_allclose(slope, 2 * X.T @ (X @ w - asked["y"]) / 4, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.diff(places, axis=0), -rate * slopes, rtol=1e-3, atol=1e-5)
    assert land["axes"] == (["w̃", "b̃"] if scale else ["w", "b"])
    assert land["names"] == ran["params"]["names"] == ["x", "intercept"]
    assert bool(land["standardised"]) == bool(land["back"]) == scale
    if scale:  # the numbers of the map back lead to the weights of the run
        matrix, offset = np.array(land["back"]["matrix"]), np.array(land["back"]["offset"])
        np.testing.assert_allclose(
            places @ matrix.T + offset, np.array(ran["params"]["columns"]).T, rtol=1e-4, atol=1e-4
        )


def test_runs_that_descend_in_other_coordinates_share_the_picture_of_the_first():
    asked = {"kind": "rows", "X": [[10], [20], [60], [35]], "y": [1, 3, 4, 2]}
    alone = made(asked, {"learning_rate": 0.1, "epochs": 5})["runs"][0]["path"]
    one, other = made(
        asked, {"learning_rate": 0.1, "epochs": 5}, {"learning_rate": 1e-4, "epochs": 5, "scale": False}
    )["runs"]
    assert one["path"] == alone
    w = np.array(other["params"]["columns"][0])
    np.testing.assert_allclose(other["path"]["x"], w * np.std(asked["X"]), rtol=1e-4, atol=1e-5)
    k, rise = 2, 1e-5  # the gradient of the picture's axes, by differences along its path
    slope = np.array([other["path"]["gx"][k], other["path"]["gy"][k]])
    x = (np.array(asked["X"], float)[:, 0] - np.mean(asked["X"])) / np.std(asked["X"])
    X, at = np.column_stack([x, np.ones(4)]), np.array([other["path"]["x"][k], other["path"]["y"][k]])
    f = lambda v: np.mean((X @ v - asked["y"]) ** 2)
    unit = rise * np.eye(2)
    np.testing.assert_allclose(slope, [(f(at + u) - f(at - u)) / (2 * rise) for u in unit], rtol=1e-3)


def test_weights_are_written_as_in_formulas_and_named_as_their_columns():
    """w and b of one column, w₁, w₂ … of several; settings, params and taken code have the columns' names."""
    one = made({"kind": "points", "points": [[1, 2], [2, 4], [3, 5]]}, {"epochs": 3})
    two = made(CLASSES, {"epochs": 3})
    function = made({"kind": "function", "formula": "x^2 + 3*y^2"}, {"epochs": 3})
    expected = [(one, ["x", "intercept"], ["w", "b"]), (two, ["x1", "x2", "intercept"], ["w₁", "w₂", "b"])]
    for doc, names, symbols in [*expected, (function, ["x", "y"], ["x", "y"])]:
        ran = doc["runs"][0]
        assert doc["problem"]["names"] == ran["params"]["names"] == list(ran["final"]) == names
        assert doc["problem"]["symbols"] == ran["params"]["symbols"] == symbols
        assert [w["name"] for w in ran["words"]["weights"]] == symbols
    assert two["pictures"]["landscape"]["plane"]["text"]["en"].count("w₂") == 2
    asked = {"kind": "rows", "X": [[1, 2], [2, 1], [3, 5]], "y": [0, 1, 2]}
    three = made(asked, {"loss": "log", "epochs": 2})["runs"][0]["params"]
    assert three["names"][:4] == ["0: x1", "1: x1", "2: x1", "0: x2"]
    assert three["symbols"][:4] == ["0: w₁", "1: w₁", "2: w₁", "0: w₂"]


@pytest.mark.parametrize(
    "settings, rule",
    [
        ({}, "− η·g"),
        ({"direction": "momentum"}, "− η·m"),
        ({"direction": "adam"}, "− η·m̂/√v̂"),
        ({"penalty": "l1", "alpha": 0.1}, "prox(w − η·g) − w"),
        ({"penalty": "l1", "alpha": 0.1, "direction": "momentum"}, "prox(w − η·m) − w"),
        ({"direction": "closed_form"}, None),
    ],
)
def test_a_step_has_the_rule_that_made_it(settings, rule):
    assert made(ROWS, {**BARE, "epochs": 3, **settings})["runs"][0]["rule"] == rule


def test_points_presets_and_lessons_descend_in_the_units_that_are_drawn():
    asked = [{"kind": "points", "points": [[0, 0], [1, 1]]}, CLASSES]
    asked += [{"kind": "preset", "name": name} for name in PRESETS]
    asked += [{"kind": "lesson", "number": number} for number in LESSONS if number != 8]  # 8 is about scales
    assert not any(problem(one).defaults.scale for one in asked)


def valleys(land):
    """Places of a curve that lie below both neighbours."""
    f = np.array(land["f"])
    return int(((f[1:-1] < f[:-2]) & (f[1:-1] < f[2:])).sum())


def test_the_window_holds_more_than_the_way():
    waves = made({"kind": "preset", "name": "waves"})["pictures"]["landscape"]
    assert valleys(waves) >= 2
    assert valleys(made({"kind": "function", "formula": "x*cos(2*x)"})["pictures"]["landscape"]) >= 2
    bowl = made({"kind": "lesson", "number": 2}, LESSONS[2].settings.to_json())["pictures"]["landscape"]
    low, high = bowl["window"]
    assert low < 1 and high > 3  # the minimum is 2, the start 1: both sides of the bowl are seen
    eggs = made({"kind": "preset", "name": "rastrigin"})["pictures"]["landscape"]
    assert eggs["x"][0] < -3 and eggs["x"][-1] > 3
    far = made({"kind": "function", "formula": "(x - 1000)^2"}, {"start": {"x": 1003}})["pictures"]
    assert far["landscape"]["window"][0] > 900  # a window about 0 would make a dot of the way


@pytest.mark.parametrize("kind", ["runs", "window"])
def test_f_is_told_in_the_window_that_is_asked_for(kind):
    payload = {"problem": {"kind": "preset", "name": "himmelblau"}, "runs": [{"epochs": 3}]}
    answer = json.loads(tasks.TASKS[kind]({**payload, "window": [[2.9, 3.1], [1.9, 2.1]]}, LINE))
    land = answer["pictures"]["landscape"] if kind == "runs" else answer
    assert (land["x"][0], land["x"][-1], land["y"][0], land["y"][-1]) == (2.9, 3.1, 1.9, 2.1)
    assert land["f_window"][0] < 1e-2 and land["f_window"][1] < 2
    payload["problem"] = {"kind": "lesson", "number": 2}
    answer = json.loads(tasks.TASKS[kind]({**payload, "window": [[-5, 5]]}, LINE))
    land = answer["pictures"]["landscape"] if kind == "runs" else answer
    assert land["window"] == [-5, 5] and max(land["f"]) == pytest.approx(7**2 * 14 / 3, rel=1e-4)
    for wrong in (
        [[1, 0]],
        [[0, 1], [0, math.inf]],
        [0, 1],
        "all",
        [[0, 1]] * 3,
        [[None, 1]],
        [[1, 1 + 1e-12]],
    ):
        with pytest.raises(DownslopeError, match="window"):
            tasks.TASKS[kind]({**payload, "window": wrong}, LINE)


def test_the_step_in_numbers_is_the_step():
    words = made(ROWS, BARE)["runs"][0]["words"]
    (w,) = words["weights"]
    assert [w[part][0] for part in ("before", "rate", "gradient", "after")] == [
        "1",
        "0.01",
        "(−9.33333)",
        "1.09333",
    ]
    one = made(ROWS, {**BARE, "rows": "one", "order": "cyclic"})["runs"][0]["words"]
    assert (
        one["seen"][0]["en"] == "row 3: x = 3, y = 6"
    )  # the last update of the pass, as the golden files tell it


def test_divergence_is_marked_and_never_sets_the_scales():
    ran = made(ROWS, {**BARE, "learning_rate": 0.3})["runs"][0]
    assert ran["verdict"]["code"] == "diverged" and ran["diverged"]["frame"] < len(ran["full"])
    assert ran["scales"]["full"][1] <= 100 * ran["full"][0]
    assert made(ROWS, BARE)["runs"][0]["diverged"] is None
    cure = ran["verdict"]["remedies"][0]["change"]
    cured = made(ROWS, {**BARE, "learning_rate": 0.3, **cure})["runs"][0]
    assert cured["final"]["x"] == pytest.approx(2.0)


def test_every_remedy_with_a_change_is_a_run_that_is_not_refused():
    asked = [
        (ROWS, {**BARE, "learning_rate": 0.3}),
        (ROWS, {**BARE, "learning_rate": 1e-6}),
        (ROWS, {**BARE, "rows": "one", "order": [2]}),
        (ROWS, {"direction": "adamw", "scale": False, "epochs": 20}),
        ({"kind": "preset", "name": "saddle"}, {}),
        ({"kind": "points", "task": "classes", "points": [[0, 0, 0], [1, 1, 0], [3, 3, 1], [4, 4, 1]]}, {}),
    ]
    seen = 0
    for problem_asked, settings in asked:
        for remedy in made(problem_asked, settings)["runs"][0]["verdict"]["remedies"]:
            if remedy["change"]:
                seen += 1
                assert made(problem_asked, {**settings, **remedy["change"]})["runs"][0]["error"] is None
    assert seen >= 5


def test_the_zones_of_the_learning_rate_are_those_of_the_certificate():
    known = made(ROWS, BARE)["runs"][0]["certificate"]
    assert known["bound"] == pytest.approx(0.2142857, rel=1e-6) and known["monotone"] == known["bound"] / 2
    for rate, zone in ((0.1, "monotone"), (0.2, "oscillating"), (0.22, "diverging")):
        ran = made(ROWS, {**BARE, "learning_rate": rate})["runs"][0]
        assert ran["certificate"]["zone"] == zone
        assert (ran["verdict"]["code"] == "diverged") == (zone == "diverging")


def test_levels_are_spaced_by_powers_above_the_minimum():
    picture = made({"kind": "preset", "name": "rosenbrock"})["pictures"]["landscape"]
    above = np.array(picture["levels"]) - picture["low"]
    np.testing.assert_allclose(np.diff(np.log(above)), np.diff(np.log(above))[0], rtol=1e-3)
    band = np.array(picture["band"])
    assert band.max() == pytest.approx(11, abs=0.01) and picture["minimum"] == {"x": 1.0, "y": 1.0, "f": 0.0}


def test_of_more_than_two_weights_the_plane_of_the_way_is_drawn():
    doc = made({"kind": "function", "formula": "x^2 + y^2 + z^2"}, {"start": {"x": 3, "y": 2, "z": 1}})
    plane = doc["pictures"]["landscape"]["plane"]
    assert plane["share"] == pytest.approx(1.0) and doc["pictures"]["landscape"]["axes"] == ["u", "v"]


def test_what_may_not_be_chosen_is_told_in_the_words_of_those_who_refuse_it():
    classes = {"kind": "points", "task": "classes", "points": [[0, 0, 0], [1, 1, 1]]}
    menus = choices(problem(classes), Settings.of({"loss": "log"}))
    solve = next(choice for choice in menus["direction"] if choice["value"] == "closed_form")
    with pytest.raises(DownslopeError) as refused:
        run(problem(classes), Settings.of({"loss": "log", "direction": "closed_form"}))
    assert not solve["ok"] and solve["why"]["en"] == str(refused.value)
    assert all(choice["ok"] == (choice["why"] is None) for menu in menus.values() for choice in menu)


def test_what_is_offered_runs_and_what_is_greyed_does_not():
    for asked in (ROWS, {"kind": "preset", "name": "bowl"}):
        found = problem(asked)
        for choice in choices(found, found.defaults)["direction"]:
            if choice["value"] == "exhaustive":
                continue
            settings = Settings.of({"direction": choice["value"], "epochs": 3}, found.defaults)
            told = document(found, [settings.to_json(), {}])["runs"][0]
            assert (told["error"] is None) == choice["ok"]


def test_a_refused_run_stands_beside_the_others_and_alone_is_an_error():
    doc = made(ROWS, {**BARE, "rows": "one", "direction": "newton"}, BARE)
    assert set(doc["runs"][0]) == {"settings", "error"} and doc["runs"][1]["error"] is None
    with pytest.raises(DownslopeError):
        made(ROWS, {**BARE, "rows": "one", "direction": "newton"})


def test_a_long_trace_is_thinned_and_says_so():
    ran = made({"kind": "preset", "name": "bowl"}, {"epochs": 5000, "learning_rate": 1e-4})["runs"][0]
    assert len(ran["full"]) <= FRAMES + 1 and "5000" in ran["thinned"]["en"]
    assert ran["trace"]["step"][0] == 1 and ran["trace"]["step"][-1] == 5000


@pytest.mark.parametrize(
    "asked, settings",
    [
        (APART, {"learning_rate": 0.3, "epochs": 200}),
        ({**APART, "points": [*APART["points"], [1.5, 1.5, 0]]}, {"direction": "momentum", "epochs": 150}),
        ({"kind": "preset", "name": "rosenbrock"}, {"learning_rate": 0.01, "epochs": 200}),
        ({"kind": "lesson", "number": 8}, {"epochs": 100}),
        (ROWS, {"direction": "exhaustive", "grid": {"x": [0, 4, 0.05], "intercept": [0, 0, 1]}}),
    ],
)
def test_a_draft_ends_on_the_numbers_of_the_whole_answer_is_small_and_judges_nothing(
    asked, settings, monkeypatch
):
    def answer(draft):
        asking = {"problem": asked, "runs": [settings], "draft": draft}
        return json.loads(tasks.runs(asking, LINE)), len(tasks.runs(asking, LINE))

    (whole, large), judged = answer(False), []
    monkeypatch.setattr("downslope.inference.training.explain", lambda *known: judged.append(known))
    draft, small = answer(True)
    ran, (short,) = whole["runs"][0], draft["runs"]
    assert draft["draft"] and not whole["draft"] and not judged
    assert ran["verdict"] and ran["metrics"] is not None and short["verdict"] is short["metrics"] is None
    assert [short[name] for name in ("final", "loss", "stopped", "epochs", "label")] == [
        ran[name] for name in ("final", "loss", "stopped", "epochs", "label")
    ]
    ends = lambda columns: [(values[0], *values[-2:]) for values in columns if values]
    assert ends(short["params"]["columns"]) == ends(ran["params"]["columns"])
    assert ends([short["full"], short["frame_epoch"]]) == ends([ran["full"], ran["frame_epoch"]])
    if ran["words"] is not None:
        for mine, whole_ in zip(short["words"]["weights"], ran["words"]["weights"]):
            assert all(mine[name][-1] == whole_[name][-1] for name in ("before", "gradient", "after"))
    if ran["fit"] is not None and ran["fit"]["kind"] == "regions":
        assert short["fit"]["class"] == [ran["fit"]["class"][k] for k in (0, -1)]
    assert (ran["diverged"] is None) == (short["diverged"] is None)
    assert settings.get("direction") == "exhaustive" or small < 0.45 * large


def test_decision_regions_agree_with_predict():
    points = [[0, 0, 0], [1, 0.5, 0], [2, 2, 1], [3, 2.2, 1], [0.5, 1, 0]]
    doc = made({"kind": "points", "task": "classes", "points": points}, {"epochs": 50, "learning_rate": 0.1})
    fit = doc["runs"][0]["fit"]
    assert fit["x"][0] <= 0 and fit["x"][-1] >= 10  # the field that points are clicked on
    final = doc["runs"][0]["final"]
    rows = ds.Dataset.from_arrays(np.array(points)[:, :2], np.array(points)[:, 2]).labelled((0, 1))
    solution = ds.fit(rows, loss="log", method=ds.GD(0.1), epochs=50, tol=0.0, scale=False)
    assert final == solution.named | {"intercept": solution.intercept}
    grid = np.array([[x, y] for y in fit["y"] for x in fit["x"]])
    clear = np.abs(solution.scores(grid)) > 1e-3
    assert (np.array(fit["class"][-1]).ravel() == solution.predict(grid))[clear].all()


def test_the_fitted_line_and_residuals_are_those_of_the_solution():
    doc = made({"kind": "points", "task": "regression", "points": [[0, 0], [1, 2], [2, 3]]}, {"epochs": 9})
    fit, final = doc["runs"][0]["fit"], doc["runs"][0]["final"]
    line = [final["x"] * x + final["intercept"] for x in fit["x"]]
    np.testing.assert_allclose(fit["z"][-1], line, rtol=1e-5)
    residuals = [final["x"] * x + final["intercept"] - y for x, y in ((0, 0), (1, 2), (2, 3))]
    np.testing.assert_allclose(fit["predicted"]["residual"][-1], residuals, atol=1e-4)


def test_the_trace_as_csv_is_the_trace():
    ran = run(problem(ROWS), Settings.of(BARE))
    table = list(csv.DictReader(io.StringIO(tasks.trace_csv(ran))))
    assert [float(row["x"]) for row in table] == ran.trace.column("params")[:, 0].tolist()


def printed(script, capsys):
    exec(compile(script, "descent.py", "exec"), {"__name__": "__main__"})
    return capsys.readouterr().out


@pytest.mark.parametrize("direction", ["steepest", "momentum", "adagrad", "rmsprop", "adam"])
def test_a_function_s_script_in_numpy_ends_where_the_run_did(direction, capsys):
    found = problem({"kind": "function", "formula": "x*cos(0.15*pi*x) + exp(-y^2) + y^2 + softplus(x)"})
    ran = run(
        found, Settings.of({"direction": direction, "learning_rate": 0.05, "epochs": 20}, found.defaults)
    )
    said = printed(code.of_run(found, ran, "numpy"), capsys)
    ended = np.array(said[said.index("[") + 1 : said.index("]")].split(), dtype=float)
    np.testing.assert_allclose(ended, ran.solution.params, rtol=1e-6)


@pytest.mark.parametrize("direction", ["steepest", "momentum", "adagrad", "rmsprop", "adam", "adamw"])
def test_a_function_s_script_in_pytorch_ends_where_the_run_did(direction, capsys):
    found = problem({"kind": "preset", "name": "himmelblau"})
    ran = run(found, Settings.of({"direction": direction, "epochs": 20}, found.defaults))
    said = printed(code.of_run(found, ran, "pytorch"), capsys)
    ended = np.array(json.loads(said[: said.index("]") + 1]))
    np.testing.assert_allclose(ended, ran.solution.params, rtol=1e-9)


@pytest.mark.parametrize(
    "asked, settings",
    [
        (ROWS, {**BARE, "rows": "batch", "batch_size": 2}),
        (ROWS, {"direction": "exhaustive", "grid": {"x": [1, 3, 0.5]}, "intercept": False}),
        (ROWS, {"direction": "closed_form"}),
        (ROWS, {"direction": "coordinate", "penalty": "l1", "alpha": 0.1}),
        (
            {"kind": "preset", "name": "rosenbrock"},
            {"direction": "adam", "schedule": "cosine", "learning_rate": 0.1},
        ),
        (
            {"kind": "points", "task": "classes", "points": [[0, 0, 0], [1, 1, 0], [2, 2, 1]]},
            {"penalty": "l2", "alpha": 0.1},
        ),
    ],
)
def test_the_run_as_downslope_is_the_run(asked, settings, capsys):
    found = problem(asked)
    ran = run(found, Settings.of(settings, found.defaults))
    script = code.downslope(found, Settings.of(settings, found.defaults))
    space = {}
    exec(compile(script, "descent.py", "exec"), space)
    np.testing.assert_array_equal(space["run"].params, ran.solution.params)


def test_class_weights_and_a_threshold_are_those_of_fit_and_of_the_code_that_is_taken_away(capsys):
    points = [[1, 1, 0], [2, 1.5, 0], [1.5, 3, 0], [7, 6, 1], [3, 2, 1], [6, 8.5, 1], [2, 2, 0]]
    asked = {"kind": "points", "task": "classes", "points": points}
    rows = ds.Dataset.from_arrays([p[:2] for p in points], [p[2] for p in points]).labelled((0, 1))
    for settings in ({"class_weights": "balanced"}, {"class_weights": {"1": 5}, "threshold": 0.2}):
        doc = made(asked, settings, {})
        ran, plain = doc["runs"]
        fitted = ds.fit(rows, loss="log", scale=False, tol=1e-10, method="gd", **settings)
        assert list(ran["final"].values()) == fitted.params.tolist() != list(plain["final"].values())
        assert doc["problem"]["formulas"][1]["text"].startswith("F(w, b) = 1/S·Σ s·(")
        assert "5" in ran["label"]["zh"] or "balanced" in ran["label"]["zh"]
        script = json.loads(
            tasks.as_code({"problem": asked, "settings": settings, "library": "downslope"}, LINE)
        )["code"]
        held = {}
        exec(compile(script, "walk.py", "exec"), held)
        assert held["run"].params.tolist() == fitted.params.tolist()
    regions = [made(asked, {"threshold": at})["runs"][0]["fit"]["class"][-1] for at in (0.2, 0.8)]
    assert np.sum(regions[0]) > np.sum(regions[1])  # more places are of the second class where less is needed
    assert refused_key(made, asked, {"threshold": "sometimes"}) == "selection.threshold"
    capsys.readouterr()


def test_a_search_shows_its_own_values_and_ends_on_the_best():
    doc = made({"kind": "lesson", "number": 1})
    (ran,), search = doc["runs"], doc["pictures"]["search"]
    assert ran["params"]["columns"][0][-1] == 2.0 and ran["full"][-1] == min(ran["full"]) == 0.0
    assert len(search["x"]) == 41 and (search["x"][0], search["x"][-1]) == (0.0, 4.0)
    assert search["x"][search["best"]] == 2.0
    left, right = doc["pictures"]["landscape"]["window"]
    assert left <= 0.0 and right >= 4.0


@pytest.mark.parametrize("formula", ["x^2 + y^2 + z^2", "(x + 2*y - z)^2"])
def test_a_straight_path_is_drawn_on_a_plane_and_not_on_its_rounding(formula):
    names = "xyz"
    doc = made({"kind": "function", "formula": formula}, {"start": dict.fromkeys(names, 700.0), "epochs": 50})
    picture = doc["pictures"]["landscape"]
    x, y = (picture[axis][-1] - picture[axis][0] for axis in "xy")
    assert y > 1e-6 * x
    straight = made({"kind": "function", "formula": "x^2 + y^2"}, {"start": {"x": 3.0, "y": 0.0}})
    picture = straight["pictures"]["landscape"]
    assert picture["equal"] and picture["y"][-1] - picture["y"][0] > 1


@pytest.mark.parametrize(
    "formula", ["(1 - x)^2 + 100*(y - x^2)^2", "ln(x)", "x^2", "sqrt(x) + 1/x", "x*y*z", "x^4 - 1e6*x"]
)
def test_a_typed_function_begins_where_it_slopes(formula):
    for seed in range(4):
        asked = {"kind": "function", "formula": formula, "seed": seed}
        found = problem(asked)
        start = found.function.start_vector(found.defaults.start)
        value, gradient = found.function.value_and_gradient(start)
        assert np.isfinite(value) and np.abs(gradient).max() > 1e-3
        assert problem(asked).defaults.start == found.defaults.start
    assert problem({**asked, "seed": 0}).defaults.start != found.defaults.start
    assert found.defaults.learning_rate == "auto"


def with_rows_and_states():
    """Everything with rows that one can click on, with each of its states."""
    for number, lesson in LESSONS.items():
        if lesson.rows is not None and lesson.rows.X.size <= NUMBERS:
            for name, state in (lesson.data.states or {"": {}}).items():
                yield pytest.param({"kind": "lesson", "number": number}, state, id=f"{number} {name}")
    for direction in ("steepest", "nesterov", "lbfgs", "newton", "adam", "exhaustive"):
        asked = {"kind": "points", "points": [[0, 1], [1, 3], [2, 4]]}
        grid = {"grid": {"x": [0, 2, 0.5], "intercept": [0, 2, 0.5]}} if direction == "exhaustive" else {}
        yield pytest.param(asked, {"direction": direction, "learning_rate": "auto", **grid}, id=direction)
    yield pytest.param(CLASSES, {"penalty": "l2", "alpha": 0.1}, id="classes")


@pytest.mark.sample(8)
@pytest.mark.parametrize("library", ["downslope", "numpy", "pytorch"])
@pytest.mark.parametrize("asked, settings", list(with_rows_and_states()))
def test_code_that_is_taken_away_needs_no_file(asked, settings, library, capsys, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    found = problem(asked)
    ran = run(found, Settings.of(settings, found.defaults))
    if library == "downslope":
        space = {}
        exec(code.downslope(found, Settings.of(settings, found.defaults)), space)
        np.testing.assert_array_equal(space["run"].params, ran.solution.params)
        return
    if ran.solution.stopped == "diverged":  # a state that shows what goes wrong has nothing to take away
        assert refused_key(code.of_run, found, ran, library) == "export.no_answer"
        return
    script = code.of_run(found, ran, library)
    said = printed(script, capsys)
    if ran.solution.recipe.net is None and "WEIGHTS" not in script:
        lines = said.split("\n\n")[0].splitlines()
        ended = [[float(word) for word in line.split()[1:]] for line in lines]
        # lesson 10 from (0, 0, 0) ends at b = 0: what is left of it is rounding of weights of size 1
        np.testing.assert_allclose(np.ravel(ended), ran.solution.params, rtol=1e-9, atol=1e-13)
    table = list(csv.reader(io.StringIO(said[said.index("prediction") :])))[1:]
    wanted = ran.solution.predict(found.dataset.X)
    np.testing.assert_allclose([float(row[0]) for row in table], wanted, rtol=1e-6, atol=1e-9)


def test_rows_that_are_too_many_for_a_plain_script_are_refused_and_come_from_the_lesson():
    pytest.importorskip("torch")
    found = problem({"kind": "lesson", "number": 21})
    ran = run(found, found.defaults)
    assert refused_key(code.of_run, found, ran, "numpy") == "export.many_rows"
    space = {}
    exec(code.downslope(found, found.defaults), space)
    np.testing.assert_array_equal(space["run"].params, ran.solution.params)


def test_a_saved_run_becomes_a_document_with_its_rows_and_without(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("x,y\n1,2\n2,4.5\n3,6\n")
    solution = ds.fit(ds.Dataset.read(table, target="y"), method="gd", learning_rate=0.1, epochs=20)
    doc, _, _ = of_solution(solution, "houses")
    assert doc["problem"]["rows"]["count"] == 3 and doc["pictures"]["landscape"]["kind"] == "grid"
    assert doc["runs"][0]["settings"]["learning_rate"] == 0.1 and doc["runs"][0]["fit"]["kind"] == "line"
    table.unlink()
    doc, _, _ = of_solution(solution, "houses")
    assert doc["problem"]["rows"] is None and doc["pictures"]["landscape"] is None
    assert doc["runs"][0]["final"] == solution.named | {"intercept": solution.intercept}
    json.dumps(doc, allow_nan=False)


def test_a_report_is_one_file_whose_policy_lets_nothing_be_fetched():
    solution = ds.minimize("x^2 + y^2", [3, 4], epochs=9)
    doc, _, _ = of_solution(solution, "</script><script>alert(1)</script>")
    page = report.page(doc, "zh")
    policy = html.unescape(re.search('http-equiv="Content-Security-Policy" content="(.*?)"', page)[1])
    assert "default-src 'none'" in policy and "script-src 'sha256-" in policy
    assert not re.search(r"<(script|img|iframe)[^>]* src=|<link[^>]* href=\"(?!data:)", page)
    assert "</script><script>alert" not in page and '"wish":"zh"' in page
    held = page.split('id="document">')[1].split("</script>")[0]
    assert json.loads(held)["problem"]["title"]["en"] == "x^2 + y^2"


def test_the_page_s_modules_can_be_joined_in_one_script():
    """Each is imported by names only, and no name is made at the top of two of them."""
    script, names = report.joined(report.pages.FOLDER), []
    assert not re.search(r"^(import|export)\b", script, re.M)
    for path in report.pages.FOLDER.glob("*.js"):
        text = path.read_text()
        assert len(report.IMPORT.findall(text)) == len(re.findall(r"^import\b", text, re.M)), path
        names += re.findall(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", text, re.M)
    assert len(names) == len(set(names))


def test_a_trace_shows_itself_in_a_frame_that_can_reach_nothing():
    shown = ds.minimize("x^2", 3, epochs=5).trace.show()._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and 'sandbox="allow-scripts' in shown
    assert "allow-same-origin" not in shown


def test_the_language_is_both_everywhere():
    """Whatever is told by language is told in both, and differs unless it is a formula or a name."""
    doc = {
        "document": made(ROWS, {**BARE, "learning_rate": 0.3}),
        "lesson": json.loads(tasks.lesson({"number": 2}, None)),
    }

    def walk(value):
        if isinstance(value, dict):
            if set(value) & {"en", "zh"}:
                assert set(value) == {"en", "zh"} and all(isinstance(words, str) for words in value.values())
                return
            value = list(value.values())
        if isinstance(value, list):
            for item in value:
                walk(item)

    walk(doc)


def test_the_gif_is_drawn_in_the_coordinates_of_the_page_s_picture():
    asked = problem({"kind": "rows", "X": [[10], [20], [60], [35]], "y": [1, 3, 4, 2]})
    settings = Settings.of({"learning_rate": 0.1, "epochs": 5}, asked.defaults)
    trace = inner_trace(run(asked, settings))
    (shown,) = made(asked.asked, {"learning_rate": 0.1, "epochs": 5})["runs"]
    assert trace.names == ("w̃", "b̃")
    np.testing.assert_allclose(trace.column("params")[:, 0], shown["path"]["x"][1:], rtol=1e-4, atol=1e-5)
    payload = {"problem": asked.asked, "settings": {"learning_rate": 0.1, "epochs": 5}}
    assert tasks.as_gif(payload, LINE).startswith(b"GIF89a")
