PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
ARGS   ?=
DOMAIN  := dingbridge
LOCALES := pipelines/locales
TESTS  ?= tests

# hashes are checked for every package; the program itself is installed from this folder
ifdef UV
make_venv = $(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
install   = VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes --requirement
itself    = VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation --editable .
else
make_venv = $(PYTHON) -m venv $(VENV)
install   = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement
itself    = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endif

.PHONY: help setup tools demo test browser clients faults bench companies mutations check format locks texts clean

## help: this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## setup: the virtual environment with the program
setup: $(VENV)/.program

## demo: a small company's day with twins of Salesforce, Zoho CRM, NetSuite, Dynamics and DingTalk; ARGS="--once --json" plays it once
demo: $(VENV)/.program
	$(BIN)/dingbridge demo $(ARGS)

## tools: what the tests and checks need beside it
tools: $(VENV)/.tools

## test: all tests that need neither a browser nor Node.js, four at a time as many of them wait, then the fault runs;
##       TESTS=tests/pipelines for some of them;
##       ZOHO_OAS=folder also compares with Zoho's OpenAPI files,
##       NETSUITE_WSDL=file runs the SOAP tests with NetSuite's own WSDL
test: export ZOHO_OAS := $(ZOHO_OAS)
test: export NETSUITE_WSDL := $(NETSUITE_WSDL)
test: $(VENV)/.tools
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -m "not browser and not clients and not faults" \
	  $(TESTS) $(ARGS)
ifeq ($(TESTS),tests)
	$(BIN)/python -m pytest -m faults tests/faults $(ARGS)
endif
	@echo "The browser tests did not run: make browser runs them."

## browser: the tests of the chat page, in /usr/bin/chromium; installs Playwright
browser: TESTS = tests/connectors/dingtalk/sandbox/page
browser: $(VENV)/.browser
	$(BIN)/python -m pytest -m browser $(TESTS) $(ARGS)

## clients: the tests in which other people's clients use the twins, and our clients a server of theirs; fetches Node.js and
##       their packages, those in Python by pip into an environment of their own
clients: TESTS = tests/clients
clients: $(VENV)/.tools var/clients/node/.installed
	$(BIN)/python -m pytest -m clients $(TESTS) $(ARGS)

## faults: only the runs in which processes are killed
faults: $(VENV)/.tools
	$(BIN)/python -m pytest tests/faults -s $(ARGS)

## bench: speed, latency, memory and growth, one JSON object a figure; ARGS="sustained latency" for some parts
bench: $(VENV)/.tools
	$(BIN)/python -m tests.bench $(ARGS)

## companies: a thousand generated companies whose people come and go, judged by an oracle; ARGS="100 --seed 7"
companies: $(VENV)/.tools
	$(BIN)/python -m tests.companies $(ARGS)

## mutations: the oracle must fail with each rule of clearance taken out of a copy of the product
mutations: $(VENV)/.tools
	$(BIN)/python -m tests.companies.mutations $(ARGS)

## check: format, lint, types, import contracts
check: $(VENV)/.tools
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

## format: put the code into its form
format: $(VENV)/.tools
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

## locks: resolve the dependencies anew into deploy/locks (needs uv)
locks:
	uv pip compile --quiet pyproject.toml --extra build --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --output-file deploy/locks/run.txt
	uv pip compile --quiet pyproject.toml --extra build --extra test --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --output-file deploy/locks/test.txt
	uv pip compile --quiet --group pyproject.toml:browser --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --output-file deploy/locks/browser.txt
	uv pip compile --quiet --group pyproject.toml:node --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --output-file deploy/locks/node.txt

## texts: bring the phrases in the code into the catalogues of pipelines/locales, and compile these;
##        NEW=ms begins a new one
texts: $(VENV)/.program
	mkdir -p var
	$(BIN)/pybabel -q extract --keyword=Phrase:1,1t --keyword=Phrase:1,2,2t --keyword=Phrase:1,2,3t --no-default-keywords --no-wrap \
	  --add-comments=Translators: --strip-comments --add-location=file --sort-by-file \
	  --project=dingbridge --version=messages --last-translator=dingbridge --msgid-bugs-address=dingbridge \
	  --output-file=var/$(DOMAIN).pot config pipelines worker
ifdef NEW
	$(BIN)/pybabel -q init --domain=$(DOMAIN) --input-file=var/$(DOMAIN).pot --output-dir=$(LOCALES) --locale=$(NEW) --no-wrap
endif
	$(BIN)/pybabel -q update --domain=$(DOMAIN) --input-file=var/$(DOMAIN).pot --output-dir=$(LOCALES) --no-wrap \
	  --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(BIN)/pybabel compile --domain=$(DOMAIN) --directory=$(LOCALES) --statistics

## clean: remove the virtual environment, the caches and the demo's state
clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	$(make_venv)

$(VENV)/.program: pyproject.toml deploy/locks/run.txt | $(VENV)/bin/python
	$(install) deploy/locks/run.txt
	$(itself)
	@touch $@

$(VENV)/.tools: deploy/locks/test.txt $(VENV)/.program
	$(install) deploy/locks/test.txt
	@touch $@

$(VENV)/.browser: deploy/locks/browser.txt $(VENV)/.tools
	$(install) deploy/locks/browser.txt
	@touch $@

var/clients/node/.installed: deploy/locks/node.txt | $(VENV)/bin/python
	rm -rf $(@D)
	$(install) deploy/locks/node.txt --target $(@D)
	@touch $@
