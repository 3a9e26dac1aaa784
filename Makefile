PYTHON ?= python3
PYTEST_ARGS ?=

# Of image-test: docker or podman with its options, more options, and another base of the Dockerfile.
ENGINE ?=
ENGINE_BUILD_FLAGS ?=
ENGINE_RUN_FLAGS ?=
BASE ?=

VENV := .venv
BENCH_VENV := .venv-bench
DOCS_VENV := .venv-docs
WARM := .cache/warm
STATIC := .cache/static
PIP := -m pip --disable-pip-version-check install --quiet

# BLAS threads of several workers would fight for the same cores.
run warm static check test test-thorough: export OPENBLAS_NUM_THREADS = 1

# A checkout keeps in its own folder what an installed package keeps in that of the user.
run warm static load soak $(STATIC)/stamp.json $(WARM)/.made: export EOSDASH_CACHE_DIR ?= .cache/results
run warm static load soak $(STATIC)/stamp.json $(WARM)/.made: export EOSDASH_WARM_DIR = $(WARM)
run warm static load soak $(STATIC)/stamp.json $(WARM)/.made: export EOSDASH_STATIC_DIR = $(STATIC)

.DEFAULT_GOAL := help
.PHONY: help run warm static check test test-thorough image-test lint format docs bench load soak clean programs

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1: /p' $(MAKEFILE_LIST)

run: $(WARM)/.made $(STATIC)/stamp.json  ## Install what is needed and serve on http://127.0.0.1:8050
	$(VENV)/bin/python -m eosdash

warm: $(VENV)/.run  ## Compute the scenes of the deck ahead
	$(VENV)/bin/python -m eosdash.service.warm

static: $(STATIC)/stamp.json  ## Compress the scripts and styles ahead

test: lint programs  ## Lint, type-check and run every test, browser tests included
	$(VENV)/bin/python -m pytest --numprocesses auto --maxprocesses 4 $(PYTEST_ARGS)

test-thorough: PYTEST_ARGS += --hypothesis-profile thorough
test-thorough: test  ## The same, with twenty times as many examples

image-test:  ## Build the image with docker or podman, run it without any rights, and ask it for all
	@$(PYTHON) -m tests.image --engine="$(ENGINE)" --build-flags="$(ENGINE_BUILD_FLAGS)" \
		--run-flags="$(ENGINE_RUN_FLAGS)" --base="$(BASE)"

lint: $(VENV)/.dev  ## Check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/deno fmt --check --quiet
	$(VENV)/bin/deno lint --quiet
	$(VENV)/bin/deno task --quiet check

check: lint  ## In a minute: style, types, and the tests of the mathematics and of the scripts
	$(VENV)/bin/python -m pytest --quiet --numprocesses auto --maxprocesses 4 tests/core tests/test_modules.py tests/test_scripts.py $(PYTEST_ARGS)

format: $(VENV)/.dev  ## Put the code into shape
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .
	$(VENV)/bin/deno fmt --quiet

docs: $(DOCS_VENV)/.docs  ## Build the documentation as a site, for reading without a network
	$(DOCS_VENV)/bin/python -m docs.build

bench: $(BENCH_VENV)/.bench  ## Time everything against its baselines
	$(BENCH_VENV)/bin/python -m benchmarks

load: $(VENV)/.dev $(STATIC)/stamp.json  ## Measure hundreds of visitors at once
	$(VENV)/bin/python -m benchmarks.load

soak: $(VENV)/.dev $(STATIC)/stamp.json  ## Ten minutes of visitors, with an eye on the memory
	$(VENV)/bin/python -m benchmarks.soak

clean:  ## Remove all that make made
	rm -rf $(VENV) $(BENCH_VENV) $(DOCS_VENV) build .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache test-results
	find . -name __pycache__ -prune -exec rm -rf {} +

$(WARM)/.made: eosdash/deck.yaml eosdash/fields.py | $(VENV)/.run
	rm -rf $(WARM)
	$(VENV)/bin/python -m eosdash.service.warm
	@touch $@

# With the folder itself, whose time tells of a file that was removed.
$(STATIC)/stamp.json: $(wildcard assets assets/* assets/*/* eosdash/pages/bundle.py eosdash/pages/modules.py eosdash/pages/static.py) $(VENV)/.run
	$(VENV)/bin/python -m eosdash.pages.static
	@touch $@

programs: $(VENV)/.dev  ## Install what the tests run: browsers, Redis, nginx
	$(VENV)/bin/python -m tests.programs

$(VENV)/.run: requirements.txt | $(VENV)/.made
	$(VENV)/bin/python $(PIP) -r $<
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements.txt | $(VENV)/.made
	$(VENV)/bin/python $(PIP) -r $<
	@touch $@ $(VENV)/.run

$(BENCH_VENV)/.bench: requirements-bench.txt requirements-dev.txt requirements.txt | $(BENCH_VENV)/.made
	$(BENCH_VENV)/bin/python $(PIP) -r $<
	@touch $@

$(DOCS_VENV)/.docs: requirements-docs.txt requirements.txt | $(DOCS_VENV)/.made
	$(DOCS_VENV)/bin/python $(PIP) -r $<
	@touch $@

# Debian ships Python without ensurepip, which venv needs.
%/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "eosdash needs Python 3.11 or newer, and $(PYTHON) is not: try make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		apt-get update && apt-get install -y --no-install-recommends python3-venv; } || { \
		echo "$(PYTHON) has no ensurepip: install the package python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $*
	@touch $@
