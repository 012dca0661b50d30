# Everything a person does with this project; `make` alone lists it.
SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN    := .venv/bin
READY  := .venv/.installed
LAB    := PYTHONPATH=tests $(BIN)/python -m lab
KINDLAB := PYTHONPATH=tests $(BIN)/python -m kindlab
PYTEST := $(BIN)/python -m pytest
REPORTS := build/reports

export PYTHONPATH := operator:tests
# Compiled modules are kept, whatever the shell says: each worker and each operator would compile the project anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## Say what there is to type
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##-- a cluster to try it on -------------------------------------------------------------------------------------------
.PHONY: up down status logs
# Each of these on simulated nodes, where no container runs, or with MODE=kind on real ones, which wants Docker.
MODE ?= simulated
ifeq ($(filter simulated kind,$(MODE)),)
$(error MODE is 'simulated' or 'kind', not '$(MODE)')
endif

up: $(READY) ## Start a control plane, the operator and the example application here (MODE=kind: on real nodes)
	@$(if $(filter kind,$(MODE)),$(KINDLAB) application,$(LAB) up)

down: $(READY) ## Stop all of that and remove what it left (MODE=kind: the kind cluster)
	@$(if $(filter kind,$(MODE)),$(KINDLAB),$(LAB)) down

status: $(READY) ## Say what of it is running (MODE=kind: of the kind cluster)
	@$(if $(filter kind,$(MODE)),$(KINDLAB),$(LAB)) status

logs: $(READY) ## Show the operator's log, until Ctrl-C (MODE=kind: of the kind cluster)
	@$(if $(filter kind,$(MODE)),$(KINDLAB) logs,$(LAB) logs --follow)

##-- the page of `kubectl ailtire ui` ------------------------------------------------------------------------------------
.PHONY: ui ui-check
NODE_HINT = Node.js 20.19 or later builds the page (https://nodejs.org/); its built files are committed, and run without it
NPM_READY = ui/node_modules/.package-lock.json

$(NPM_READY): ui/package.json ui/package-lock.json
	@command -v npm >/dev/null || { echo "$(NODE_HINT)" >&2; exit 1; }
	@cd ui && npm ci --no-audit --no-fund --ignore-scripts && touch ../$@

ui: $(NPM_READY) ## Build the page from ui/ into the package (wants Node.js; users need none)
	@cd ui && npm run --silent build

ui-check: $(NPM_READY) ## Check the page's types, and run the tests of its parts that need no browser (wants Node.js)
	@cd ui && npm run --silent check

##-- checks -----------------------------------------------------------------------------------------------------------
# Three workers for each processor, as tests of the cluster wait most of their time; each has a control plane: 1.5 GB.
WORKERS ?= $(shell awk -v most=$$((3 * $$(nproc))) '/^MemAvailable/ {room = int($$2 / 1500000)} \
  END {if (most > 8) most = 8; if (most > room) most = room; print (most < 1 ? 1 : most)}' /proc/meminfo)
# As many more as there are processors, without a control plane: they run what waits for nothing, at a low priority.
BACKGROUND ?= $(shell nproc | awk '{print ($$1 < 8 ? $$1 : 8)}')
# Memory instead of processor time for the control planes and kubectl, all of them Go programs, and one processor for each
# of these programs: there are many more of them than processors, and their threads would wake each other in vain.
SUITE    = GOGC=400 GOMAXPROCS=1 $(PYTEST) -n $$(($(WORKERS) + $(BACKGROUND))) --background $(BACKGROUND) --durations=10 \
  --junitxml=$(REPORTS)/junit.xml $(SUITE_OPTIONS)

# Once for all workers, which in a fresh checkout would each compile all tests; what is wrong there, they say.
COMPILE  = for part in tests/unit --ignore=tests/unit; do \
  $(PYTEST) -q -p no:cacheprovider --collect-only $$part >/dev/null 2>&1 & done; wait

.PHONY: test coverage lint types imports verify unit cluster fuzz faults explore sequences orders agreement upgrade bench bench-scale bench-cli bench-fairness bench-gateway bench-gateway-delivery bench-memory
test: nginx binaries client ## Run every check and every test; reports land in build/reports
	@mkdir -p $(REPORTS)
	@if [ -d tests/data/examples ]; then $(PYTEST) -q tests/property --hypothesis-profile=kept; fi
	@$(COMPILE)
	@$(SUITE)

coverage: nginx binaries client ## The same, and measure what of the code they run (it takes longer)
	@mkdir -p $(REPORTS) build/coverage
	@$(SUITE) --cov --cov-report=xml --cov-report=html --cov-report=

lint: $(READY) ## Check style, and that the code is formatted
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY) ## Check types
	@$(BIN)/mypy

