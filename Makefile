# The front door. Every target is one command line; `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
# Whole files, in the order of tests/conftest.py: the long ones first.
BY_FILE := --dist loadfile --no-loadscope-reorder
# Tests start some hundred processes: the machine may not forbid them to keep what Python has compiled.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup serve client test test-all check fix bench bench-client hooks clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.complete  ## Make the virtual environment .venv with everything in it

.venv/.complete: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

serve: setup  ## Start the server: make serve ARGS='--port 9000'
	$(BIN)/python -m apidocs
	$(BIN)/python client/node.py build
	$(BIN)/tertulia serve $(ARGS)

client: setup  ## Work on the web client, with hot reload, beside a running server
	$(BIN)/python client/node.py npm run dev -- $(ARGS)

test: setup  ## Run the fast tests: make test ARGS=tests/core
	$(if $(ARGS),,$(BIN)/python client/node.py npm test)
	$(BIN)/python -m pytest -m 'not slow and not integration and not browser' $(ARGS)

test-all: setup  ## Run every test, a few files at a time
	$(BIN)/python client/node.py build
	$(BIN)/python client/node.py npm test
	@# Three on two cores: they wait for a third of their time, for processes and connections.
	$(BIN)/python -m pytest --numprocesses 3 $(BY_FILE) $(or $(ARGS),-m 'not browser')
	@# Two browsers on two cores: what did not come in time beside the other is tried once more, alone.
	$(if $(ARGS),,$(BIN)/python -m pytest --numprocesses 2 $(BY_FILE) -m browser \
		|| $(BIN)/python -m pytest --last-failed --last-failed-no-failures none -m browser)

check: setup  ## Form, lint, types, and who may import whom
	$(BIN)/python client/node.py npm run --silent check
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy src tests benchmarks apidocs
	$(BIN)/lint-imports --no-logo

fix: setup  ## Let ruff mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup  ## Measure speed and print a table
	$(BIN)/python -m benchmarks $(ARGS)

bench-client: setup  ## Measure how fast the web client is, in Chromium
	$(BIN)/python client/node.py build
	$(BIN)/python -m benchmarks.browser $(ARGS)

hooks: setup  ## Run `make check` before every commit in this clone
	printf '#!/bin/sh\nexec make check\n' > "$$(git rev-parse --git-path hooks)/pre-commit"
	chmod +x "$$(git rev-parse --git-path hooks)/pre-commit"

clean:  ## Remove the virtual environment and all caches
	rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
