# make run and make test need only Python 3.11 and make. "make" alone lists the targets.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
AXE := axe-core@4.14.1
# Tests to run, as in "make test T=tests/contacts".
T :=

STATIC_FILES := $(shell find accounts contacts messaging surveys smsadmin -path '*/static/*' -type f)

.DEFAULT_GOAL := help
.PHONY: help run demo test lint types slow browser long axe bench clean
export PORT
# pytest rewrites and compiles every test file; kept as bytecode, it does so once.
unexport PYTHONDONTWRITEBYTECODE

help:
	@echo "make run      run the site and its worker on http://127.0.0.1:8000/ (PORT=8010 make run: another port)"
	@echo "make demo     add made-up people, blasts, conversations and surveys to look at"
	@echo "make test     run the tests (T=tests/contacts: only those)"
	@echo "make lint     check style, formatting and imports between apps and rooms"
	@echo "make types    check type hints"
	@echo "make slow     run the tests with real processes"
	@echo "make browser  run the tests in Chromium"
	@echo "make long     run the last two together, which is faster than one after the other"
	@echo "make axe      install axe-core with npm, so that the browser tests check accessibility too"
	@echo "make bench    run the benchmarks one after the other"
	@echo "make clean    remove everything that make created, except .env and the data in instance/"

# A virtual environment that lost its Python, for example after a system upgrade, is created again.
$(VENV)/made: $(if $(wildcard $(PY)),,FORCE)
	@$(PYTHON) bin/make_venv.py $(VENV)
	@touch $@

$(VENV)/installed: requirements.txt $(VENV)/made
	@echo "Installing SMS Admin's dependencies (requirements.txt)."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt requirements.txt $(VENV)/made
	@echo "Installing the tests' dependencies (requirements-dev.txt)."
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(VENV)/installed

.env: | $(VENV)/made
	@$(PY) bin/make_env.py $@

staticfiles/collected: $(STATIC_FILES) $(VENV)/installed | .env
	@$(PY) manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@

.PHONY: FORCE database
FORCE:

database: $(VENV)/installed .env
	@$(PY) manage.py dbdoctor --apply --verbosity 0

run: database staticfiles/collected
	@$(PY) manage.py ensure_admin
	@$(PY) manage.py serve

demo: database
	@$(PY) manage.py demo

test: $(VENV)/installed-dev
	@$(PY) -m pytest -q -n auto --maxprocesses 4 $(T)

# These mostly wait for other processes, so more of them run at once than there are processors. Each is handed out
# separately, because some take long.
slow: $(VENV)/installed-dev
	@$(PY) -m pytest -q -n 4 --maxschedchunk 1 -m "slow and not browser" $(T)

long: $(VENV)/installed-dev
	@$(PY) -m pytest -q -n 4 --maxschedchunk 1 -m "slow or browser" $(T)

browser: $(VENV)/installed-dev
	@$(PY) -m pytest -q -n 2 -m browser $(T)

axe: $(VENV)/axe-core/$(AXE)

$(VENV)/axe-core/$(AXE): $(VENV)/made
	@npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix $(VENV)/axe-core $(AXE)
	@touch $@

lint: $(VENV)/installed-dev
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(VENV)/bin/lint-imports --no-cache

types: $(VENV)/installed-dev
	@$(PY) -m mypy

bench: $(VENV)/installed-dev
	@set -e; for script in $(filter-out bench/installation.py,$(wildcard bench/[a-z]*.py)); do name=$$(basename $$script .py); echo "== $$name"; $(PY) -m bench.$$name; done

clean:
	rm -rf $(VENV) staticfiles test-results .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
