# Everything a newcomer needs: `make demo` shows the product, `make test` proves it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MOVIELENS ?=
# Two workers a core: half of the time a test waits for a daemon, a disk or a child.
WORKERS := $(shell $(PYTHON) -c "import os; print(2 * (os.cpu_count() or 1))")
PYTEST_OPTIONS ?= -n $(WORKERS) --dist loadgroup

.PHONY: help setup demo test test-spark lint format test-long docs bench clean

help:
	@echo "make demo [MOVIELENS=folder or zip]  see it work: search, rate, recommend"
	@echo "make test                            lint, types, tests"
	@echo "make test-long                       the same with longer races, more generated input, limits on speed"
	@echo "make test-spark                      training on Spark; installs it, needs Java 17"
	@echo "make setup                           only make $(VENV)"
	@echo "make docs                            the documentation as a site, in build/docs"
	@echo "make bench                           measure; prints tables"

$(VENV)/.runtime: setup.cfg pyproject.toml
	@echo "setting up $(VENV) (a minute, once) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "movierec needs Python 3.11 or newer")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.development: $(VENV)/.runtime
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

setup: $(VENV)/.development

demo: $(VENV)/.runtime
	@$(BIN)/python scripts/demo.py $(if $(MOVIELENS),--movielens "$(MOVIELENS)")

lint: $(VENV)/.development
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

test: lint
	$(BIN)/pytest $(PYTEST_OPTIONS)

# Speed is measured apart from what else runs: on one worker, afterwards.
test-long: lint
	MOVIEREC_TEST_LONG=1 $(BIN)/pytest $(PYTEST_OPTIONS)
	$(BIN)/pytest -n 0 benchmarks/speed

# Half a gigabyte of Spark, and Java 17: not for everybody.
$(VENV)/.spark: $(VENV)/.development
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[spark]'
	@touch $@

test-spark: $(VENV)/.spark
	$(BIN)/pytest -v tests/recommender/training/test_spark.py

format: $(VENV)/.development
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# An environment of its own: what builds the site must not decide which versions the tests get.
$(VENV)-docs/.ready: docs/requirements.txt
	@$(PYTHON) -m venv $(VENV)-docs
	@$(VENV)-docs/bin/python -m pip install --quiet --disable-pip-version-check --requirement docs/requirements.txt
	@touch $@

docs: $(VENV)-docs/.ready
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --strict --quiet
	@echo "built: python3 -m http.server --directory build/docs"

bench: $(VENV)/.development
	@for each in $(basename $(notdir $(wildcard benchmarks/[a-z]*.py))); do \
		echo "== $$each"; $(BIN)/python -m benchmarks.$$each || exit 1; done

clean:
	rm -rf $(VENV) $(VENV)-docs build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
