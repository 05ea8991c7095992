# Everything here works on a fresh machine with Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests run in as many processes, a file of tests in one of them.
WORKERS ?= 2
READY := $(VENV)/.ready

# Compiled bytecode makes start-up three times faster; some containers turn it off.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench soak serve schema pictures lock clean

help:            ## what there is
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1|/' | column -t -s '|'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "headrace needs Python 3.11 or newer; try: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

demo: $(READY)   ## run the example pipeline against a new service and watch it
	@$(BIN)/python examples/demo.py

test: $(READY)   ## all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

lint: $(READY)   ## style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## measure against the budgets; PEERS=prefect measures it beside
	$(BIN)/python -m bench $(if $(PEERS),--peers $(PEERS)) $(BENCH)

soak: $(READY)   ## the long robustness runs
	$(BIN)/python -m bench.soak_many_writers
	$(BIN)/python -m bench.soak_slots --through file
	$(BIN)/python -m bench.soak_slots --through service
	$(BIN)/python -m bench.soak_slots --through outages
	$(BIN)/python -m bench.soak_hogs

serve: $(READY)  ## the service, on port 4200
	$(BIN)/headrace server start

schema: $(READY) ## write schema.graphql anew from the code
	$(BIN)/headrace schema > schema.graphql.new && mv schema.graphql.new schema.graphql

pictures: $(READY) ## make the README's pictures from a real run
	$(BIN)/python docs/pictures/make_pictures.py

lock:            ## write requirements.lock anew from pyproject.toml
	rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check 'hatchling>=1.25,<2' 'editables' -e '.[dev]'
	{ echo '# Exact versions for make, written by "make lock".'; \
	  $(VENV)-lock/bin/python -m pip freeze --exclude-editable --exclude pip --exclude setuptools; } > requirements.lock
	rm -rf $(VENV)-lock

clean:           ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
