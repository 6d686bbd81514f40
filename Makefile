# Foresight: `make demo` and `make test` need only a fresh Debian with git and make.
PYTHON := .venv/bin/python
OUT ?= out
PROCESSES ?= 3
FAULTS ?= tests
COVERED ?= tests
MUTANTS ?= 300
SEED ?= 1

.PHONY: setup setup-run lock audit demo test coverage faults soak mutants check docs pictures bench clean

setup: ## everything for running and developing: missing system packages, .venv, the package (editable)
	@scripts/setup.sh dev

setup-run: ## the same, but only what a run needs
	@scripts/setup.sh run

lock: ## renew requirements.lock, the versions that setup installs
	@scripts/lock.sh

audit: setup ## the dependencies: installed as pinned, and without known vulnerabilities; needs a public advisory service
	@scripts/audit.sh

demo: setup-run ## a delayed, directed video with sound of the built-in match
	@$(PYTHON) -m pipeline demo --output $(OUT)/demo.mp4

test: setup ## every test but the faults; those that need ../shared are skipped, with a message, if it is missing
	@$(PYTHON) -m pytest -n $(PROCESSES) --dist loadgroup --ignore tests/faults --ignore tests/soak

coverage: setup ## which lines of pipeline/ the tests reach, at least 90 %; each in build/coverage/html; COVERED=... for some of the tests
	@$(PYTHON) -m pytest -n $(PROCESSES) --dist loadgroup --ignore tests/faults --ignore tests/soak $(COVERED) \
		--cov --cov-report term:skip-covered --cov-report html:build/coverage/html \
		--cov-fail-under $(if $(filter tests,$(COVERED)),90,0)

faults: setup ## cause every fault on purpose, and write what was held into docs/reliability.md; FAULTS=... for some of the tests
	@$(PYTHON) -m pytest -n 2 --dist loadgroup -p tests.faults.results -m fault $(FAULTS)

soak: setup ## an hour of fuzzing and random use: damaged films, parsers guided by their coverage, 1,000 actions, properties
	@$(PYTHON) -m pytest -n 2 --dist loadgroup tests/soak
	@$(PYTHON) -m pytest -n 2 --dist loadgroup -m hypothesis --hypothesis-profile search

mutants: setup ## mutation testing of buffering, tracking and direction: MUTANTS=300 at random (SEED=1), or MUTANTS=all (hours)
	@$(PYTHON) scripts/mutants.py $(MUTANTS) --seed $(SEED)

check: setup ## lint, format, types, architecture
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@$(MAKE) --no-print-directory docs

docs: setup ## the documentation in build/docs; a warning is an error
	@$(PYTHON) -m sphinx -q -W --keep-going docs build/docs

pictures: setup ## the documentation's pictures, made by running the program; a few minutes, and ../shared/data for three of them
	@$(PYTHON) -m docs.pictures

bench: setup ## every benchmark, each a ratio against a named rival in the same run
	@$(PYTHON) -m pipeline bench

clean:
	rm -rf out build dist mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis
