# Thin: each target is one command, the same for people and for CI.
.PHONY: help demo test unit lint types imports check docs connector connector-current lock mutants proof stages bench bench-flow never memory soak sleeping neighbours audit fallback clean
PORT ?= 8000
PY := .venv/bin/python
# Bytecode is kept, also where the machine says otherwise: each test process would compile everything again.
export PYTHONDONTWRITEBYTECODE :=

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: ## the demo on http://localhost:$(PORT), no service needed
	@scripts/setup.sh core
	@$(PY) -m examples --port $(PORT)

test: ## every test, with a real Chromium and a real Redis (installed where apt is there)
	@scripts/setup.sh dev browser
	$(PY) -m pytest tests/unit -n 2 -q
	$(PY) -m pytest tests/integration -n 2 -q
	$(PY) -m pytest tests/e2e -q

unit: ## the fast tests only
	@scripts/setup.sh dev
	$(PY) -m pytest tests/unit -n 2 -q

lint: ## ruff
	@scripts/setup.sh dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: ## mypy, strict
	@scripts/setup.sh dev
	$(PY) -m mypy

imports: ## the layers of ARCHITECTURE.md
	@scripts/setup.sh dev
	.venv/bin/lint-imports

check: lint types imports connector-current ## all that is not a test

docs: ## the documentation site, into site/
	@scripts/setup.sh dev
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet

connector-current: ## the built connector belongs to its sources
	@scripts/setup.sh dev
	$(PY) -m livets.wire.javascript --check
	$(PY) connector/check.py

connector: ## rebuild livets/static/connector.js (needs Node)
	@scripts/setup.sh dev
	$(PY) -m livets.wire.javascript
	cd connector && npm ci --silent && npm run --silent check && npm run --silent build

proof: ## the fault-point proof at full size: 50 rounds a kill point
	@scripts/setup.sh dev browser
	LIVETS_FAULT_ROUNDS=50 $(PY) -m pytest tests/e2e/faults -q

mutants: ## plant bugs; the tests must find each
	@scripts/setup.sh dev
	$(PY) scripts/mutants.py

stages: ## what one event costs, stage by stage
	@scripts/setup.sh core
	$(PY) -m benchmarks.micro.event_stages

bench: ## the benchmark page beside hand-written code, idiomorph and morphdom, in Chromium (15 minutes)
	@scripts/setup.sh dev browser
	$(PY) -m benchmarks.compare

bench-flow: ## the workflow engine beside plain asyncio, Dask alone and Prefect (in a venv of its own; 5 minutes)
	@scripts/setup.sh dev
	@test -x benchmarks/.peers/bin/python || $(PY) -m venv benchmarks/.peers
	@benchmarks/.peers/bin/pip install --quiet prefect 'fastapi<0.145' || echo "Prefect could not be installed"
	$(PY) -m benchmarks.flow --million --keep

never: ## random changes at nightly size: never a wrong page (half an hour)
	@scripts/setup.sh dev browser
	$(PY) -m pytest -m nightly tests/unit/render -q
	LIVETS_CHROMIUM_CHANGES=30 LIVETS_FOREIGN_CHANGES=15 $(PY) -m pytest tests/e2e/rendering tests/e2e/strings -q

memory: ## memory of idle pages on a real server, beside bare sockets
	@scripts/setup.sh core
	$(PY) -m benchmarks.load.memory

soak: ## pages that come, click and go: what stays behind
	@scripts/setup.sh core
	$(PY) -m benchmarks.load.soak

sleeping: ## memory of views that sleep, and what waking costs
	@scripts/setup.sh core
	$(PY) -m benchmarks.load.sleeping

neighbours: ## what a flooding, deaf or slow page costs the others
	@scripts/setup.sh core
	$(PY) -m benchmarks.load.neighbours

audit: ## valid HTML and no barriers, every page in every state (needs Java and npm)
	@scripts/setup.sh dev browser
	cd scripts/audit && npm ci --silent --ignore-scripts
	$(PY) -m scripts.audit

fallback: ## the browser tests through a proxy without WebSockets (half an hour)
	@scripts/setup.sh dev browser
	LIVETS_TEST_TRANSPORT=http $(PY) -m pytest -q -m "browser and not nightly" tests/e2e/live tests/e2e/forms tests/e2e/navigation tests/e2e/examples tests/e2e/connector tests/e2e/rendering tests/e2e/faults

lock: ## refresh the lock files (needs uv)
	uv pip compile pyproject.toml --extra fast --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade -q -o requirements.lock
	uv pip compile pyproject.toml --extra dev --extra fast --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.lock -q -o requirements-dev.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis connector/node_modules scripts/audit/node_modules
