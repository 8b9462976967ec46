# make demo   set everything up and run the main job
# make test   set everything up (PostgreSQL too, if it can be) and run the whole test suite
# make test-long  the tests that take minutes to an hour each
# make check  ruff, type checker, import contracts
# make ui     Dagster web server, daemon and the file server on loopback
# make bench  accuracy and cost over several objects and seeds

VENV ?= .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

export DAGSTER_DISABLE_TELEMETRY := 1

.PHONY: demo test test-long check ui bench setup clean

demo: $(READY)
	$(VENV)/bin/hoi demo

test: $(READY)
	bash scripts/postgres.sh
	$(VENV)/bin/pytest $(PYTEST_ARGS)

test-long: $(READY)
	$(VENV)/bin/pytest -m long $(PYTEST_ARGS)

check: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

ui: $(READY)
	$(VENV)/bin/hoi ui

bench: $(READY)
	$(VENV)/bin/hoi bench

setup: $(READY)

$(READY): requirements.lock pyproject.toml scripts/setup.sh
	bash scripts/setup.sh $(VENV)
	touch $@

clean:
	rm -rf $(VENV) .dagster_home .hoi_cache results
