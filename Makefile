# Needs make and a Python from 3.11 on (with its venv module). Everything else goes into .venv.
# Another Python: make test PYTHON=/path/to/python3

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
NO_PYTHON := no Python from 3.11 on with venv found; install one (on Debian also python3-venv) or set PYTHON=

.PHONY: help venv rules test demo bench docs site format clean
.DEFAULT_GOAL := help

help:
	@echo 'make venv    create .venv with the package (editable) and the development tools'
	@echo 'make test    set up, then linters, types, layers and all tests'
	@echo 'make demo    set up, then audit a small repository and a small image with leaks'
	@echo 'make bench   start-up and throughput, as ratios; noise of a scan'
	@echo 'make docs    write the pages and schemas that are made from rules and code'
	@echo 'make site    build the documentation as a web site into build/site'
	@echo 'make format  format the code'
	@echo 'make clean   remove .venv, built files and caches'

venv: $(READY)

$(READY): pyproject.toml hatch_build.py
	@test -n '$(PYTHON)' || { echo '$(NO_PYTHON)' >&2; exit 1; }
	test -x $(BIN)/python || '$(PYTHON)' -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

rules: $(READY)
	@$(BIN)/python -m auditor.core.rulefiles

test: rules
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -n auto --dist loadgroup -m 'not alone'
	$(BIN)/pytest -m alone

demo: rules
	@$(BIN)/python -m tests.demo

bench: rules
	$(BIN)/python -m bench.startup
	$(BIN)/python -m bench.lint_throughput
	$(BIN)/python -m bench.prefilter
	$(BIN)/python -m bench.scan
	$(BIN)/python -m bench.reports

docs: rules
	$(BIN)/python -m tools.ruledocs
	$(BIN)/python -m tools.formatdocs
	$(BIN)/python -m tools.wrapperdocs
	$(BIN)/python -m tools.configdocs
	$(BIN)/python -m tools.clidocs

site: $(READY)
	$(BIN)/mkdocs build --strict  # with --quiet it would not be strict

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build dist auditor/_data .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
