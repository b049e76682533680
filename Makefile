# The commands of a checkout: `make run` shows the demo, `make test` checks everything, `make setup` is what they share.
# Everything goes into .venv, node_modules and static/vendor; nothing is done twice while its inputs stay the same.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
DONE := $(VENV)/.done
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --require-hashes
# The virtual environment comes first: it holds Node where the machine has none.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONDONTWRITEBYTECODE :=

PO := $(wildcard hubevents/translations/*/LC_MESSAGES/messages.po)
OWN_STATIC := $(shell find static -type f -not -path 'static/vendor*' 2>/dev/null)

.PHONY: help run test setup setup-test chromium lint catalogues wheel bench

help:
	@echo "make run    show the demo hub (sets up all it needs)"
	@echo "make test   linters and all tests (sets up all it needs)"
	@echo "make setup  virtual environment, locked dependencies, front-end assets, translations"
	@echo "make catalogues  collect texts to translate    make wheel  build dist/*.whl"

run: setup
	@exec $(BIN)/python -m hubevents run --demo $(ARGS)

setup: $(DONE)/runtime static/vendor/manifest.json $(PO:.po=.mo)

$(DONE)/venv:
	@python=
	@for candidate in $${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$${python:-}" ]; then echo "Python 3.11 or newer with venv is needed (on Debian: python3 and python3-venv)." >&2; exit 1; fi; \
	echo "Virtual environment with $$("$$python" --version) ..."; \
	"$$python" -m venv --clear $(VENV)
	@mkdir -p $(DONE) && touch $@

$(DONE)/runtime: requirements.lock | $(DONE)/venv
	@echo "Python packages ..."
	@$(PIP) -r requirements.lock
	@touch $@

$(DONE)/dev: requirements-dev.lock | $(DONE)/runtime
	@echo "Python packages of the tests ..."
	@$(PIP) -r requirements-dev.lock
	@touch $@

$(DONE)/node: requirements-node.lock | $(DONE)/venv
	@if ! { command -v npm && node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)'; } >/dev/null 2>&1; then \
	  echo "Node into the virtual environment ..."; \
	  $(PIP) -r requirements-node.lock; \
	fi
	@touch $@

node_modules/.done: package.json package-lock.json | $(DONE)/node
	@echo "Front-end packages ..."
	@npm ci --loglevel=error --no-audit --no-fund >/dev/null
	@touch $@

static/vendor/manifest.json: assets.mjs node_modules/.done $(OWN_STATIC)
	@node assets.mjs

%.mo: %.po | $(DONE)/runtime
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

setup-test: $(DONE)/dev setup chromium

chromium: | $(DONE)/dev
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then \
	  echo "Chromium ..."; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else \
	  $(BIN)/playwright install chromium; \
	fi

lint: setup-test
	@echo "ruff"; ruff check --quiet .
	@echo "mypy"; mypy --no-error-summary
	@echo "import-linter"; lint-imports >/dev/null || { lint-imports; exit 1; }
	@echo "djlint"; djlint templates --lint --quiet
	@echo "tsc"; node_modules/.bin/tsc --project tsconfig.json

# pytest's closing line is the last of the whole output.
test: lint
	@$(BIN)/python -m pytest -n logical --dist worksteal $(ARGS)

catalogues: $(DONE)/runtime
	@wtforms=$$($(BIN)/python -c 'import os, wtforms; print(os.path.dirname(wtforms.__file__))'); \
	pot=$$(mktemp); trap 'rm -f "$$pot"' EXIT; \
	pybabel --quiet extract --mapping babel.cfg --keywords _l --keywords lazy_gettext --add-comments NOTE: --no-location --sort-output --no-wrap \
	  --project HubEvents --copyright-holder "HubEvents contributors" --output "$$pot" hubevents templates "$$wtforms"; \
	for po in $(PO); do \
	  language=$$(basename "$$(dirname "$$(dirname "$$po")")"); \
	  pybabel --quiet update --input-file "$$pot" --output-file "$$po" --locale "$$language" --no-fuzzy-matching --ignore-obsolete --no-wrap; \
	done
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_habits.py -k catalogue || true

wheel: setup $(DONE)/dev
	@$(BIN)/python -m build --wheel

bench: $(DONE)/dev setup
	@$(BIN)/python -m benchmarks $(ARGS)