imports: $(READY) ## Check that imports go one way (import-linter)
	@$(BIN)/lint-imports --no-logo --no-cache

verify: $(READY) ## Check that what is generated and committed is current
	@rm -rf build/crds && mkdir -p build/crds
	@$(BIN)/python -m ailtire_operator.model.crd build/crds
	@for made in build/crds/*.yaml; do \
	  diff -u crds/$${made##*/} $$made || { echo "crds/$${made##*/} is not current: run 'make crds' and commit it" >&2; exit 1; }; \
	done
	@$(BIN)/python -m ailtire_operator.cluster.author_policies | diff -u manifests/base/policy-author.yaml - \
	  || { echo "manifests/base/policy-author.yaml is not current: run 'make policies' and commit it" >&2; exit 1; }
	@$(BIN)/python -m ailtire_operator.cluster.warn_policies | diff -u manifests/base/policy-warn.yaml - \
	  || { echo "manifests/base/policy-warn.yaml is not current: run 'make policies' and commit it" >&2; exit 1; }
	@rm -rf build/chart && cp -r manifests/helm/ailtire-operator build/chart && $(BIN)/python -m release.chart build/chart
	@diff -ru manifests/helm/ailtire-operator build/chart \
	  || { echo "manifests/helm is not current: run 'make chart' and commit it" >&2; exit 1; }
	@$(BIN)/python -m ailtire_operator.compose.keys | diff -u docs/mapping.md - \
	  || { echo "docs/mapping.md is not current: run 'make mapping' and commit it" >&2; exit 1; }
	@$(BIN)/python -m ailtire_operator.model.reference | diff -u docs/reference.md - \
	  || { echo "docs/reference.md is not current: run 'make reference' and commit it" >&2; exit 1; }
	@$(BIN)/python -m ailtire_operator.cli.manual | diff -u docs/cli.md - \
	  || { echo "docs/cli.md is not current: run 'make manual' and commit it" >&2; exit 1; }

unit: $(READY) ## Run the tests that need no cluster (seconds)
	@$(PYTEST) tests/unit tests/golden tests/property

# Another version of Kubernetes, for which tests/lab/gobuild has a module.
cluster: export AILTIRE_LAB_KUBERNETES := $(KUBERNETES)
cluster: binaries ## Run the tests against a real API server (KUBERNETES=1.34: on that version)
	@$(PYTEST) tests/cluster

MINUTES ?= 10
fuzz: $(READY) ## Damage and grow definitions for MINUTES=10, and want each read or refused at once (before a release)
	@$(BIN)/python -m fuzz --minutes $(MINUTES)

faults: MINUTES := $(if $(filter command line environment,$(origin MINUTES)),$(MINUTES),30)
faults: binaries ## Inject faults for MINUTES=30 into the life of an application, and want each step to end as without
	@$(BIN)/python -m faults --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

explore: $(READY) ## Try the laws for MINUTES=10 with examples that nobody has drawn, and keep what fails (before a release)
	@$(BIN)/python -m exploring --minutes $(MINUTES)

COUNT ?= 1000
SEED ?= 0
LANES ?= 8
sequences: binaries ## Run COUNT=1000 random sequences of edits on a real API server (SEED=…, LANES=8; before a release)
	@GOGC=400 $(BIN)/python -m sequences --count $(COUNT) --seed $(SEED) --lanes $(LANES)

orders: $(READY) ## Try all orders of events and answers with one deviation, and COUNT=1000 random ones (SEED=…; no cluster)
	@PYTHONHASHSEED=0 $(BIN)/python -m orders --count $(COUNT) --seed $(SEED)

agreement: COUNT := $(if $(filter command line environment,$(origin COUNT)),$(COUNT),2000)
agreement: binaries ## Ask `validate` and a real API server about COUNT=2000 documents, most of them wrong (SEED=…)
	@$(BIN)/python -m agreement --count $(COUNT) --seed $(SEED)

