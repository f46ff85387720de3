# Two commands do all the set-up: `make demo` and `make test`. Both make .venv from requirements.lock first.
PYTHON ?= python3
BIN := .venv/bin
# Where this is set, as in many containers, each of the many processes of the tests would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test checks suite soak coverage directory catalogue data schema messages screenshots format lock bench clean

demo: .venv/installed
	$(BIN)/aggregator demo

# The checks of the code stand beside the tests: each is one process, and mypy takes a quarter of a minute.
test: .venv/installed
	@$(MAKE) --no-print-directory --jobs 2 checks suite

checks: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

# A third of the tests' time is waiting for processes and servers: four share two cores.
suite: .venv/installed
	$(BIN)/pytest --numprocesses 4 --dist worksteal

# What repeats or takes minutes, and every property, in full; `make test` runs a part of it.
soak: .venv/installed
	SOAK=1 $(BIN)/pytest -m "soak or hypothesis" --numprocesses 2 --dist worksteal

# Each room is run by its own tests alone; how much of it they run, in percent. tests/rooms.py has the exceptions.
coverage: .venv/installed
	$(BIN)/python -m tests.rooms

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# After a change in config/publishers/; the README has the page's first table.
directory: .venv/installed
	$(BIN)/aggregator --config config publishers --markdown docs/directory.md

# After a change in config/: the one file of it that the package comes with.
catalogue: .venv/installed
	$(BIN)/python -m tests.make_catalogue

# After a new migration, and after a change in tests/data_words.toml or of a view.
data: .venv/installed
	$(BIN)/python -m tests.make_data

# After a new migration.
schema: .venv/installed
	$(BIN)/python -m tests.make_schema

# After a change of how pages look; it needs Chromium, and fonts of their scripts: apt-get install chromium fonts-noto-core
screenshots: .venv/installed
	$(BIN)/python -m tests.make_screenshots

# After a sentence of the web pages has changed: the catalogues in aggregator/web/locales/.
messages: .venv/installed
	$(BIN)/python -m tests.make_messages

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# After a change of dependencies in pyproject.toml. The lock holds versions and hashes, no address of a registry.
lock:
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --extra dev --extra postgres --no-header --no-annotate \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock pyproject.toml

# Minutes to an hour; bench/README.md says what each measures and which peers it looks for.
bench: .venv/installed
	$(BIN)/python -m bench.startup
	$(BIN)/python -m bench.feeds
	$(BIN)/python -m bench.memory
	$(BIN)/python -m bench.slow
	$(BIN)/python -m bench.database
	$(BIN)/python -m bench.identity
	$(BIN)/python -m bench.crash
	$(BIN)/python -m bench.day
	$(BIN)/python -m bench.onebox
	$(BIN)/python -m bench.delivery
	$(BIN)/python -m bench.alerts

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
