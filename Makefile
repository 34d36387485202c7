# `make run` serves the demo on a machine that has nothing but Python 3.11 or later and make; `make help` lists the rest.
PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
AUTOBAHN := $(VENV)/autobahn
CHARTS := ticker/dashboard/vendor/lightweight-charts.js
# Wheels are taken by hash from the lock alone; whatever pip wants to say short of a warning is left out.
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/pip install --quiet
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run charts test conformance soak fire growth plots check lint types format lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.runtime $(CHARTS)  ## serve the built-in demo on 127.0.0.1:8080
	$(BIN)/ticker serve

charts: $(CHARTS)  ## what the page draws candles with, from npm; `run` and `test` fetch it too

test: $(VENV)/.development $(CHARTS)  ## every test
	$(BIN)/pytest -n auto -q

conformance: $(VENV)/.conformance  ## does the WebSocket keep to its RFC? The Autobahn testsuite's view; needs a Python 2.7
	$(BIN)/python -m tests.conformance.run $(AUTOBAHN)/bin/wstest $(AUTOBAHN)/reports

soak: $(VENV)/.development  ## ten minutes of clients that come and go: does anything grow? Linux only
	$(BIN)/python -m tests.bench.soak --minutes 10

fire: $(VENV)/.development  ## a minute of clients that are cut a hundred times: is any trade missing?
	$(BIN)/python -m tests.bench.fire

growth: $(VENV)/.development  ## how the cost grows with clients, symbols and updates; a quarter of an hour
	$(BIN)/python -m tests.bench.growth

plots: $(VENV)/.plotting  ## pictures of what growth measured
	$(BIN)/python -m tests.bench.plots

check: lint types  ## everything that reads the code without running it

lint: $(VENV)/.development  ## style and common mistakes
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.development  ## static types
	$(BIN)/mypy

format: $(VENV)/.development  ## put the code into the form that lint asks for
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(VENV)/.development  ## renew the locks after a change of dependencies in pyproject.toml
	$(PIP) 'uv>=0.9'
	$(LOCK) --group dev pyproject.toml -o requirements-dev.txt
	$(LOCK) -c requirements-dev.txt pyproject.toml -o requirements.txt
	$(LOCK) -c requirements-dev.txt --group build -o requirements-build.txt
	$(LOCK) -c requirements-dev.txt --group bench -o requirements-bench.txt
	$(LOCK) -c requirements-dev.txt --group conformance -o requirements-conformance.txt

clean:  ## remove everything that make made
	rm -rf $(VENV) assets/node_modules $(dir $(CHARTS)) tests/node/node_modules build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find feeds ticker tests -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("ticker needs Python 3.11 or later: make PYTHON=python3.13 …")'
	@echo "making $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV) || { echo "where Debian's Python is used: apt install python3-venv"; exit 1; }

$(VENV)/.runtime: requirements.txt requirements-build.txt pyproject.toml | $(BIN)/pip
	@echo "installing what it needs into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements.txt -r requirements-build.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.development: requirements-dev.txt $(VENV)/.runtime
	@echo "installing what its tests need into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.plotting: requirements-bench.txt $(VENV)/.development
	@echo "installing what draws into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements-bench.txt
	@touch $@

# The page does without, and says how to get them: nothing here may keep the service from running.
$(CHARTS): assets/package-lock.json
	@if ! command -v npm >/dev/null; then echo "no charts on the page: npm is missing (Debian: apt install npm)"; exit 0; fi; \
	echo "fetching what draws the page's charts ..."; \
	if (cd assets && npm ci --loglevel error --no-audit --no-fund --ignore-scripts >/dev/null); then mkdir -p $(@D) \
	&& cp assets/node_modules/lightweight-charts/dist/lightweight-charts.standalone.production.mjs $@; \
	else echo "no charts on the page: npm could not get them; make charts tries again"; fi

# An environment of its own, because the testsuite runs on Python 2.7 alone, whose pip complains about its age.
$(VENV)/.conformance: requirements-conformance.txt requirements-autobahn.txt $(VENV)/.development
	@$(BIN)/python -m tests.conformance.python27 >$(VENV)/python27
	@echo "installing the Autobahn testsuite into $(AUTOBAHN) ..."
	@$(PIP) --require-hashes -r requirements-conformance.txt
	@$(BIN)/virtualenv --quiet --clear --python "$$(cat $(VENV)/python27)" $(AUTOBAHN)
	@PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONWARNINGS=ignore $(AUTOBAHN)/bin/pip install --quiet --no-deps \
		--no-python-version-warning --require-hashes -r requirements-autobahn.txt
	@touch $@
