# run     set up and start Luot with its demo on http://localhost:8000/demo/; make run PORT=8001
# test    set up, lint, and run the whole suite
# bench   measure every figure beside something simple; make bench FIGURES="hits cpu" for some
# protocol-long   thousands of random schedules; LUOT_LONG=5000 says how many
# faults  break everything on purpose, a quarter of an hour; faults-long: an hour (docs/reliability.md)
# journeys  the journeys and commands again on other servers: a quarter of an hour for each of three
# lock    write config/requirements*.txt anew: the newest versions that pyproject.toml allows
# audit   ask whether anything that is locked is known to be unsafe
# pages   write the pages of docs/ that are made from the code
# image   build the container, its base fixed by digest   image-trial   its steps without docker
# lint    check, change nothing          fix     let the tools mend what they can
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
IMAGE ?= python:3.13-slim-bookworm
STAMP := $(VENV)/.installed
SPREAD := -n auto --maxprocesses 4 --dist loadfile
JOURNEYS := tests/journeys tests/commands tests/counting/test_protocol.py \
  tests/counting/test_protocol_schedules.py tests/archive/test_everything.py

.PHONY: run test journeys bench protocol-long faults faults-long lint fix lock audit pages image image-trial install clean

run: $(STAMP)
	LUOT_DEMO=true $(BIN)/luot serve --config config/luot.toml --port $(PORT)

test: $(STAMP) lint
	$(BIN)/python tests/chromium.py
	$(BIN)/python -m pytest $(SPREAD) -m 'not alone and not browser'
	$(BIN)/python -m pytest $(SPREAD) -m 'browser and not alone'
	$(BIN)/python -m pytest -n 2 --dist load -m alone tests/faults
	$(BIN)/python -m pytest -m alone --ignore tests/faults

# `make test` has them on Valkey and SQLite.
journeys: $(STAMP)
	$(BIN)/python tests/chromium.py
	$(BIN)/python tests/redises.py
	LUOT_TEST_DATABASE=postgresql $(BIN)/python -m pytest $(SPREAD) -m 'not alone' $(JOURNEYS)
	LUOT_TEST_REDIS_SERVER=$$($(BIN)/python tests/redises.py) \
	  $(BIN)/python -m pytest $(SPREAD) -m 'not alone' $(JOURNEYS)
	LUOT_TEST_REDIS_SERVER=$$($(BIN)/python tests/redises.py) LUOT_TEST_DATABASE=postgresql \
	  $(BIN)/python -m pytest $(SPREAD) -m 'not alone' $(JOURNEYS)

bench: $(STAMP)
	$(BIN)/python -m bench $(FIGURES)

protocol-long: $(STAMP)
	LUOT_LONG=$${LUOT_LONG:-2000} $(BIN)/python -m pytest tests/counting/test_protocol.py

faults: $(STAMP)
	$(BIN)/python -m tests.faults --scale 0.6

faults-long: $(STAMP)
	$(BIN)/python -m tests.faults --scale 3
	$(BIN)/python -m tests.faults --rows F44 --scale 30 --out faults-report/nemesis

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/oxlint service/web/static

fix: $(STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(STAMP)
	$(BIN)/python -m tests.locks write

audit: $(STAMP)
	$(BIN)/python -m tests.locks audit

pages: $(STAMP)
	$(BIN)/python -m tests.metrics_page

image:
	docker build --tag luot --build-arg \
	  PYTHON_IMAGE=$(IMAGE)@$$(docker buildx imagetools inspect $(IMAGE) --format '{{.Manifest.Digest}}') .

image-trial: $(STAMP)
	$(BIN)/python -m tests.image_trial

install: $(STAMP)

$(STAMP): pyproject.toml config/requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Luot needs Python 3.11 or later: make PYTHON=python3.12 ...' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null \
	  || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	       && apt-get update -qq && apt-get install -qq -y python3-venv \
	       && $(PYTHON) -m venv $(VENV); } \
	  || { echo 'This Python cannot make a virtual environment: apt install python3-venv' >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --requirement config/requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
