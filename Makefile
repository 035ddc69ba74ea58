# `make` alone lists the targets. Nothing here needs more than python3 (3.11+), node with npm, and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV := .venv/bin/uv
STAMP := .venv/.installed
ARGS ?=

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(STAMP) ## install everything into .venv, .rehearsal and node_modules

$(STAMP): requirements/dev.txt requirements/cloud.txt pyproject.toml package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Dialout needs Python 3.11 or newer: make PYTHON=/path/to/python3.13")'
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --require-hashes --no-deps -r requirements/uv.txt
	$(UV) pip sync --quiet --compile-bytecode --python .venv --require-hashes requirements/dev.txt
	$(UV) pip install --quiet --python .venv --no-deps --editable .
	test -x .rehearsal/cloud/bin/python || $(UV) venv --quiet --python .venv/bin/python .rehearsal/cloud
	$(UV) pip sync --quiet --compile-bytecode --python .rehearsal/cloud --require-hashes requirements/cloud.txt
	npm ci --no-audit --no-fund --loglevel=error
	touch $@
