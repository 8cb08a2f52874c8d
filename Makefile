# Every target makes its own environment: only Python 3.11 or later with venv, and make, must be there.
# Paths are quoted, so that a checkout whose path has a space works.
SHELL := /bin/sh
PYTHON ?= python3
V := .venv
BIN := $(V)/bin
RELEASE ?= release/demo
INSTALL = VIRTUAL_ENV="$(CURDIR)/$(V)" "$(BIN)/uv" pip install --quiet --constraint constraints.txt

.PHONY: demo test test-all check bench bench-coding notebooks clean

demo: $(V)/core.stamp
	@"$(BIN)/crimestats" demo --out "$(RELEASE)"

test: $(V)/test.stamp
	@"$(BIN)/python" -m pytest -n 2 -m "not exhaustive"

test-all: $(V)/test.stamp
	@"$(BIN)/python" -m pytest -n 2

check: $(V)/test.stamp
	@"$(BIN)/ruff" check .
	@"$(BIN)/ruff" format --check .
	@"$(BIN)/python" -m mypy
	@"$(BIN)/python" -m pytest -n 2 --cov --cov-report=term-missing:skip-covered

bench: $(V)/test.stamp
	@"$(BIN)/python" benchmarks/startup.py
	@"$(BIN)/python" benchmarks/world_round.py

# A training for each country, a quarter of an hour; with the published lists: make bench-coding PUBLISHED=FOLDER
bench-coding: $(V)/test.stamp
	@"$(BIN)/python" benchmarks/coding.py $(if $(PUBLISHED),"$(PUBLISHED)")

notebooks: $(V)/notebook.stamp
	@"$(BIN)/jupyter" lab notebooks

$(V)/uv.stamp: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "crimestats needs Python 3.11 or later; say make PYTHON=python3.11")'
	@echo "Setting up $(V) (once, under a minute)"
	@$(PYTHON) -m venv "$(V)"
	@"$(BIN)/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	@touch "$@"

$(V)/core.stamp: $(V)/uv.stamp pyproject.toml
	@$(INSTALL) --editable .
	@touch "$@"

$(V)/test.stamp: $(V)/core.stamp
	@$(INSTALL) --editable ".[test]"
	@touch "$@"

$(V)/notebook.stamp: $(V)/core.stamp
	@$(INSTALL) --editable ".[notebook]"
	@touch "$@"

clean:
	rm -rf "$(V)" release dist
