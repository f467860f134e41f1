"""A watched script behaves as without watching: what it prints, raises, pickles, draws; how it exits."""

import pytest

from tests.watching.watcher import bare, ran

LOOP = """
def train(rate=0.1, epochs=5):
    w = 1.0
    for epoch in range(epochs):
        loss = (w - 3.0) ** 2
        grad = 2 * (w - 3.0)
        w = w - rate * grad
    return w
"""

SCRIPTS = {
    "names": LOOP
    + """
import sys, os
print(train(), sys.argv, __name__, __file__, __spec__, __package__, list(globals()), sys.path[0])
print(os.getcwd(), sys.modules["__main__"].__dict__ is globals(), type(__loader__).__name__, __builtins__)
def inside():
    w = 1.0
    for _ in range(3):
        w -= 0.1 * 2 * w
    print(locals())
inside()
""",
    "pickle": LOOP
    + """
import pickle
class Model:
    def __init__(self): self.w = train()
print(pickle.loads(pickle.dumps(Model())).w, pickle.loads(pickle.dumps(train))())
""",
    "processes": LOOP
    + """
import multiprocessing
if __name__ == "__main__":
    for kind in ("fork", "spawn"):
        with multiprocessing.get_context(kind).Pool(1) as pool:
            print(kind, pool.map(train, [0.1, 0.2]))
    print(train())
""",
    "source": LOOP
    + """
import inspect
print(inspect.getsource(train), inspect.signature(train), train.__code__.co_firstlineno, train.__qualname__)
""",
    "traceback": """
import numpy as np
def slope(w):
    if w > 2:
        raise ValueError("too far")
    return 2 * (w - 3)
w = 0.0
for k in range(100):
    w = w - 0.3 * slope(w)
""",
    "chained": """
w = 0.0
for k in range(100):
    try:
        w -= 0.1 * 2 * (w - 1 / (k - 5))
    except ZeroDivisionError as error:
        raise RuntimeError("stopped") from error
""",
    "code": LOOP + "import sys\nprint(train())\nsys.exit(5)\n",
    "message": LOOP + "import sys\nprint(train())\nsys.exit('no good')\n",
    "stdin": LOOP + "import sys\nprint(sys.stdin.read().upper(), train())\n",
    "warning": """
import numpy as np
w = np.array([1.0, 2.0])
for k in range(3):
    w = w - 1e300 * (w * w)
print(w, "\\d")
import warnings
warnings.warn("mine")
""",
    "interrupt": """
import os, signal
w = 1.0
for k in range(5):
    w -= 0.1 * 2 * w
    if k == 3:
        os.kill(os.getpid(), signal.SIGINT)
""",
    "excepthook": """
import sys, atexit
sys.excepthook = lambda kind, value, trace: print("mine", kind.__name__, trace.tb_lineno, trace.tb_next)
atexit.register(lambda: print("bye"))
w = 1.0
for k in range(5):
    w -= 0.1 * 2 * w / (k - 2)
""",
    "draws": """
import random
import numpy as np
random.seed(1); np.random.seed(2)
w = np.random.randn(3)
for k in range(2000):
    grad = 2 * (w - np.random.randn(3)) + random.random()
    w -= 0.01 * grad
print(w.tolist(), random.getstate()[1][:3], np.random.get_state()[1][:3].tolist())
""",
    "cloudpickle": LOOP
    + """
import joblib
print(joblib.Parallel(n_jobs=2)(joblib.delayed(train)(rate) for rate in (0.1, 0.2)))
""",
    "by value": LOOP
    + """
import pickle
import cloudpickle
print(pickle.loads(cloudpickle.dumps(train))(), train())
""",
    "syntax": "w = 1\nfor k in range(3):\n    w -= 0.1 * (\n",
    "future": '"""Doc."""\nfrom __future__ import annotations\nw: Undefined = 1.0\n'
    "for k in range(3):\n    w -= 0.1 * 2 * w\nprint(w, __doc__, __annotations__)\n",
    "encoded": "# -*- coding: latin-1 -*-\nprint('é', len('é'))\nw = 1.0\n"
    "for k in range(3):\n    w -= 0.1 * 2 * w\n",
}


NOT_HERE = ("syntax", "source", "cloudpickle")  # the loop does not run in the watched process


FAST = ("names", "pickle", "traceback")


@pytest.mark.parametrize(
    "name", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in SCRIPTS]
)
def test_a_watched_script_prints_and_exits_as_without_watching(name, tmp_path):
    path = tmp_path / "train.py"
    path.write_text(SCRIPTS[name], encoding="latin-1" if name == "encoded" else "utf-8")
    plain = bare(path, "--epochs", "5", input="abc", cwd=tmp_path)
    watched, seen = ran(path, "--epochs", "5", input="abc", cwd=tmp_path, folder=tmp_path)
    assert watched.stdout == plain.stdout
    assert watched.stderr == plain.stderr
    assert watched.returncode == plain.returncode
    if name not in NOT_HERE:
        assert seen.steps(seen.main) >= 2
