# `make` alone lists the targets. Nothing here needs more than python3 (3.11+), node with npm, and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV := .venv/bin/uv
STAMP := .venv/.installed
ARGS ?=
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-annotate --no-header

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

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

.PHONY: rehearse
rehearse: $(STAMP) ## place one whole AI phone call, no key and no account (ARGS="--scenario NAME")
	@.venv/bin/dialout rehearse $(ARGS)

.PHONY: serve
serve: $(STAMP) ## keep that world up at http://localhost:7860, to phone with curl, or at /phone
	@.venv/bin/dialout serve $(ARGS)

AGENT ?= agents/reminder.yaml
.PHONY: eval
eval: $(STAMP) ## try an agent on its callees (AGENT=agents/survey.yaml ARGS="--callee silent")
	@.venv/bin/dialout eval $(AGENT) $(ARGS)

.PHONY: check
check: $(STAMP) ## format, lint, types and import rules
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo

LIVE := tests/integration/media
PYTEST := .venv/bin/pytest
BY_FILE := -n 2 --dist loadfile --no-loadscope-reorder
.PHONY: test
test: check ## everything that must hold before a commit lands (at most 15 minutes)
	$(PYTEST) -m "not acceptance" $(BY_FILE) --ignore $(LIVE) --ignore tests/rehearsal $(ARGS)
	# Conversations in real time: they mostly wait, and a third of a core is enough for each.
	$(PYTEST) -m "not acceptance" -n 5 --dist worksteal $(LIVE) $(ARGS)
	$(PYTEST) -m "not acceptance" $(BY_FILE) tests/rehearsal $(ARGS)

.PHONY: browser
browser: ## where they are missing: Debian's Chromium and Firefox, as root, for the tests of the pages
	@(command -v chromium || command -v google-chrome) > /dev/null && \
	  (command -v firefox-esr || command -v firefox) > /dev/null && \
	  command -v pulseaudio > /dev/null || \
	  (apt-get update -qq && \
	  apt-get install --yes -qq --no-install-recommends chromium firefox-esr pulseaudio)

.PHONY: acceptance
acceptance: $(STAMP) browser ## the long proofs (at most 60 minutes)
	$(PYTEST) -m acceptance -n 4 --dist worksteal $(LIVE) $(ARGS)
	# Each a world with one call in it, that mostly waits too.
	$(PYTEST) -m acceptance -n 2 --dist load tests/rehearsal/test_faults.py $(ARGS)
	# What is measured in these needs both processors.
	$(PYTEST) -m acceptance --ignore $(LIVE) --ignore tests/rehearsal/test_faults.py $(ARGS)

.PHONY: bench
bench: $(STAMP) ## print what we claim about speed, beside a stock bot (an hour; ARGS="--runs 1 --json")
	@.venv/bin/python -m benchmarks.imports
	@.venv/bin/python -m benchmarks $(ARGS)

.PHONY: memory
memory: $(STAMP) ## print what a hundred calls leave in a media process (7 minutes; ARGS=--json)
	@.venv/bin/python -m benchmarks.memory $(ARGS)

.PHONY: chaos
chaos: $(STAMP) ## half an hour of calls while everything breaks (ARGS="--minutes 30 --calls 200 --json")
	@.venv/bin/python -m benchmarks.chaos $(ARGS)

.PHONY: format
format: $(STAMP) ## put the code into its format
	.venv/bin/ruff check --fix --select I
	.venv/bin/ruff format

.PHONY: openapi
openapi: $(STAMP) ## write docs/openapi.json anew from the handlers
	.venv/bin/python -m functions.openapi > docs/openapi.json

.PHONY: lock
lock: $(UV) ## compile the pins of requirements/ anew from pyproject.toml
	for group in functions media infra rehearsal; do \
	  $(COMPILE) --group pyproject.toml:$$group -o requirements/$$group.txt; \
	done
	$(COMPILE) --group functions --group media --group infra --group rehearsal --group dev \
	  -o requirements/dev.txt pyproject.toml
	echo 'ministack==1.5.33' | $(COMPILE) -o requirements/cloud.txt -
	echo 'uv==0.13.9' | $(COMPILE) -o requirements/uv.txt -

.PHONY: image
image: $(STAMP) ## build the media service's image, with Docker or else with buildah
	.venv/bin/python -m rehearsal.image

.PHONY: debian-packages
debian-packages: ## on Debian, as root: what `make image` needs where there is no Docker
	apt-get update -qq
	apt-get install --yes -qq --no-install-recommends buildah debootstrap

.PHONY: clean
clean: ## stop nothing, delete what was built
	rm -rf .build cdk.out .rehearsal/port-*
