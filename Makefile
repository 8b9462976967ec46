# make setup  the virtual environment in .venv; the others do it first
# make demo   set everything up and run the main job
# make test   set everything up (PostgreSQL and Chromium too) and run the tests
# make test-long [PART=name]   the long tests, in parts of at most an hour; see scripts/test_long.sh
# make check  ruff, type checker, import contracts, dead code
# make ui     Dagster web server, daemon and the file server on loopback
# make docs   the pages of README and docs/ as a site in site/; a broken link fails
# make bench  accuracy and cost over several objects and seeds

VENV ?= .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready

# A process a core, files undivided (their fixtures are shared); long files come in the middle.
PARALLEL := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

export DAGSTER_DISABLE_TELEMETRY := 1

.PHONY: demo test test-long check ui bench docs setup clean

demo: $(READY)
	$(VENV)/bin/hoi demo

test: $(READY)
	bash scripts/postgres.sh
	bash scripts/chromium.sh
	$(VENV)/bin/pytest $(PARALLEL) $(PYTEST_ARGS)

test-long: $(READY)
	bash scripts/postgres.sh
	bash scripts/chromium.sh
	PYTEST=$(VENV)/bin/pytest PART=$(PART) bash scripts/test_long.sh

check: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	bash scripts/dead_code.sh $(VENV)/bin/vulture

ui: $(READY)
	$(VENV)/bin/hoi ui

bench: $(READY)
	$(VENV)/bin/hoi bench

docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

setup: $(READY)

$(READY): requirements.lock pyproject.toml scripts/setup.sh
	bash scripts/setup.sh $(VENV)
	touch $@

# The group `docs` of pyproject.toml, on top of the locked packages.
$(VENV)/.docs: $(READY)
	$(PY) -m pip install --quiet --disable-pip-version-check --constraint requirements.lock \
		$$($(PY) -c "import tomllib as t; print(*t.load(open('pyproject.toml', 'rb'))['dependency-groups']['docs'])")
	touch $@

clean:
	rm -rf $(VENV) .dagster_home .hoi_cache results site
