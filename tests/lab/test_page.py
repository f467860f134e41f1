"""Claims about the lab's page, proved in a real Chromium: what is on the screen, not what a function returns.

Every test ends by looking whether any request left the machine, and whether the console told an error.
"""

import math
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest

import downslope as ds
from tests.builders import EXAMPLES

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
pytest.importorskip("fastapi", reason="the extra `lab` is not installed")
pytestmark = [
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no Chromium on this machine (apt-get install chromium)"
    ),
    # Playwright's own event loop warns when a test run is broken off.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CHINESE = re.compile("[一-鿿]")
GRABBED = """canvas => {
  const box = canvas.getBoundingClientRect();
  for (let y = 0; y < box.height; y += 4)
    for (let x = 0; x < box.width; x += 4) {
      canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: box.x + x, clientY: box.y + y }));
      if (canvas.style.cursor === 'grab') return [box.x + x, box.y + y + 6];
    }
}"""
PICTURE = "canvas => canvas.toDataURL()"
THREE = {"kind": "rows", "X": [[1], [2], [3]], "y": [2, 4, 6]}
BARE = {"intercept": False, "scale": False, "learning_rate": 0.01, "start": {"x": 1.0}}


@contextmanager
def served(*arguments):
    """The lab, as a person starts it: its address."""
    program = [sys.executable, "-c", "from downslope.cli import main; main()"]
    command = [*program, "lab", *arguments, "--port", "0", "--no-browser"]
    environment = {**os.environ, "DOWNSLOPE_LANG": "en"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as lab:
        try:
            yield re.search(r"http://\S+/(\?token=\S+)?", lab.stderr.readline())[0]
        finally:
            lab.terminate()


@pytest.fixture(scope="module")
def address():
    with served() as found:
        yield found


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def visiting(browser, address, expected=(), **wishes):
    """A fresh visitor, whose every request and every complaint is looked at when it leaves."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **wishes})
    page = context.new_page()
    asked, told = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: told.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    page.set_default_timeout(20_000)
    yield page
    context.close()
    assert [url for url in asked if not url.startswith((address, "data:", "blob:", "file:"))] == []
    assert [line for line in told if not any(part in line for part in expected)] == []


@pytest.fixture
def page(browser, address):
    with visiting(browser, address) as opened:
        yield opened


def link(address, problem=None, *runs, **more):
    """An address that holds a state."""
    import json

    parts = [] if problem is None else [("problem", json.dumps(problem))]
    parts += [("run", json.dumps(run)) for run in runs] + list(more.items())
    return address + "#" + "&".join(f"{name}={quote(str(value))}" for name, value in parts)


def visit(page, where):
    page.goto("about:blank")
    page.goto(where)
    settled(page)


def settled(page):
    page.wait_for_selector("body[data-runs]:not(.computing):not(.playing)")


def answered(page, act):
    """Do it, and wait until the answer is on the screen."""
    before = page.locator("body").get_attribute("data-runs")
    act()
    page.wait_for_selector(f'body[data-runs]:not([data-runs="{before}"]):not(.computing)')


def until(page, holds, arg=None):
    """Wait until it holds. (Playwright's own wait evaluates a string, which the page's policy forbids.)"""
    for _ in range(500):
        if page.evaluate(holds, arg):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never came true: {holds}")


def tick(page):
    return int(page.locator("body").get_attribute("data-tick"))


def table(page):
    """The numbers behind the picture: a list of rows, the first holds the names."""
    if page.locator("#table").get_attribute("open") is None:
        page.locator("#table > summary").click()
    cells = (
        "table => [...table.rows].map(row => [...row.cells].map(cell => cell.textContent.replace(/−/g, '-')))"
    )
    return page.locator("#numbers table").evaluate(cells)


def see(page, view):
    page.locator(f"#tab-{view}").click()


def shrunk(rows, column=1):
    return float(rows[-1][column]) / float(rows[1][column])


def losses(page):
    return [
        float(re.search(r"loss ([\d.e−]+)", text)[1].replace("−", "-"))
        for text in page.locator("#runs .now").all_inner_texts()
    ]


def loss_falls(page):
    see(page, "loss")
    rows = table(page)
    assert float(rows[-1][1]) < 0.7 * float(rows[1][1])


# What the last frame of each lesson shows: a check of the whole page.
def exhaustive(page):
    see(page, "landscape")
    assert "41 values, the best is 2." in page.locator("#caption").inner_text()
    see(page, "loss")
    rows = {row[0]: float(row[1]) for row in table(page)[2:]}
    assert len(rows) == 41 and rows["1"] == 18.6667 and rows["2"] == 16.8467 and rows["21"] == 0


def golden(page):
    see(page, "weights")
    assert table(page)[-1] == ["100", "1.9999444396553017"]
    page.locator("#reading .text summary").click()
    assert "7.999777758621207" in page.locator("#reading").inner_text()


def fixed_row(page):
    see(page, "weights")
    assert 4 * float(table(page)[-1][1]) == 7.999999990374014
    assert "row 3" in page.locator("#step").inner_text()


def stochastic(page):
    see(page, "weights")
    assert 4 * float(table(page)[-1][1]) == 7.9999999999996945


def parabola(page):
    see(page, "weights")
    assert shrunk(table(page)) == pytest.approx(0.96**1000, rel=1e-9)


def bowl(page):
    see(page, "weights")
    rows = table(page)
    assert [shrunk(rows, j) for j in (1, 2, 3)] == pytest.approx([0.98**1000] * 3, rel=1e-9)


def agreeing(page):
    closed, *others = losses(page)[:4]  # the fifth of lesson 8 is on columns that are not standardised
    assert len(others) == 3 and all(closed * (1 - 1e-4) <= loss < closed * 1.02 for loss in others)


def line_of_answers(page):
    loss_falls(page)
    assert "no unique solution" in page.locator("#verdict").inner_text().lower()


def two_classes(page):
    loss_falls(page)
    assert float(re.search(r"accuracy ([\d.]+)", page.locator("#verdict").inner_text())[1]) > 0.8


def softmax(page):
    loss_falls(page)
    assert losses(page)[0] < 0.551  # which a doubled softmax cannot reach


LESSONS = dict(
    enumerate(
        (
            exhaustive,
            golden,
            fixed_row,
            stochastic,
            parabola,
            bowl,
            parabola,
            agreeing,
            agreeing,
            line_of_answers,
            two_classes,
            softmax,
            loss_falls,
        ),
        1,
    )
)


def ends(*wanted):
    """A check that the runs end at these losses."""
    return lambda page: approx_losses(page, wanted)


def approx_losses(page, wanted):
    assert losses(page) == pytest.approx(wanted, rel=1e-3, abs=1e-9)


LESSONS |= {
    14: ends(0.6809),
    15: ends(0, 0.02552, 0.3751, 0.9009, 0.488),
    16: lambda page: max(losses(page)) - min(losses(page)) < 1e-3,
    17: ends(0, 0, 0),
    18: lambda page: len(losses(page)) == 4,
    19: lambda page: max(losses(page)) < 1.2 * min(losses(page)),
    20: loss_falls,
    21: loss_falls,
}


@pytest.mark.sample(1)
@pytest.mark.parametrize("number", LESSONS)
def test_each_lesson_runs_plays_rewinds_and_shows_its_figure(page, address, number):
    if number in (7, 10, 11, 12, 13, 20, 21):
        pytest.importorskip("torch")
    compared = (8, 9, 15, 16, 17, 18, 19)  # their last card has all states on one picture
    visit(page, f"{address}#lesson={number}" + ("&card=99" if number in compared else ""))
    if page.locator("body.predicting").count():
        page.locator("#card-show").click()
    page.keyboard.press("End")
    end = tick(page)
    assert end > 0
    LESSONS[number](page)
    page.locator("#picture").focus()
    page.keyboard.press("r")
    assert tick(page) == 0
    page.locator("#pace").select_option("fast")
    page.locator("#picture").focus()
    page.keyboard.press("Space")
    until(page, "() => document.body.dataset.tick !== '0'")
    page.keyboard.press("Home")
    assert tick(page) == 0 and page.locator("body.playing").count() == 0


def test_a_learning_rate_of_three_tenths_shows_the_bound(page, address):
    visit(page, f"{address}#lesson=2")
    field = page.locator("#set-learning_rate")
    field.fill("0.3")
    answered(page, lambda: field.press("Enter"))
    assert "0.2142857" in page.locator("#zone").inner_text()
    assert "0.2142857" in page.locator("#verdict").inner_text().replace("0.214286", "0.2142857")
    assert page.locator("#frozen").is_visible() and page.locator("#frozen").inner_text()
    # a remedy is a button: it runs beside the one that failed, and both are seen
    answered(page, lambda: page.locator("button.remedy").first.click())
    assert page.locator("#runs li").count() == 2
    assert "off the chart" in page.locator("#now-0").inner_text()
    assert page.locator("#verdict.failed").count() == 0


def test_a_file_of_the_users_trains(page, address):
    visit(page, f"{address}#lesson=2")
    page.locator("#kind-file").click()
    answered(page, lambda: page.locator("#file").set_input_files(EXAMPLES / "rows.csv"))
    assert page.locator("#target").input_value() == "y"
    assert page.locator("#tab-fit").get_attribute("aria-selected") == "true"
    assert losses(page)[0] < 1e-3
    page.wait_for_url(lambda url: "rows.csv" in url)  # the address follows a moment later
    assert '"id"' not in page.url  # it names the file, and holds none of it


@pytest.mark.slow
def test_clicked_points_train_move_change_class_and_go(page, address):
    visit(page, f"{address}#lesson=2")
    answered(page, lambda: page.locator("#kind-points").click())
    box = page.locator("#picture").bounding_box()
    answered(page, lambda: page.locator("#points-clear").click())
    assert "two points" in page.locator("#frozen").inner_text()

    def at(x, y):  # where (x, y) of the window 0…10 lies
        return box["x"] + 58 + (box["width"] - 76) * x / 10, box["y"] + box["height"] - 42 - (
            box["height"] - 58
        ) * y / 10

    answered(page, lambda: page.mouse.click(*at(2, 2)))
    answered(page, lambda: page.mouse.click(*at(8, 8)))
    assert page.locator("#frozen").is_hidden() and page.locator("#points-table li").count() == 2
    assert losses(page)[0] < 1e-3  # two points lie on a line

    def drag():
        page.mouse.move(*at(8, 8))
        page.mouse.down()
        page.mouse.move(*at(8, 6))
        page.mouse.move(*at(8, 4))
        page.mouse.up()

    answered(page, drag)
    page.locator("#points-table > summary").click()
    until(page, "() => Math.abs(document.getElementById('point-1-1').value - 4) < 0.2")
    answered(page, lambda: page.mouse.click(*at(5, 9)))
    page.locator("#picture").focus()
    answered(page, lambda: page.keyboard.press("Delete"))
    assert page.locator("#points-table li").count() == 2
    answered(page, lambda: page.locator("#task-classes").click())
    before = page.locator("#points-table li").count()
    page.keyboard.down("Shift")
    answered(page, lambda: page.mouse.click(*at(1, 9)))
    page.keyboard.up("Shift")
    assert page.locator(f"#point-{before}-2").input_value() == "1"
    see(page, "fit")
    assert table(page)[-1][3] == "1"


@pytest.mark.sample(1)
@pytest.mark.parametrize("wish, other", [("zh-CN", "en"), ("en-GB", "zh")])
def test_the_page_speaks_as_the_browser_wishes_and_as_the_button_says(browser, address, wish, other):
    with visiting(browser, address, locale=wish) as page:
        visit(page, f"{address}#lesson=2")
        shown = page.locator("main").inner_text()
        assert bool(CHINESE.search(shown)) == wish.startswith("zh")
        page.locator("#language").click()
        page.wait_for_selector(f'html[lang^="{other}"]')
        shown = page.locator("body").inner_text()
        if other == "zh":
            assert len(CHINESE.findall(shown)) > 200
        else:
            assert CHINESE.findall(shown.replace("中文", "")) == []
        until(page, "lang => location.hash.includes('lang=' + lang)", other)


def test_a_link_restores_the_whole_state(browser, page, address):
    preset = {"kind": "preset", "name": "rosenbrock"}
    runs = (
        {"learning_rate": 0.001, "epochs": 300},
        {"direction": "adam", "learning_rate": 0.05, "epochs": 300, "seed": 7},
    )
    visit(page, link(address, preset, *runs, at=120, view="surface", theme="dark", lang="zh", hide="epochs"))
    assert tick(page) == 120 and page.locator("#runs li").count() == 2
    assert page.locator("#tab-surface").get_attribute("aria-selected") == "true"
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.locator("#set-epochs").is_hidden() and CHINESE.search(page.locator("main").inner_text())
    page.keyboard.press("ArrowRight")
    until(page, "() => location.hash.includes('at=121')")
    told, numbers = page.url, page.locator("#step").inner_text()
    with visiting(browser, address) as another:
        visit(another, told)
        assert another.locator("#step").inner_text() == numbers and tick(another) == 121
        until(another, "told => location.href === told", told)


def test_the_keyboard_alone_suffices(page, address):
    visit(page, f"{address}#lesson=2")
    page.keyboard.press("Tab")
    for _ in range(60):  # to the menu of directions, as a person gets there
        if page.evaluate("document.activeElement.id") == "set-direction":
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "set-direction"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    answered(page, lambda: page.keyboard.press("Enter"))
    assert "Adam" in page.locator("#runs").inner_text()
    assert page.evaluate("document.activeElement.id") == "set-direction"  # the focus is where it was
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert tick(page) == 1
    page.keyboard.press("End")
    assert tick(page) == 100
    page.keyboard.press("Space")
    page.wait_for_selector("body.playing")
    page.keyboard.press("Space")
    page.wait_for_selector("body:not(.playing)")
    page.keyboard.press("r")
    assert tick(page) == 0
    for key, view in zip("1245", ("loss", "landscape", "fit", "weights")):
        page.keyboard.press(key)
        assert page.locator(f"#tab-{view}").get_attribute("aria-selected") == "true"
        assert table(page), view
        page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.locator("dialog[open] dt").count() > 8
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.wait_for_selector('html[data-theme="dark"]')


def test_the_start_follows_the_hand_and_the_arrows(page, address):
    visit(page, link(address, {"kind": "preset", "name": "bowl"}, {"epochs": 20}, view="landscape"))
    rows = table(page)
    picture = page.locator("#picture")
    picture.scroll_into_view_if_needed()
    picture.focus()
    answered(page, lambda: page.keyboard.press("Shift+ArrowLeft"))
    assert float(table(page)[1][1]) < float(rows[1][1])
    x, y = map(float, table(page)[1][1:3])
    at = picture.evaluate(GRABBED)  # a little below the upper edge of where the start can be taken

    def drag():
        page.mouse.move(at[0], at[1])
        page.mouse.down()
        page.mouse.move(at[0] - 30, at[1])
        page.mouse.move(at[0] - 80, at[1] + 60)
        page.mouse.up()

    answered(page, drag)
    until(page, "y => Number(document.getElementById('set-start-y').value) < y - 0.2", y)
    assert float(table(page)[1][1]) < x - 0.2
    see(page, "surface")
    picture.focus()
    before = picture.evaluate(PICTURE)
    page.keyboard.press("Shift+ArrowLeft")
    assert picture.evaluate(PICTURE) != before


ARROWS = """async frames => {
  const { stage } = await import('/page/state.js');
  const { arrowsAt } = await import('/page/draw_landscape.js');
  const run = stage.lab.runs[0];
  const f = stage.views.landscape.frame(stage.sizeOf(stage.main, false));
  const unit = [f.x.at(1) - f.x.at(0), f.y.at(1) - f.y.at(0)];
  const norm = run.trace.gradient_norm;
  return frames.map(k => ({ ...arrowsAt(f, run, k, true), unit, path: run.path, norm: norm[k - 1] }));
}"""


def test_the_solid_arrow_is_the_step_taken_and_the_gradient_points_uphill(page, address):
    stretched = {"kind": "preset", "name": "stretched"}
    visit(page, link(address, stretched, {"direction": "momentum", "epochs": 600}, view="landscape"))
    drawn = page.evaluate(ARROWS, [1, 2, 10, 600])
    vector = lambda arrow: [arrow[1][j] - arrow[0][j] for j in (0, 1)]
    for k, one in zip([1, 2, 10], drawn):
        step = [
            (one["path"][axis][k] - one["path"][axis][k - 1]) * one["unit"][j] for j, axis in enumerate("xy")
        ]
        assert vector(one["step"]) == pytest.approx(step, abs=0.01)
        slope = [one["path"][axis][k - 1] * one["unit"][j] for j, axis in enumerate(("gx", "gy"))]
        if one["gradient"]:  # uphill, and as much longer as the gradient is larger
            factor = [a / b for a, b in zip(vector(one["gradient"]), slope) if abs(b) > 1e-3]
            assert factor == pytest.approx([factor[0]] * len(factor)) and factor[0] > 0
            assert factor[0] == pytest.approx(
                vector(drawn[0]["gradient"])[0] / (drawn[0]["path"]["gx"][0] * one["unit"][0])
            )
    assert drawn[-1]["norm"] < 1e-6 and drawn[-1]["gradient"] is None  # a gradient of nothing has no arrow
    page.keyboard.press("Home")
    assert "the step taken: − η·m" in page.locator("#step").inner_text()
    assert "uphill" in page.locator("#caption").inner_text()


def test_weights_are_w_and_b_on_the_page_and_columns_in_the_settings(page, address):
    asked = {"kind": "points", "task": "regression", "points": [[1, 2], [2, 3], [4, 4]]}
    visit(page, link(address, asked, {"epochs": 20}, view="landscape"))
    assert table(page)[0][1:3] == ["w (x)", "b"]
    assert "Contours over w (x) and b" in page.locator("#caption").inner_text()
    step = page.locator("#step").inner_text()
    assert re.search(r"w ← w − η·g = ", step) and re.search(r"b ← b − η·g = ", step) and "x ←" not in step
    see(page, "weights")
    assert table(page)[0][1:] == ["w (x)", "b"]
    page.locator("#more > summary").click()
    assert "w (x)" in page.locator(".starts").inner_text()
    box = page.locator("#set-start-x")
    box.fill("1.5")
    answered(page, lambda: box.press("Enter"))
    until(page, """() => decodeURIComponent(location.hash).includes('"start":{"x":1.5}')""")


def test_a_picture_on_standardised_columns_says_so_and_a_dragged_start_is_in_the_data_s_units(page, address):
    asked = {"kind": "rows", "X": [[10], [20], [60], [35]], "y": [1, 3, 4, 2]}
    visit(page, link(address, asked, {"learning_rate": 0.1, "epochs": 20}, view="landscape"))
    caption = page.locator("#caption").inner_text()
    assert "w̃ (x)" in caption and "w = w̃/18.83, b = b̃ − 31.25·w" in caption
    assert "w̃ ← w̃ − η·g" in page.locator("#step").inner_text()
    before = [float(x) for x in table(page)[1][1:3]]
    page.locator("#picture").focus()
    answered(page, lambda: page.keyboard.press("Shift+ArrowLeft"))
    after = [float(x) for x in table(page)[1][1:3]]
    assert after[0] < before[0] and after[1] == pytest.approx(before[1], abs=0.05)


def test_axes_of_different_length_say_that_a_right_angle_is_none(page, address):
    newton = {"direction": "newton", "start": {"x": 1, "y": 100}}
    for formula, count in (("x^2 + y^2/10000", 1), ("x^2 + (y - 100)^2", 0)):
        visit(page, link(address, {"kind": "function", "formula": formula}, newton, view="landscape"))
        drawn = page.evaluate("import('/page/state.js').then(m => m.stage.svg())")
        assert drawn.count("a right angle is not a right angle here") == count


SHOWN = "import('/page/state.js').then(m => m.stage.shown())"


def test_the_picture_zooms_and_pans_and_the_start_goes_beyond_it(page, address):
    visit(page, link(address, {"kind": "preset", "name": "himmelblau"}, {"epochs": 20}, view="landscape"))
    whole = page.evaluate(SHOWN)
    width = lambda shown: shown[0][1] - shown[0][0]

    def looked(act):
        before = page.locator("body").get_attribute("data-looks")
        act()
        until(page, "before => (document.body.dataset.looks ?? null) !== before", before)

    looked(lambda: page.locator("#zoom-in").click())
    shown = page.evaluate(SHOWN)
    assert width(shown) == pytest.approx(0.7 * width(whole), rel=1e-6)
    known = page.evaluate("import('/page/state.js').then(m => m.stage.lab.pictures.landscape.x)")
    assert [known[0], known[-1]] == pytest.approx(shown[0], rel=1e-4)  # F was computed there
    picture = page.locator("#picture")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3

    def pan():
        page.mouse.move(*at)
        page.mouse.down()
        page.mouse.move(at[0] + 30, at[1])
        page.mouse.move(at[0] + 60, at[1])
        page.mouse.up()

    looked(pan)
    moved = page.evaluate(SHOWN)
    assert moved[0][0] < shown[0][0] and width(moved) == pytest.approx(width(shown), rel=1e-6)
    picture.focus()
    looked(lambda: page.mouse.wheel(0, 100))
    assert width(page.evaluate(SHOWN)) > 1.2 * width(shown)
    answered(page, lambda: page.keyboard.press("0"))
    assert page.evaluate(SHOWN)[0] == pytest.approx(whole[0], rel=1e-6)

    grabbed = picture.evaluate(GRABBED)

    def beyond():
        page.mouse.move(*grabbed)
        page.mouse.down()
        page.mouse.move(grabbed[0] + 40, grabbed[1])
        page.mouse.move(box["x"] + box["width"] + 60, grabbed[1])
        page.mouse.up()

    answered(page, beyond)
    until(page, "x => Number(document.getElementById('set-start-x').value) > x", whole[0][1])
    until(
        page, f"async x => (await {SHOWN})[0][1] > x", whole[0][1]
    )  # and the picture follows when it is let go


@pytest.mark.slow
def test_a_lesson_that_fails_leaves_menu_text_and_picture_on_one_lesson(browser, address):
    with visiting(browser, address, expected=("422", "500")) as page:
        visit(page, f"{address}#lesson=5")
        fail = lambda route: route.fulfill(status=422, json={"error": {"en": "no", "zh": "不"}, "key": "x"})
        page.route("**/api/lessons/6", fail)
        page.locator("#lessons").select_option("6")
        page.wait_for_selector("#message:not([hidden])")
        shown = lambda: (
            page.locator("#lessons").input_value(),
            page.locator("#lesson > h2").inner_text()[:1],
        )
        assert shown() == ("5", "5") and page.locator("body.empty").count() == 0
        page.route("**/api/runs?stream=1", fail)
        page.locator("#lessons").select_option("2")
        page.wait_for_selector("body.empty")  # the text of lesson 2 stands beside no picture of lesson 5
        assert shown() == ("2", "2") and "Batch" in page.locator("#title").inner_text()
        page.unroute("**/api/runs?stream=1")
        page.route("**/api/lessons/3", lambda route: (page.wait_for_timeout(0), route.continue_())[1])
        page.evaluate("""() => {
          const menu = document.getElementById('lessons');
          for (const number of ['3', '5']) { menu.value = number; menu.dispatchEvent(new Event('change')); }
        }""")
        until(page, "() => document.querySelector('#lesson > h2').textContent.startsWith('5')")
        settled(page)
        assert shown() == ("5", "5")


def test_back_leads_to_the_problem_before_and_stays_in_the_lab(page, address):
    visit(page, f"{address}#lesson=2")
    page.wait_for_url("**lesson=2**")
    answered(page, lambda: page.locator("#kind-points").click())
    page.wait_for_url("**points**")
    page.locator("#kind-preset").click()
    answered(page, lambda: page.locator("#preset-bowl").click())
    page.wait_for_url("**bowl**")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**at=**")  # another frame is no step back
    answered(page, page.go_back)
    assert page.locator("#tab-fit").is_visible() and "points" in page.url
    page.route("**/api/lessons/2", lambda route: (time.sleep(0.5), route.continue_())[1])  # a slow machine
    answered(page, page.go_back)
    assert page.locator("#lesson > h2").inner_text().startswith("2")
    answered(page, page.go_forward)
    until(page, "() => location.hash.includes('points')")
    assert page.locator("#tab-fit").is_visible()


@pytest.mark.slow
def test_a_lesson_that_comes_late_is_not_shown_over_what_was_chosen_since(page, address):
    visit(page, link(address, {"kind": "preset", "name": "bowl"}, {}))
    bowl, late = page.locator("#title").inner_text(), []
    page.route("**/api/lessons/5", lambda route: late.append(route))
    page.evaluate("import('/page/course.js').then(m => void m.openLesson(5))")
    saddle = link(address, {"kind": "preset", "name": "saddle"}, {})
    answered(page, lambda: page.evaluate("where => { location.href = where; }", saddle))
    shown = page.locator("#title").inner_text()
    assert len(late) == 1 and shown != bowl
    with page.expect_response("**/api/lessons/5"):
        late[0].continue_()
    page.wait_for_timeout(300)
    assert page.locator("#title").inner_text() == shown and "lesson=5" not in page.url


@pytest.mark.slow
def test_a_server_bound_to_all_is_printed_shared_and_refused_in_words(browser):
    with served("--host", "0.0.0.0") as printed:
        assert "0.0.0.0" not in printed and "?token=" in printed
        bare = re.sub(r"\?token=.*", "", printed)
        said = ("403", "Cross-Origin-Opener-Policy")  # which browsers heed on the loopback and https only
        with visiting(browser, bare, expected=said, locale="zh-CN") as page:
            page.goto(bare)
            assert (
                "含令牌" in page.locator("body").inner_text() and "{" not in page.locator("body").inner_text()
            )
            visit(page, printed + "#lesson=2")
            page.locator("#share").click()
            told = page.locator("#share-link").input_value()
            assert told.startswith(printed + "#")
        with visiting(browser, bare, expected=said) as another:
            visit(another, told)
            assert another.locator("#lesson > h2").inner_text().startswith("2")


def test_the_control_that_question_1c_asks_for_is_there(page, address):
    visit(page, f"{address}#lesson=1")
    box = page.locator("#set-grid_step-x")
    assert box.input_value() == "0.1"
    box.fill("0.01")
    answered(page, lambda: box.press("Enter"))
    assert "401 values" in page.locator("#caption").inner_text()
    page.locator("[id='check-1.c']").click()
    page.wait_for_selector(".mark.right")


def test_class_borders_are_smooth_and_said_to_be_interpolated(page, address):
    points = [[1.5, 2, 0], [2.5, 3.4, 0], [3.6, 1.8, 0], [5.4, 6.6, 1], [6.6, 5.2, 1], [7.4, 7.8, 1]]
    visit(page, link(address, {"kind": "points", "task": "classes", "points": points}, {}, view="fit"))
    assert "33 × 33 places, interpolated" in page.locator("#caption").inner_text()
    border = page.evaluate(  # where the class changes in a fine grid, and where the weights say
        """async () => {
          const { stage } = await import('/page/state.js');
          const { classAt } = await import('/page/draw_fit.js');
          const { fit, final } = stage.lab.runs[0];
          const k = fit.at.length - 1, spots = [];
          const place = (axis, t) => axis[0] + (t / 32) * (axis[32] - axis[0]);
          const exact = u => -(final.x1 * place(fit.x, u) + final.intercept) / final.x2;
          for (let u = 0; u <= 32; u += 0.1)
            for (let v = 0.01; v < 31.9; v += 0.02)
              if (classAt(fit, k, u, v).mine !== classAt(fit, k, u, v + 0.02).mine)
                spots.push([place(fit.y, v), exact(u), classAt(fit, k, u, v).chance]);
          return spots;
        }"""
    )
    assert len(border) > 100
    step = 12 / 32
    for found, exact, chance in border:
        assert abs(found - exact) < 0.1 * step  # stairs of the grid's places would be half a step off
        assert 45 < chance < 75


def test_words_are_words_in_both_languages(page, address):
    three = {**THREE, "X": [[1], [2], [4]]}
    visit(page, link(address, three, {**BARE, "penalty": "l1", "alpha": 0.1}, lang="zh"))
    shown = page.locator("main").inner_text()
    assert "R² " in shown and "RMSE " in shown and "r2" not in shown and "rmse" not in shown
    visit(page, link(address, {"kind": "preset", "name": "bowl"}, {}, lang="zh"))
    assert "梯度下降" in page.locator("#runs").inner_text() and "gd" not in page.locator("#runs").inner_text()
    page.locator("#take").click()
    with page.expect_request("**/api/gif") as asked:
        page.locator("#take-gif").click()
    assert asked.value.post_data_json["lang"] == "zh"


def test_a_lesson_is_printed_its_command_has_focus_and_letters_can_be_switched_off(page, address):
    visit(page, f"{address}#lesson=2")
    assert page.locator("#reading .command").get_attribute("tabindex") == "0"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("#reading .text section").first.is_visible()
    assert page.locator("#lesson > h2").is_visible() and page.locator("#picture").is_visible()
    assert page.locator("#transport").is_hidden() and page.locator("#lessons").is_hidden()
    page.emulate_media(media="screen")
    end = tick(page)
    page.keyboard.press("?")
    page.locator("#letter-keys").uncheck()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    for key in ("r", "t", "l", "1"):
        page.keyboard.press(key)
    assert tick(page) == end > 0 and page.locator("html").get_attribute("data-theme") == "light"
    page.keyboard.press("Home")  # keys that are no letters remain
    assert tick(page) == 0
    page.locator("#help").click()
    page.locator("#letter-keys").check()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("t")
    page.wait_for_selector('html[data-theme="dark"]')


def test_a_dragged_rate_recomputes_as_it_moves_and_the_last_value_wins(page, address):
    visit(page, f"{address}#lesson=2")
    seen, last = (
        page.evaluate(  # a hand that never rests for longer than 20 ms, until three answers are shown
            """async () => {
          const runs = () => Number(document.body.dataset.runs), first = runs();
          const slider = document.getElementById('set-rate-slider');
          for (let i = 0; i < 3000 && runs() < first + 3; i += 1) {
            slider.value = String(-2.5 + 0.001 * (i % 900));
            slider.dispatchEvent(new Event('input'));
            await new Promise(done => setTimeout(done, 20));
          }
          slider.value = '-1.3';
          slider.dispatchEvent(new Event('input'));
          return [runs() - first, Number((10 ** Number(slider.value)).toPrecision(3))];
        }"""
        )
    )
    assert seen >= 3
    rate = "import('/page/state.js').then(m => m.stage.lab.runs[0].settings.learning_rate)"
    until(page, f"async last => (await {rate}) === last", last)  # without letting go


def test_what_is_dragged_is_a_draft_and_the_verdict_is_that_of_the_rate_on_which_it_rests(page, address):
    points = [[1, 1, 0], [2, 1.5, 0], [1.5, 3, 0], [7, 6, 1], [8, 8, 1], [6, 8.5, 1]]
    asked = {"kind": "points", "task": "classes", "points": points}
    visit(page, link(address, asked, {"learning_rate": 0.02}))
    before = page.locator("#verdict").inner_text()
    drafts, waited, rate = page.evaluate(
        """async () => {
          const { stage } = await import('/page/state.js'), drafts = [], waited = [];
          const play = stage.play_document.bind(stage), box = document.getElementById('verdict');
          stage.play_document = (lab, tick) => { drafts.push(lab.draft); play(lab, tick); };
          const slider = document.getElementById('set-rate-slider');
          for (let i = 0; i < 3000 && drafts.length < 4; i += 1) {
            slider.value = String(-2 + 0.001 * (i % 900));
            slider.dispatchEvent(new Event('input'));
            await new Promise(done => setTimeout(done, 20));
            const shown = () => getComputedStyle(box.firstChild).visibility === 'visible';
            if (drafts.length) waited.push(box.hidden || !shown());
          }
          slider.value = slider.min;
          slider.dispatchEvent(new Event('input'));
          return [drafts, waited, Number((10 ** Number(slider.value)).toPrecision(3))];
        }"""
    )
    assert all(drafts) and all(waited)
    lab = "(await import('/page/state.js')).stage.lab"
    until(page, f"async rate => !{lab}.draft && {lab}.runs[0].settings.learning_rate === rate", rate)
    rested = page.locator("#verdict").inner_text()
    assert rested != before
    visit(page, link(address, asked, {"learning_rate": rate}))
    assert page.locator("#verdict").inner_text() == rested


def test_the_picture_and_the_step_stay_in_sight_and_a_phone_has_the_card_above_it(browser, address):
    with visiting(browser, address, viewport={"width": 1280, "height": 800}) as page:
        visit(page, f"{address}#lesson=2")
        page.locator("#reading .text summary").click()
        page.locator("#reading .command").scroll_into_view_if_needed()
        assert page.evaluate("scrollY + document.getElementById('what').scrollTop") > 400
        picture, step = (page.locator(name).bounding_box() for name in ("#picture", "#step"))
        assert picture["y"] >= 0 and step["y"] + step["height"] <= 800
    with visiting(browser, address, viewport={"width": 390, "height": 844}) as page:
        visit(page, f"{address}#lesson=2")
        card, picture = (page.locator(name).bounding_box() for name in ("#lesson", "#picture"))
        assert card["y"] + card["height"] < picture["y"] < 500
        page.locator("#card-next").click()  # nothing lies over it
        page.wait_for_selector("body.predicting")


def test_a_dragged_point_is_answered_shortly_while_it_moves_and_in_full_when_it_rests(page, address):
    points = [[1, 2.2], [2, 2.9], [3.5, 4.8], [5, 5.1]]
    visit(page, link(address, {"kind": "points", "points": points}, {}, view="fit"))
    page.evaluate(
        """async () => {
          const { stage } = await import('/page/state.js');
          const canvas = document.getElementById('picture'), f = stage.frame;
          const box = canvas.getBoundingClientRect();
          canvas.setPointerCapture = () => {};
          const at = (kind, x, y) => canvas.dispatchEvent(new PointerEvent(kind,
            { clientX: box.x + f.x.at(x) * stage.zoom, clientY: box.y + f.y.at(y) * stage.zoom }));
          window.epochs = [];
          const play = stage.play_document.bind(stage);
          stage.play_document = (lab, tick) => { epochs.push(lab.runs[0].epochs); play(lab, tick); };
          at('pointerdown', 1, 2.2);
          for (let i = 1; i < 2000 && epochs.length < 3; i += 1) {
            at('pointermove', 1 + 0.001 * i, 4);
            await new Promise(done => setTimeout(done, 20));
          }
          at('pointermove', 2.5, 6);
        }"""
    )
    lab = "(await import('/page/state.js')).stage.lab"
    shown = f"JSON.stringify([{lab}.runs[0].epochs, {lab}.problem.asked.points[0]])"
    until(page, f"async () => {shown} === '[1000,[2.5,6]]'")  # without letting go
    assert page.evaluate("epochs.length") >= 4 and page.evaluate("Math.min(...epochs)") <= 200


def test_a_descent_is_shown_slowly_first_and_then_as_it_changes(page, address):
    visit(page, link(address, {"kind": "preset", "name": "bowl"}, {"learning_rate": 0.01, "epochs": 400}))
    due = page.evaluate(
        """async () => {
          const { stage } = await import('/page/state.js');
          const { movedBy, pacing } = await import('/page/scene.js');
          return pacing(movedBy(stage.scene), 12);
        }"""
    )
    lasts = [b - a for a, b in pairwise(due)]
    assert len(due) == 401 and min(lasts) > 0 and due[-1] <= 12
    assert all(0.25 <= step <= 0.5 for step in lasts[:10]) and due[1] <= 0.5  # the first second moves
    assert max(lasts[10:]) < 0.25 and due[-1] > 8
    assert lasts[20] > 3 * lasts[-1]  # near the end almost nothing changes
    page.locator("#picture").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    until(page, "() => Number(document.body.dataset.tick) >= 1")
    page.keyboard.press("Space")


@pytest.mark.slow
def test_the_model_answers_for_a_place_before_and_now(page, address):
    visit(page, f"{address}#lesson=2")
    assert page.locator("#infer .fitted").inner_text() == "y = 1.9999·x"
    assert page.locator("#place-0").input_value() == "4"
    assert page.locator("#answer").inner_text() == "4 before, 7.99978 now"
    page.locator("#place-0").fill("１０")
    assert page.locator("#answer").inner_text() == "10 before, 19.9994 now"
    page.locator("#picture").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.locator("#infer .fitted").inner_text() == "y = 1.0933·x"
    assert "10.9333 now" in page.locator("#answer").inner_text()
    points = [[1.5, 2, 0], [2.5, 3.4, 0], [3.6, 1.8, 0], [5.4, 6.6, 1], [6.6, 5.2, 1], [7.4, 7.8, 1]]
    visit(page, link(address, {"kind": "points", "task": "classes", "points": points}, {}, view="fit"))
    written = page.locator("#infer .fitted").inner_text()
    assert re.fullmatch(r"P\(y = 1\) = σ\([−\d.]+·x1 [+−] [\d.]+·x2 [+−] [\d.]+\)", written)
    at = page.evaluate(
        """async () => {
          const { stage } = await import('/page/state.js');
          const [f, box] = [stage.frame, stage.main.getBoundingClientRect()];
          return [box.x + f.x.at(8) * stage.zoom, box.y + f.y.at(9) * stage.zoom];
        }"""
    )
    page.mouse.move(*at)
    assert [page.locator(f"#place-{i}").input_value() for i in (0, 1)] == ["8", "9"]
    final = page.evaluate("import('/page/state.js').then(m => m.stage.lab.runs[0].final)")
    chance = 100 / (1 + math.exp(-(8 * final["x1"] + 9 * final["x2"] + final["intercept"])))
    told = re.fullmatch(r"class 1 \(≈ (\d+)%\)", page.locator("#answer").inner_text())
    assert abs(int(told[1]) - chance) < 2


def test_the_first_place_that_a_curve_is_asked_for_is_on_its_picture(page, address):
    visit(page, f"{address}#lesson=14&card=2")
    assert "≈" in page.locator("#answer").inner_text()


def test_a_swipe_adds_no_point_and_a_tap_adds_one(page, address):
    points = [[1, 2], [8, 8]]
    visit(page, link(address, {"kind": "points", "task": "regression", "points": points}, {"epochs": 9}))
    see(page, "fit")
    touch = """(canvas, far) => {
      const box = canvas.getBoundingClientRect(), [x, y] = [box.x + box.width / 2, box.y + box.height / 3];
      const send = (type, y) => canvas.dispatchEvent(
        new PointerEvent(type, { clientX: x, clientY: y, pointerType: 'touch', pointerId: 7 }));
      send('pointerdown', y); send('pointermove', y + far); send('pointerup', y + far);
    }"""
    count = "import('/page/state.js').then(m => m.now.asked.points.length)"
    page.locator("#picture").evaluate(touch, 60)
    assert page.evaluate(count) == 2
    answered(page, lambda: page.locator("#picture").evaluate(touch, 2))
    assert page.evaluate(count) == 3


def test_a_pair_that_does_not_go_is_greyed_and_says_why(page, address):
    visit(page, link(address, THREE, {**BARE, "rows": "one", "order": "cyclic"}))
    page.locator("#set-direction").click()
    greyed = page.locator("#set-direction-list [aria-disabled]")
    assert greyed.count() > 0 and len(greyed.first.locator("small").inner_text()) > 15
    before = page.locator("body").get_attribute("data-runs")
    greyed.first.click(force=True)
    page.keyboard.press("Escape")
    assert page.locator("body").get_attribute("data-runs") == before


@pytest.mark.slow
def test_class_weights_and_a_threshold_are_set_where_there_are_classes(page, address):
    points = [[1, 1, 0], [2, 1.5, 0], [1.5, 3, 0], [7, 6, 1], [3, 2, 1], [6, 8.5, 1], [2, 2, 0]]
    visit(page, link(address, {"kind": "points", "task": "classes", "points": points}, {}))
    page.locator("#more summary").click()
    field = page.locator("#set-class_weights-1")
    field.fill("5")
    answered(page, lambda: field.press("Enter"))
    see(page, "fit")
    before = page.locator("#picture").evaluate(PICTURE)
    page.locator("#set-threshold").fill("０.2")
    answered(page, lambda: page.locator("#set-threshold").press("Enter"))
    assert page.locator("#picture").evaluate(PICTURE) != before
    settings = "(await import('/page/state.js')).stage.lab.runs[0].settings"
    told = page.evaluate(f"async () => [{settings}.class_weights, {settings}.threshold]")
    assert told == [{"1": 5}, 0.2]
    answered(page, lambda: page.locator("#set-balanced").check())
    assert page.locator("#set-class_weights-1").count() == 0
    visit(page, link(address, THREE, {}))
    page.locator("#more summary").click()
    assert page.locator("#set-threshold, #set-balanced").count() == 0


def test_a_question_is_checked_on_the_spot(page, address):
    visit(page, f"{address}#lesson=1")
    answer = page.locator("[id='answer-1.a']")
    answer.fill("3")
    answer.press("Enter")
    assert page.locator(".mark.wrong").count() == 1
    answer.fill("2")
    answer.press("Enter")
    assert page.locator(".mark.right").count() == 1


def test_a_teacher_hides_a_control_and_shares_the_link(browser, page, address):
    visit(page, f"{address}#lesson=2")
    page.locator("#teach").click()
    page.locator("#hide-learning_rate").check()
    told = page.locator("#teach-link").input_value()
    with visiting(browser, address) as learner:
        visit(learner, told)
        assert (
            learner.locator("#set-learning_rate").is_hidden() and learner.locator("#set-epochs").is_visible()
        )


def test_a_refusal_is_one_sentence(browser, address):
    with visiting(browser, address, expected=("422",)) as page:
        visit(page, link(address, {"kind": "function", "formula": "x^2"}, {"epochs": 10}))
        page.locator("#formula").fill("x^2 + nosuch(x)")
        page.locator("#descend").click()
        page.wait_for_selector("#message:not([hidden])")
        assert "nosuch" in page.locator("#message").inner_text()
        page.locator("#formula").fill("x^2 + y^4")
        answered(page, lambda: page.locator("#descend").click())
        assert (
            page.locator("#message").is_hidden() and page.locator('#facts math[alttext^="∂f/∂y ="]').count()
        )


@pytest.mark.slow
def test_formulas_are_set_as_mathematics_with_their_brackets(page, address):
    classes = {"kind": "points", "task": "classes", "points": [[0, 0, 0], [1, 1, 0], [2, 2, 1]]}
    visit(page, link(address, classes, {"epochs": 5}))
    told = page.locator("#facts math").evaluate_all("all => all.map(one => one.getAttribute('alttext'))")
    assert told[1:3] == ["F(w, b) = 1/n·Σ (log(1 + exp(z)) − y·z)", "∂F/∂w₁ = 1/n·Σ (σ(z) − y)·x1"]
    set_ = "text => import('/page/math.js').then(m => m.mathOf(text)).then(one => one.outerHTML ?? one)"
    bare = lambda text: re.sub(r"</?(mrow|mi|mo|mn)>|</?math[^>]*>", "", page.evaluate(set_, text))
    expected = {
        "∂F/∂w₁": "<mfrac>∂F∂<msub>w1</msub></mfrac>",
        "(x + 1)/(2·y)": "<mfrac>x+12⋅y</mfrac>",
        "(x^2 + y - 11)^2": "<msup>(<msup>x2</msup>+y−11)2</msup>",
        "exp(-(x + 1)^(2/3))": "exp(−<msup>(x+1)<mfrac>23</mfrac></msup>)",
        "sqrt(x + 1)*abs(y)": "<msqrt>x+1</msqrt>\u2062|y|",
        "½‖w‖² + 0.1·‖w‖₁": "½<msup>‖w‖2</msup>+0.1⋅<msub>‖w‖1</msub>",
        "log Σₖ exp(zₖ)": "log<msub>∑k</msub>exp(<msub>zk</msub>)",
        "w·\u2068price (net)\u2069 + b": "w⋅price (net)+b",
        "no ( formula": "no ( formula",
    }
    assert {text: bare(text) for text in expected} == expected
    for number in (2, 5, 11, 12):
        visit(page, f"{address}#lesson={number}")
        assert page.locator("#facts dd").count() == page.locator("#facts dd math").count() > 0


def test_the_first_paint_comes_within_a_second(page, address):
    visit(page, f"{address}#lesson=2")
    page.goto("about:blank")
    page.goto(address)
    until(page, "() => performance.getEntriesByName('first-contentful-paint').length")
    assert page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") < 1000


@pytest.mark.slow
@pytest.mark.parametrize("view", ["landscape", "loss", "surface"])
def test_a_thousand_steps_play_at_thirty_frames_a_second(page, address, view):
    visit(
        page,
        link(
            address,
            {"kind": "preset", "name": "rosenbrock"},
            {"learning_rate": 0.001, "epochs": 1000},
            view=view,
        ),
    )
    assert page.locator("#scrub").get_attribute("max") == "1000"
    page.locator("#picture").focus()
    page.keyboard.press("Space")
    until(page, "() => Number(document.body.dataset.tick) > 20")
    first, began = int(page.locator("body").get_attribute("data-drawn")), time.perf_counter()
    page.wait_for_timeout(1200)
    drawn = int(page.locator("body").get_attribute("data-drawn")) - first
    assert drawn / (time.perf_counter() - began) >= 30


@pytest.mark.sample(1)
@pytest.mark.parametrize("width", [360, 768, 1280, 2560])
def test_nothing_hangs_over_from_a_phone_to_a_projector(browser, address, width):
    with visiting(browser, address, viewport={"width": width, "height": 800}) as page:
        for where in (
            f"{address}#lesson=3",
            link(address, {"kind": "preset", "name": "himmelblau"}, {"epochs": 50}),
        ):
            visit(page, where)
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width
            small = "e => e.getBoundingClientRect().height"
            assert all(page.locator(f"#{name}").evaluate(small) >= 36 for name in ("play", "rewind", "forth"))


def test_no_letter_is_small_on_a_large_screen(browser, address):
    with visiting(browser, address, viewport={"width": 1920, "height": 1080}) as page:
        visit(page, f"{address}#lesson=2")
        page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
        small = """() => [...document.querySelectorAll('body *')].filter(e => e.offsetParent
            && !e.closest('math, .unseen')
            && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
            && parseFloat(getComputedStyle(e).fontSize) < 14).map(e => e.outerHTML.slice(0, 99))"""
        assert page.evaluate(small) == []
        drawn = "import('/page/state.js').then(m => 12 * m.stage.zoom)"  # the smallest in a picture
        assert page.evaluate(drawn) >= 14


@pytest.mark.slow
def test_every_control_has_a_name_for_screen_readers(page, address):
    for where in (
        f"{address}#lesson=4",
        link(address, {"kind": "points", "task": "classes", "points": [[1, 2, 0], [3, 4, 1], [5, 1, 1]]}),
    ):
        visit(page, where)
        page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
        nameless = """() => [...document.querySelectorAll('button, input, select, [role=img]')].filter(
            e => !(e.textContent.trim() || e.ariaLabel || e.matches('[aria-labelledby]') || e.labels?.length)
        ).map(e => e.outerHTML)"""
        assert page.evaluate(nameless) == []


AXE = Path(__file__).parent / "page" / "node_modules" / "axe-core" / "axe.min.js"
ASKED = {
    "classes": {"kind": "points", "task": "classes", "points": [[1, 1, 0], [2, 3, 0], [7, 6, 1], [8, 8, 1]]},
    "points": {"kind": "points", "points": [[1, 2.2], [2, 2.9], [3.5, 4.8]]},
    "few": {"kind": "points", "points": []},
    "typed": {"kind": "function", "formula": "(1-x)^2 + 100*(y-x^2)^2"},
    **{name: {"kind": "preset", "name": name} for name in ("himmelblau", "saddle", "waves")},
}
LOOKS = [  # theme, language, size of the window
    ("light", "en-GB", 1280, 900),
    ("dark", "zh-CN", 390, 844),
    ("dark", "en-GB", 1920, 1080),
    ("light", "zh-CN", 1280, 900),
]
PLACES = [f"lesson={number}" for number in range(1, 22)] + ["lesson=2&card=2", "lesson=12&card=99"]
PLACES += [*ASKED, *(f"himmelblau {view}" for view in ("surface", "loss", "weights"))]
PLACES += [f"points #{button}" for button in ("help", "share", "teach", "take", "add")]
PLACES += ["classes #more summary", "points #table summary"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci in tests/lab/page")
@pytest.mark.sample(3)
@pytest.mark.parametrize("look, place", [(k % len(LOOKS), place) for k, place in enumerate(PLACES)])
def test_axe_finds_nothing_to_mend(browser, address, look, place):
    """Deque's rules for WCAG and good practice, in every kind of state, theme, language and width."""
    theme, locale, width, height = LOOKS[look]
    name, _, more = place.partition(" ")
    with visiting(browser, address, locale=locale, viewport={"width": width, "height": height}) as page:
        if name in ASKED:
            visit(
                page,
                link(
                    address, ASKED[name], {}, theme=theme, **({} if more.startswith("#") else {"view": more})
                ),
            )
        else:
            page.goto(f"{address}#{name}&theme={theme}")
            page.wait_for_selector("body[data-runs]:not(.computing)", timeout=60_000)
        if more.startswith("#"):
            page.locator(more).first.click()
        page.evaluate(AXE.read_text(encoding="utf-8"))
        passed, found = page.evaluate(
            """async () => {
              const { passes, violations } = await axe.run();
              return [passes.length, violations.map(v => [v.id, v.nodes.map(n => n.html)])];
            }"""
        )
        assert passed > 10 and found == []


@pytest.mark.slow
def test_what_is_taken_away(page, address):
    visit(page, f"{address}#lesson=2&view=landscape")
    page.locator("#take").click()
    page.locator("#take-numpy").click()
    page.wait_for_selector("#code pre")
    written = page.locator("#code pre").inner_text()
    ran = subprocess.run([sys.executable, "-c", written], capture_output=True, text=True, cwd=EXAMPLES)
    assert ran.returncode == 0 and "1.99994" in ran.stdout
    for kind, begin in (("png", b"\x89PNG"), ("svg", b"<svg"), ("csv", b""), ("gif", b"GIF8")):
        with page.expect_download() as download:
            page.locator(f"#take-{kind}").click()
        content = Path(download.value.path()).read_bytes()
        assert content.startswith(begin) and len(content) > 500
        if kind == "svg":
            import xml.dom.minidom

            assert xml.dom.minidom.parseString(content).getElementsByTagName("path")
        if kind == "csv":
            assert b"1.9999444396553017" in content


@pytest.mark.slow
def test_a_saved_run_is_there_again_after_a_reload(browser, tmp_path):
    ds.fit(ds.Dataset.from_arrays([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0]), method="gd").save(tmp_path / "run")
    with served(str(tmp_path / "run")) as address, visiting(browser, address) as page:
        visit(page, address)
        page.keyboard.press("Home")
        until(page, "() => location.hash.includes('at=0')")
        page.reload()
        settled(page)
        assert tick(page) == 0 and not page.locator("#message").is_visible()


@pytest.mark.slow
@pytest.mark.parametrize("where", ["lesson=0", "problem=%7Bnonsense", 'problem={"kind":"points"}'])
def test_an_address_of_nothing_shows_a_lesson(page, address, where):
    visit(page, f"{address}#{where}")
    assert page.locator("#lesson h2").inner_text().startswith("1 ")


def test_a_problem_that_is_none_says_so_and_the_page_works_on(browser, address):
    with visiting(browser, address, expected=("422",)) as page:
        page.goto(address + "#problem=" + quote('{"kind": "nothing"}'))
        page.wait_for_selector("#message:not([hidden])")
        assert page.locator("#message").inner_text()
        page.locator("#kind-preset").click()
        answered(page, page.locator("#preset-bowl").click)
        assert not page.locator("#message").is_visible()


def test_numbers_are_answered_as_people_write_them_and_stay_in_another_language(page, address):
    visit(page, address + "#lesson=2")
    box = page.locator(".questions input").first
    number = page.evaluate(
        "() => fetch('/api/lessons/2').then(a => a.json())"
        ".then(l => l.questions.find(q => q.kind === 'number').answer)"
    )
    wide = f"{number}".translate(str.maketrans("0123456789.", "０１２３４５６７８９．"))
    for written in (f"{number}", f"{2 * number}/2", wide):
        box.fill(written)
        box.press("Enter")
        page.wait_for_selector(".questions .mark.right")
    page.locator("#language").click()
    assert page.locator(".questions input").first.input_value() == wide
    read = "text => import('/page/lesson.js').then(m => String(m.numberOf(text)))"
    numbers = {"20,000": 20000, "1,234.5": 1234.5, "0,5": 0.5, "−3": -3, "1/4": 0.25, "1,5": 1.5}
    assert {text: float(page.evaluate(read, text)) for text in numbers} == numbers
    assert page.evaluate(read, "abc") == "NaN"


def test_a_lesson_asks_first_and_shows_a_state_for_each_sentence(page, address):
    visit(page, f"{address}#lesson=14")
    assert tick(page) == 0 and page.locator("#verdict").is_hidden() and page.locator(".sentence").is_hidden()
    choices = page.locator("#lesson .prediction button")
    choices.nth(2).click()  # wrong: it stays, as a ghost beside the truth
    page.wait_for_selector("body.playing")
    assert page.locator("#lesson .mark").get_attribute("class") == "mark wrong"
    ghost, truth = page.locator(".prediction .ghost"), page.locator(".prediction .truth")
    assert ghost.inner_text() == choices.nth(2).inner_text() and "your guess" in ghost.inner_text()
    assert truth.inner_text() == choices.nth(0).inner_text()
    page.locator("#language").click()
    assert CHINESE.search(page.locator("#lesson .mark.wrong").inner_text())  # it was given, in any language
    page.locator("#language").click()
    for _ in range(2):
        answered(page, page.locator("#card-next").click)
    page.keyboard.press("End")
    until(page, "() => document.querySelector('#runs .now')?.textContent.includes('e−')")
    assert losses(page)[0] < 1e-20  # degree 7: eight weights for eight rows
    assert page.locator("#lesson h2").inner_text().startswith("14 ")
    page.locator("#reading .pictures summary").click()
    until(page, "() => document.querySelector('#reading .pictures img').naturalWidth > 100")


def test_the_course_opens_playing_asks_for_a_click_and_remembers_the_card(page, address):
    page.goto(address)
    page.wait_for_selector("body.playing")
    assert page.locator("#lesson > h2").inner_text().startswith("1 ")
    answered(page, page.locator("#card-next").click)  # which asks where a coarser search ends
    assert page.locator("body.predicting").count() == 1 and tick(page) == 0
    about = page.locator("#caption").inner_text()
    assert "2.1" not in about + page.locator("#lesson").inner_text()
    x = page.evaluate("import('/page/state.js').then(m => m.stage.frame.x.at(2.6) * m.stage.zoom)")
    page.locator("#picture").click(position={"x": x, "y": 120})
    page.wait_for_selector("body.playing .mark.wrong")
    assert "2.1" in page.locator("#caption").inner_text() + page.locator("#lesson .sentence").inner_text()
    guess = page.evaluate("import('/page/state.js').then(m => m.stage.scene.guess)")
    assert guess == pytest.approx(2.6, abs=0.02) and "2.6" in page.locator(".prediction").inner_text()
    page.goto("about:blank")
    page.goto(address)  # another day: where it was left
    page.wait_for_selector("body.playing, body.predicting")
    assert page.locator("#lesson .hint").first.inner_text().startswith(("2 of", "or click"))
    for _ in range(2):
        page.locator("#card-next").click()
    until(page, "() => document.querySelector('#lessons option').textContent.includes('✓')")
    page.locator("#card-next").click()
    until(page, "() => document.querySelector('#lesson > h2').textContent.startsWith('2')")
    page.wait_for_selector("body.playing")


@pytest.mark.slow
def test_every_lesson_is_cards_with_a_reason_and_a_prediction_and_no_code(page, address):
    page.goto(address)
    for number in range(1, 22):
        lesson = page.evaluate("n => fetch('/api/lessons/' + n).then(a => a.json())", number)
        asked = [card["predict"] for card in lesson["cards"] if card["predict"]]
        assert asked and {*asked} <= {question["id"] for question in lesson["questions"]}
        for lang in ("en", "zh"):
            said = [lesson["why"][lang], *(card["text"][lang] for card in lesson["cards"])]
            assert all(said) and not any(re.search(r"--\w|\w=\w|downslope ", text) for text in said)


def test_code_in_a_lesson_keeps_its_indentation(page, address):
    visit(page, address + "#lesson=3")
    page.locator("#reading .text summary").click()
    listing = page.locator("#reading pre").first
    assert listing.evaluate("e => getComputedStyle(e).whiteSpace") == "pre"
    assert "\n    for x, y in rows:\n        g" in listing.inner_text()


def test_another_direction_takes_its_own_rate(page, address):
    visit(page, address + "#lesson=2")
    page.locator("#set-direction").click()
    answered(page, page.locator("[role=option]", has_text="Adam").first.click)
    assert page.locator("#set-learning_rate").input_value() == ""


@pytest.mark.slow
def test_a_run_that_takes_a_while_leaves_the_selection_and_the_view(page, address):
    runs = [{"epochs": 30}, {"epochs": 60_000, "learning_rate": 1e-6}, {"epochs": 40}]
    visit(page, link(address, {"kind": "preset", "name": "himmelblau"}, *runs, view="landscape"))
    page.locator("#run-2").click()
    page.locator("#set-epochs").fill("50")
    answered(page, lambda: page.locator("#set-epochs").press("Enter"))
    assert page.locator("#run-2").get_attribute("aria-pressed") == "true"
    assert page.locator("#tab-landscape").get_attribute("aria-selected") == "true"


@pytest.mark.slow
def test_a_watched_run_plays_with_its_source_beside_it(browser, tmp_path):
    script = tmp_path / "loop.py"
    body = ["loss = (w - 3) ** 2", "g = 2 * (w - 3)", "w = w - 0.1 * g"]
    script.write_text("\n    ".join(["w = 1.0\nfor k in range(20):", *body]) + "\n")
    program = [sys.executable, "-c", "from downslope.cli import main; main()"]
    subprocess.run(
        [*program, "watch", "--out", "run", str(script)],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=120,
    )
    with served(str(tmp_path / "run")) as address, visiting(browser, address) as page:
        visit(page, address + "#lang=zh")
        assert page.locator("#title").inner_text() == "loop.py"
        assert page.locator("#source .moves").inner_text().strip() == "w = w - 0.1 * g"
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        first = page.locator("#source .moves").get_attribute("data-now")
        page.keyboard.press("ArrowRight")
        second = page.locator("#source .moves").get_attribute("data-now")
        assert "损失" in first and first != second
        page.keyboard.press("Space")
        page.wait_for_selector("body.playing")


@pytest.mark.slow
def test_a_saved_run_opens_and_plays(browser, tmp_path):
    solution = ds.fit(
        ds.Dataset.read(EXAMPLES / "diabetes.csv", target="progression"), method="gd", epochs=50
    )
    solution.save(tmp_path / "diabetes.run")
    with served(str(tmp_path / "diabetes.run")) as address, visiting(browser, address) as page:
        visit(page, address)
        assert page.locator("#title").inner_text() == "diabetes.run" and page.locator("#controls").is_hidden()
        assert losses(page)[0] == pytest.approx(solution.loss, rel=1e-4)
        page.keyboard.press("r")
        assert tick(page) == 0


@pytest.mark.slow
def test_the_page_that_stands_alone_opens_by_double_click_and_plays(browser, page, address, tmp_path):
    visit(page, link(address, THREE, BARE, {**BARE, "learning_rate": 0.3}))
    page.locator("#take").click()
    with page.expect_download() as download:
        page.locator("#take-page").click()
    alone = tmp_path / "report.html"
    download.value.save_as(alone)
    assert alone.stat().st_size < 2_000_000
    with visiting(browser, "file:", locale="zh-CN") as reader:
        visit(reader, alone.as_uri())
        assert reader.locator("#runs li").count() == 2 and reader.locator("#controls").is_hidden()
        see(reader, "weights")
        assert table(reader)[-1][1] == "1.9999444396553017"
        reader.locator("#picture").focus()
        reader.keyboard.press("Space")
        reader.wait_for_selector("body.playing")
        reader.keyboard.press("r")
        assert tick(reader) == 0
