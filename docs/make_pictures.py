"""Make the pictures of the lab in docs/pictures: ten views, both languages, both themes.

Needs Chromium and Playwright for Python:  python docs/make_pictures.py
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent / "pictures"
EXAMPLES = Path(__file__).parents[1] / "examples"
ROSENBROCK = {"kind": "preset", "name": "rosenbrock"}
RACERS = (
    {"learning_rate": 0.001, "epochs": 300},
    {"direction": "momentum", "momentum": 0.9, "learning_rate": 0.0005, "epochs": 300},
    {"direction": "adam", "learning_rate": 0.05, "epochs": 300},
)
TWO_CLASSES = [
    [1.2, 2.1, 0], [2.2, 3.6, 0], [3.1, 1.4, 0], [3.9, 3.1, 0], [2.8, 5.2, 0], [5.2, 2.2, 0],
    [4.6, 6.8, 1], [6.1, 5.3, 1], [7.3, 7.9, 1], [8.4, 5.9, 1], [6.9, 3.9, 1], [5.6, 8.6, 1],
]  # fmt: skip


def at(problem: dict | None = None, *runs: dict, **more: object) -> str:
    """What stands behind the # of an address."""
    parts = [] if problem is None else [("problem", json.dumps(problem))]
    parts += [("run", json.dumps(run)) for run in runs] + list(more.items())
    return "&".join(f"{name}={quote(str(value))}" for name, value in parts)


def diverge(page: Page) -> None:
    page.locator("#set-learning_rate").fill("0.3")
    page.locator("#set-learning_rate").press("Enter")
    page.wait_for_selector("#frozen:not([hidden])")


def a_file(page: Page) -> None:
    page.locator("#kind-file").click()
    page.locator("#file").set_input_files(EXAMPLES / "diabetes.csv")
    page.wait_for_selector("#target")


def menu(page: Page) -> None:
    page.locator("#set-direction").click()


def code(page: Page) -> None:
    page.locator("#take").click()
    page.locator("#take-numpy").click()
    page.wait_for_selector("#code pre")


# name: (language, theme, width × height, state, what is done then)
VIEWS = {
    "lesson": ("en", "light", (1280, 860), at(lesson=2, at=12), None),
    "diverged": ("zh", "light", (1280, 860), at(lesson=2, view="landscape"), diverge),
    "contours": ("en", "dark", (1280, 860), at(ROSENBROCK, *RACERS, view="landscape", at=180), None),
    "surface": ("zh", "dark", (1280, 860), at(ROSENBROCK, *RACERS, view="surface"), None),
    "race": ("en", "light", (1280, 860), at(ROSENBROCK, *RACERS, view="loss", at=200), None),
    "classes": (
        "zh",
        "light",
        (1280, 860),
        at(
            {"kind": "points", "task": "classes", "points": TWO_CLASSES},
            {"epochs": 1000},
        ),
        None,
    ),
    "file": ("en", "dark", (1280, 860), at(lesson=2), a_file),
    "menu": ("zh", "dark", (1280, 860), at(lesson=4, card=1), menu),
    "code": ("en", "light", (1280, 860), at(lesson=2), code),
    "phone": ("zh", "light", (390, 844), at({"kind": "preset", "name": "himmelblau"}, {"epochs": 60}), None),
}


def picture(page: Page, address: str, name: str) -> Path:
    _, _, _, state, act = VIEWS[name]
    page.goto(f"{address}#{state}")
    page.wait_for_selector("body[data-runs]:not(.computing)")
    if act is not None:
        act(page)
        page.wait_for_selector("body:not(.computing)")
    page.wait_for_timeout(400)
    path = FOLDER / f"lab-{name}.png"
    page.screenshot(path=path)
    # 256 colours are enough for a page, and make a file of a third of the size
    shown = Image.open(path).convert("RGB")
    shown.quantize(256, kmeans=3, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def main(names: list[str]) -> None:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    command = [
        sys.executable,
        "-c",
        "from downslope.cli import main; main()",
        "lab",
        "--port",
        "0",
        "--no-browser",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as served:
        try:
            told = re.search(r"http://\S+/", served.stderr.readline())  # type: ignore[union-attr]
            take(told[0], found, names or list(VIEWS))  # type: ignore[index]
        finally:
            served.terminate()


def take(address: str, chromium: str, names: list[str]) -> None:
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name in names:
            language, theme, (width, height), _, _ = VIEWS[name]
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=theme,  # type: ignore[arg-type]
                locale={"en": "en-GB", "zh": "zh-CN"}[language],
            )
            page = context.new_page()
            page.on("pageerror", lambda error: print(error, file=sys.stderr))
            path = picture(page, address, name)
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