upgrade: binaries ## Replace the operator of FROM=<tag or commit> by this one while trees run (FAULTS=1: while faults are injected, ONLY='text': those with this in their names)
	@[ -n "$(FROM)" ] || { echo "Say which version ran before: make upgrade FROM=<tag or commit>" >&2; exit 2; }
	@$(BIN)/python -m upgrade "$(FROM)" $(if $(FAULTS),--faults) $(if $(ONLY),--only "$(ONLY)")

.PHONY: packages-proof
packages-proof: binaries ## Prove with real programs what users install and deploy by: Helm, krew, Argo CD, promtool, … (builds them)
	@mkdir -p $(REPORTS)
	@$(PYTEST) tests/packages --junitxml=$(REPORTS)/packages.xml

bench: binaries ## Compare with kubectl, helm and kro on one control plane (minutes; the first time helm and kro are built)
	@$(BIN)/python -m bench $(BENCH_OPTIONS)

SIZES ?= 1,5,10
COMMA := ,
bench-scale: binaries ## The same for SIZES=1,5,10 trees at once, one round of each (the better part of an hour)
	@$(BIN)/python -m bench --rounds 1 $(patsubst %,--trees %,$(subst $(COMMA), ,$(SIZES))) $(BENCH_OPTIONS)

RUNS ?= 15
bench-cli: binaries ## Measure what TAB, --help and tree take from their start, beside `kubectl get` (RUNS=15)
	@$(BIN)/python -m bench.commands --runs $(RUNS)

TREES ?= 1 5
bench-memory: $(READY) ## Measure the operator's memory and processor time for TREES="1 5" trees of 101 stacks (no cluster; minutes)
	@mkdir -p build
	@$(BIN)/python -m bench.memory $(TREES:%=--trees %)

STACKS ?= 500
bench-fairness: binaries ## Apply STACKS=500 stacks in one namespace, and measure how long another waits (minutes)
	@$(BIN)/python -m bench.fairness --stacks $(STACKS)

SIZE ?= 100
bench-gateway: nginx ## Serve a tree of SIZE=100 or 1000 stacks by one nginx, HAProxy or Envoy, and change its routes under load (minutes)
	@$(BIN)/python -m bench.gateways --size $(SIZE)

CHANGES ?= 120
bench-gateway-delivery: $(READY) ## Measure on kind how long CHANGES=120 changes of a ConfigMap take to be served (ENVOY=its program; half an hour)
	@$(BIN)/python -m bench.delivery --changes $(CHANGES)

