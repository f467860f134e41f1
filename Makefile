# `make demo` trains on real data and shows the answer; `make test` runs the tests, `make test-slow` those that
# take more than ten seconds each and the cases that samples leave out, `make test-lowest` the quick ones with
# the lowest versions allowed; `make docs` builds the site, in site/; `make grid` renders the verdicts of 12,000
# fits and 2,000 functions, keeps the result in tests/faults/grid.json, and fits 757 real files; `make bench`
# times the whole table beside its peers and writes benchmarks/README.md, `make bench-quick` a small one in five
# minutes; `make guard` runs ten rows of it against one peer each, and fails where one has lost 15% of its
# stored ratio in three tries of three (benchmarks/guard.py; five minutes of a quiet machine).
# Each sets up everything that it needs, in .venv, from nothing.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LIGHT  := $(VENV)/.light
READY  := $(VENV)/.ready
PEERS  := $(VENV)/.peers
SPHINX := $(VENV)/.sphinx
LOWEST := .venv-lowest

.PHONY: demo test test-slow test-lowest golden grid docs lint bench bench-quick guard clean

demo: $(LIGHT)
	@$(BIN)/python examples/demo.py

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

test-slow: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

# The quick tests with the lowest versions that pyproject.toml allows, without PyTorch. Wheels exist for Python 3.11.
test-lowest: $(LOWEST)/.ready
	$(LOWEST)/bin/python -m pytest -n 2 --dist worksteal -o filterwarnings=default -m "not slow"

golden: $(READY)
	$(BIN)/python tests/golden/golden.py

grid: $(READY)
	$(BIN)/python tests/faults/grid.py
	DOWNSLOPE_GRID=1 $(BIN)/python -m pytest -n 2 -m slow tests/faults/test_real_files.py

bench: $(PEERS)
	$(BIN)/python -m benchmarks.run

bench-quick: $(PEERS)
	$(BIN)/python -m benchmarks.run --quick

guard: $(READY)
	$(BIN)/python -m benchmarks.guard

docs: $(SPHINX)
	$(BIN)/python docs/build.py

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --strict --follow-imports=silent tests/typed_example.py

# The program alone, which is all that the demo needs: no PyTorch, and nothing that tests and lints ask for.
$(LIGHT): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Downslope needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $(LIGHT)

$(READY): $(LIGHT)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group dev -e '.[torch]'
	touch $(READY)

$(SPHINX): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group docs
	touch $(SPHINX)

# Each peer by itself: where one can not be installed, the others still run, and the page says which is missing.
$(PEERS): $(READY)
	for peer in scikit-learn-intelex glum skglm celer vowpalwabbit; do \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $$peer \
	    || echo "$$peer can not be installed here: its lines stay empty"; \
	done
	touch $(PEERS)

$(LOWEST)/.ready: pyproject.toml constraints-lowest.txt
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt \
	  -e '.[lab,excel]' pytest pytest-timeout pytest-xdist hypothesis polars httpx2
	touch $(LOWEST)/.ready

clean:
	rm -rf $(VENV) $(LOWEST) demo dist build site .mypy_cache .ruff_cache .hypothesis
