# Each target works by itself on a fresh machine with Python 3.11+, git and make.
PYTHON ?= python3
VENV := .venv
# How many tests run at once: one more than there are cores, since many wait for what they started,
# and four at most, since some load a model.
AT_ONCE ?= -n $(shell $(PYTHON) -c 'import os; print(min(4, 1 + (os.cpu_count() or 1)))') --dist worksteal
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: setup demo test test-all check bench docs reference lock outside peers clean

setup: $(STAMP)

# uv where it can be had (seconds), else plain pip; both install what requirements.lock pins by hash.
$(STAMP): requirements.lock requirements-dev.lock pyproject.toml verify/pyproject.toml tools/bootstrap.py
	$(PYTHON) tools/bootstrap.py $(VENV)
	@touch $(STAMP)

demo: $(STAMP)
	$(BIN)/roadworthy demo

test: $(STAMP)
	$(BIN)/python -m pytest $(AT_ONCE) -m "not extended"

test-all: $(STAMP)
	ROADWORTHY_HYPOTHESIS=exploring $(BIN)/python -m pytest $(AT_ONCE)
	$(BIN)/python -m bench

check: $(STAMP)
	$(BIN)/ruff check src verify tests bench tools training examples
	$(BIN)/ruff format --check src verify tests bench tools training
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q $(AT_ONCE) tests/architecture
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir build/site

bench: $(STAMP)
	$(BIN)/python -m bench

docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/site

reference: $(STAMP)
	$(BIN)/python tools/reference.py

lock: $(STAMP)
	$(BIN)/python tools/lock.py

# Tools of others that `suite run-outside` starts, and clients of the gateway, an environment each;
# their tests skip without.
outside: $(STAMP)
	$(BIN)/python tools/outside.py build/outside

# Gateways of others that `python bench/gateway.py --peers` measures beside ours.
peers: $(STAMP)
	$(BIN)/python tools/outside.py build/outside peers

clean:
	rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