.PHONY: binaries client nginx
# The gateways' tests want a real one, with the module for TCP ports, which Debian has as a package of its own and others
# have built in. Root gets Debian's packages; anybody else is told which they are.
NGINX_PACKAGES := nginx-light libnginx-mod-stream
NGINX_STREAM := /usr/lib/nginx/modules/ngx_stream_module.so
nginx:
	@program=$$(PATH="$$PATH:/usr/sbin:/usr/local/sbin" command -v nginx || true); \
	if [ -n "$$program" ] && { [ -e $(NGINX_STREAM) ] || [[ " $$("$$program" -V 2>&1) " == *" --with-stream "* ]]; }; then \
	  exit 0; \
	fi; \
	if [ "$$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then \
	  echo "The tests of the gateways need nginx with its stream module. On Debian: apt-get install $(NGINX_PACKAGES)" >&2; \
	  exit 1; \
	fi; \
	echo "Installing $(NGINX_PACKAGES)"; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get update -qq; \
	apt-get install -y -qq --no-install-recommends $(NGINX_PACKAGES) >/dev/null

binaries: $(READY)
	@$(LAB) binaries

client: $(READY)
	@$(LAB) binaries docker

##-- the page in a browser ---------------------------------------------------------------------------------------------
# Chromium is Debian's, in the lab's cache, where PATH has none; what drives it is locked, beside the environment.
BROWSING := build/browsing/.installed

.PHONY: ui-test ui-screenshots bench-ui
ui-test: binaries $(BROWSING) ## Try the page of `kubectl ailtire ui` in Chromium, with the example application (UI_OPTIONS=… of pytest)
	@mkdir -p $(REPORTS)
	@PYTHONPATH=$(PYTHONPATH):build/browsing $(PYTEST) tests/ui --junitxml=$(REPORTS)/ui.xml $(UI_OPTIONS)

ui-screenshots: binaries $(BROWSING) ## Take the pictures of docs/images/ anew, of the example application in both themes
	@PYTHONPATH=$(PYTHONPATH):build/browsing $(BIN)/python -m ui.screenshots docs/images

bench-ui: STACKS := $(if $(filter command line environment,$(origin STACKS)),$(STACKS),1000)
bench-ui: binaries $(BROWSING) ## Measure the page with STACKS=1000 stacks, 20 of which change each second, and with the shop
	@PYTHONPATH=$(PYTHONPATH):build/browsing $(BIN)/python -m ui.measuring --stacks $(STACKS)

$(BROWSING): requirements-ui.lock | $(READY)
	@echo "Making build/browsing from requirements-ui.lock"
	@rm -rf build/browsing
	@$(PIP) install --quiet --disable-pip-version-check --no-deps --require-hashes --target build/browsing -r requirements-ui.lock
	@touch $@

##-- what it is made of ---------------------------------------------------------------------------------------------
# The programs for this are locked too, in an environment of their own: nothing of the project runs with them.
TOOLS := build/tools/.installed

.PHONY: audit sbom release
# The exit code of what is run is 0, 1 or 3; make itself ends with 2 where it is not 0, and prints which it was.
audit: $(READY) $(TOOLS) ## Ask for the known vulnerabilities of all that is locked (Error 1: some; Error 3: not checked)
	@$(BIN)/python -m supplychain.audit

# Nothing is pushed. IMAGE and URL say where image and files will be; without them the release says so.
release: $(READY) $(TOOLS) ## Make everything that users download into dist/ (VERSION=0.2.0 IMAGE=registry/name URL=https://… STRICT=1)
	@$(BIN)/python -m release $(if $(VERSION),'$(VERSION)') $(if $(IMAGE),--image '$(IMAGE)') $(if $(URL),--url '$(URL)') $(if $(filter 1 true yes,$(STRICT)),--strict)

sbom: $(READY) $(TOOLS) ## Write what the wheel and the image are made of into build/sbom (IMAGE=… for another image)
	@$(BIN)/python -m supplychain.sbom $(if $(IMAGE),--image '$(IMAGE)')

$(TOOLS): requirements-tools.lock
	@echo "Making build/tools from requirements-tools.lock"
	@$(PYTHON) -m venv --clear build/tools
	@build/tools/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-tools.lock
	@touch $@

##-- real nodes: kind, and a Swarm on the same engine -------------------------------------------------------------------
.PHONY: kind-up kind-down e2e e2e-proof e2e-page swarm parity
kind-up: $(READY) ## Start a kind cluster of three nodes with an ingress controller (Docker Engine too, if need be)
	@$(KINDLAB) up

kind-down: $(READY) ## Delete the cluster, leave the Swarm, and stop the engine if it was started here
	@$(KINDLAB) down

e2e: $(READY) ## Run the end-to-end tests on kind and Swarm; a cluster that is up is used and stays (ENFORCER=kube-router: see tests/e2e)
	@mkdir -p $(REPORTS)
	@$(PYTEST) tests/e2e --junitxml=$(REPORTS)/e2e.xml $(E2E_OPTIONS)

e2e-proof: $(READY) ## Prove on kind what e2e has no time for: from source to answers by BuildKit (root), a claim adopted with its data
	@mkdir -p $(REPORTS)
	@$(PYTEST) tests/e2e/proof --junitxml=$(REPORTS)/e2e-proof.xml $(E2E_OPTIONS)

e2e-page: $(READY) $(BROWSING) ## Try on kind that the page shows logs of real containers, in Chromium (PICTURES=docs/images: take its pictures anew)
	@mkdir -p $(REPORTS)
	@PYTHONPATH=$(PYTHONPATH):build/browsing PICTURES=$(PICTURES) $(PYTEST) tests/e2e/page --junitxml=$(REPORTS)/e2e-page.xml $(E2E_OPTIONS)

parity: $(READY) ## Run one tree on kind and in Swarm, and write the table of docs/swarm-parity.md anew
	@PARITY_WRITE=1 $(PYTEST) tests/e2e/test_swarm_parity.py -s

swarm: $(READY) ## Make Docker Engine a Swarm of one node, with the images of the tests
	@$(KINDLAB) swarm

##-- what is made from something else ---------------------------------------------------------------------------------
.PHONY: crds policies chart mapping reference manual lock clean
crds: $(READY) ## Generate crds/ from the model
	@mkdir -p crds && $(BIN)/python -m ailtire_operator.model.crd crds
	@$(BIN)/python -m release.chart

policies: $(READY) ## Generate the admission policies from the kinds that a stack is made of
	@$(BIN)/python -m ailtire_operator.cluster.author_policies > manifests/base/policy-author.yaml
	@$(BIN)/python -m ailtire_operator.cluster.warn_policies > manifests/base/policy-warn.yaml
	@$(BIN)/python -m release.chart

chart: $(READY) ## Bring the Helm chart up to date: its copies of manifests/ and crds/, its version, its schema of settings
	@$(BIN)/python -m release.chart

mapping: $(READY) ## Generate docs/mapping.md from the key table
	@$(BIN)/python -m ailtire_operator.compose.keys > docs/mapping.md

reference: $(READY) ## Generate docs/reference.md from the model
	@$(BIN)/python -m ailtire_operator.model.reference > docs/reference.md

manual: $(READY) ## Generate docs/cli.md from the commands' own help
	@$(BIN)/python -m ailtire_operator.cli.manual > docs/cli.md

UV_COMPILE := build/lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
  --no-strip-extras --emit-build-options --no-emit-index-url --no-annotate --no-header

lock: ## Choose every dependency's version anew and write the requirements*.lock files
	@$(PYTHON) -m venv --clear build/lock
	@build/lock/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements-uv.lock
	@$(UV_COMPILE) --only-binary :all: --extra dev --output-file requirements.lock pyproject.toml
	@build/lock/bin/python -c 'import pathlib, tomllib; \
	  groups = tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"].items(); \
	  [pathlib.Path(f"build/lock/{name}.in").write_text("\n".join(group)) for name, group in groups]'
	@$(UV_COMPILE) --no-binary :all: --output-file requirements-compose.lock build/lock/compose.in
	@$(UV_COMPILE) --only-binary :all: --output-file requirements-tools.lock build/lock/tools.in
	@$(UV_COMPILE) --only-binary :all: --output-file requirements-ui.lock build/lock/ui.in
	@echo uv > build/lock/uv.in && $(UV_COMPILE) --only-binary :all: --output-file requirements-uv.lock build/lock/uv.in

clean: ## Stop the cluster and remove everything that was made here (not the cached binaries)
	@if [ -x $(BIN)/python ] && [ -d .lab ]; then $(LAB) down; fi
	@rm -rf build .venv .lab .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

##-- the virtual environment ------------------------------------------------------------------------------------------
# What is installed is what is locked, whatever the registry has: pip resolves nothing (--no-deps), takes only files whose
# hashes are known, and builds nothing, as the locks themselves say. The one exception is Docker Compose, whose package
# has the program in its source only. It is built by the poetry-core that is locked, and not by what pip would fetch for
# it. Its build tries to clone the newest Docker Compose, and does without where it may not; nor may an older build come
# from pip's cache.
PIP := $(BIN)/python -m pip
LOCKS := requirements.lock requirements-compose.lock

# The stamp is a copy of the locks: a newer file with the same content costs nothing.
.venv/.locked: $(LOCKS)
	@cat $(LOCKS) | cmp -s - $@ && touch $@ || $(MAKE) --no-print-directory fresh-venv

.PHONY: venv fresh-venv
venv: $(READY) ## Make .venv of exactly what is locked, with kubectl-ailtire in it (all else does that by itself)

fresh-venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 …")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  echo "Python's ensurepip is missing. On Debian: apt-get install $$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" >&2; exit 1; }
	@echo "Making .venv from $(LOCKS)"
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@GIT_ALLOW_PROTOCOL=none $(PIP) install --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes \
	  --no-build-isolation -r requirements-compose.lock
	@cat $(LOCKS) > .venv/.locked

$(READY): .venv/.locked pyproject.toml
	@$(PIP) install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
