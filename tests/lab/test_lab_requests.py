"""Properties of whatever a page may ask: it is answered with JSON, or refused in one line in both languages.

DOWNSLOPE_LAB_REQUESTS=100000 pytest tests/lab/test_lab_requests.py asks as often as the name says.
"""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from downslope.errors import DownslopeError
from downslope.inference.settings import DIRECTIONS, FINDERS, ROWS, SEARCHES
from downslope.lab import tasks
from downslope.lab.localized import refusal
from downslope.lab.problems import PRESETS, problem
from downslope.model.expression import CONSTANTS, FUNCTIONS
from downslope.model.losses import LOSSES
from downslope.model.penalties import PENALTIES

REQUESTS = int(os.environ.get("DOWNSLOPE_LAB_REQUESTS", "120"))
often = settings(
    max_examples=REQUESTS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    database=None,
)
pytestmark = [
    pytest.mark.timeout(0 if REQUESTS > 1000 else 300),
    pytest.mark.filterwarnings("ignore"),  # as in a worker: what overflows is told in the document
]


class Silent:
    """A line to nobody."""

    def tell(self, part):
        json.dumps(part, allow_nan=False)

    def look(self):
        pass

    def put_together(self):
        pass


def answered(task, payload):
    """The answer, sound JSON where it is JSON; or None for what was refused in one line."""
    try:
        content = tasks.TASKS[task](payload, Silent())
    except DownslopeError as error:
        told = refusal(error)
        assert told["en"] and told["zh"] and "\n" not in told["en"] + told["zh"]
        assert len(told["en"]) < 3_000
        return None
    assert isinstance(content, bytes)
    if task in ("runs", "describe", "code"):
        return json.loads(content, parse_constant=lambda word: pytest.fail(f"{word} in an answer"))
    return content


# ── formulas ────────────────────────────────────────────────────────────────────────────────────────

atoms = st.sampled_from(["x", "y", "z", "2", "0.5", "1e3", "0", *CONSTANTS])
formulas = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/^"), inner),
        st.builds("{}({})".format, st.sampled_from(sorted(FUNCTIONS)), inner),
        st.builds("-{}".format, inner),
    ),
    max_leaves=8,
)
noise = st.text(alphabet="xyz0123456789.+-*/^()eπ_, '\"[]{}:;=lambdimport²×", max_size=40)
expressions = st.one_of(formulas, formulas, noise, st.text(max_size=20))


@often
@given(expressions)
def test_an_expression_runs_or_is_refused(formula):
    asked = {"problem": {"kind": "function", "formula": formula}, "runs": [{"epochs": 3}]}
    doc = answered("runs", asked)
    if doc is not None:
        assert doc["runs"][0]["verdict"]["text"]["en"]


# ── requests ────────────────────────────────────────────────────────────────────────────────────────

numbers = st.one_of(
    st.floats(-10, 10), st.integers(-10, 10), st.sampled_from([0, 1e-300, 1e300, -1e12, 1e12])
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
rates = st.one_of(st.just("auto"), st.floats(1e-6, 3.0), numbers)
told = st.fixed_dictionaries(
    {},
    optional={
        "rows": st.sampled_from(ROWS),
        "batch_size": st.integers(-1, 5),
        "order": st.one_of(
            st.sampled_from(["shuffle", "cyclic", "replacement"]), st.lists(st.integers(-1, 4), max_size=4)
        ),
        "direction": st.sampled_from([*DIRECTIONS, *FINDERS]),
        "momentum": st.one_of(st.floats(0, 1), numbers),
        "learning_rate": rates,
        "schedule": st.sampled_from(
            ["constant", "inverse", "step", "exponential", "cosine", "onecycle", *SEARCHES]
        ),
        "epochs": st.integers(-1, 30),
        "tol": st.one_of(st.none(), numbers),
        "seed": st.integers(-1, 3),
        "start": st.one_of(
            st.none(), st.dictionaries(st.sampled_from(["x", "y", "x1", "x2", "intercept"]), numbers)
        ),
        "loss": st.sampled_from([*LOSSES, "huber:1.5"]),
        "penalty": st.sampled_from([*PENALTIES, None, "elasticnet:0.3"]),
        "alpha": st.one_of(st.floats(0, 1), numbers),
        "class_weights": st.one_of(
            st.none(), st.just("balanced"), st.dictionaries(st.sampled_from(["0", "1", "2"]), numbers)
        ),
        "threshold": st.one_of(st.none(), numbers, st.sampled_from(["f1", "cost:5:1", "none"])),
        "intercept": st.booleans(),
        "scale": st.booleans(),
        "grid": st.one_of(
            st.none(), st.dictionaries(st.sampled_from(["x", "x1", "y"]), st.lists(numbers, max_size=4))
        ),
    },
)
loose = st.dictionaries(
    st.sampled_from(["epochs", "rows", "start", "loss", "hidden", "grid", "order"]), anything
)
points = st.lists(st.tuples(numbers, numbers), max_size=8)
labelled = st.lists(st.tuples(numbers, numbers, st.sampled_from([0, 1, 1.0, 2])), max_size=8)
matrices = st.lists(st.lists(numbers, min_size=1, max_size=2), max_size=5)


def asks(kind, **parts):
    """A problem of this kind."""
    return st.fixed_dictionaries({"kind": st.just(kind), **parts})


problems = st.one_of(
    asks("preset", name=st.sampled_from([*PRESETS, "none"])),
    asks("lesson", number=st.sampled_from([1, 2, 3, 4, 5, 6, 9, 0, 13, True, None])),
    asks("points", task=st.just("regression"), points=points),
    asks("points", task=st.just("classes"), points=labelled),
    asks("rows", X=matrices, y=st.lists(numbers, max_size=5)),
    st.just({"kind": "rows", "X": [[1, 0], [2, 1], [3, 0]], "y": [2, 4, 7]}),
    asks("function", formula=formulas, derivative=st.one_of(st.none(), formulas)),
    asks("table", name=st.text(max_size=5), target=st.text(max_size=5)),
    st.builds(lambda kind, more: {**more, "kind": kind}, st.sampled_from(["rows", "points", "saved"]), loose),
    anything,
)


@often
@given(problems, st.lists(st.one_of(told, told, loose), max_size=3))
def test_any_runs_are_a_document_or_refused(asked, runs):
    doc = answered("runs", {"problem": asked, "runs": runs, "stream": True})
    if doc is not None:
        for ran in doc["runs"]:
            if ran["error"] is None:
                steps = len(ran["trace"]["step"])
                assert len(ran["full"]) == len(ran["frame_epoch"]) == steps + 1
                assert all(len(column) == steps + 1 for column in ran["params"]["columns"])


@often
@given(problems, st.one_of(told, loose))
def test_any_question_of_what_can_be_chosen_is_answered_or_refused(asked, chosen):
    doc = answered("describe", {"problem": asked, "settings": chosen})
    if doc is not None:
        assert all(choice["label"]["zh"] for menu in doc["choices"].values() for choice in menu)


@often
@given(problems, told, st.sampled_from(["downslope", "numpy", "pytorch", "other", None]))
def test_any_script_compiles_or_is_refused(asked, chosen, library):
    answer = answered("code", {"problem": asked, "settings": chosen, "library": library})
    if answer is not None:
        compile(answer["code"], answer["name"], "exec")


@often
@given(anything)
def test_what_is_no_problem_is_refused(asked):
    with pytest.raises(DownslopeError):
        problem({"kind": "none", "asked": asked})
