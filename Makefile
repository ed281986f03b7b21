# Two commands on a fresh machine: `make demo` and `make test`. Needs Python 3.11 or later and make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
DEMO_OUT ?= demo-report

.PHONY: install demo test check docs format golden gate bench clean help

help: ## list the commands
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/'

$(VENV)/.run: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

$(VENV)/.docs: $(VENV)/.run
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[docs]'
	@touch $@

install: $(VENV)/.run ## all that the other commands need, at once, and the extra for Spark
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev,docs,spark]'
	@touch $(VENV)/.dev $(VENV)/.docs

demo: $(VENV)/.run ## the whole job on the shipped fixtures
	$(BIN)/dedup nightly fixtures/day1 fixtures/day2 fixtures/day3 --out $(DEMO_OUT)
	@echo
	@echo "Open $(DEMO_OUT)/report.html in a browser. The files are in $(DEMO_OUT)/. The events with most articles, then the first matches:"
	@head -n 6 $(DEMO_OUT)/events.csv
	@echo
	@head -n 6 $(DEMO_OUT)/duplicates.csv

test: $(VENV)/.dev ## all tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(VENV)/.docs ## the documentation as a site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

format: $(VENV)/.dev ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

golden: $(VENV)/.dev ## write the golden files anew; read the difference before you commit it
	$(BIN)/python -m pytest tests/golden --update-golden

gate: $(VENV)/.dev ## the quality gate alone
	$(BIN)/python -m pytest tests/test_quality_gate.py -v

bench: $(VENV)/.dev ## print the tables of docs/measurements.md
	$(BIN)/python benchmarks/stages.py

clean: ## remove what the other commands made
	rm -rf $(VENV) $(DEMO_OUT) site .pytest_cache .mypy_cache .ruff_cache .hypothesis
