# Two commands to remember: `make demo` and `make test`. `make help` lists the rest.
# Another Python: make demo PYTHON=python3.12; another place for the environment: VENV=/tmp/env.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help demo test test-slow test-cluster certify certify-full lint bench bench-full clean

help: ## list the targets
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/make \1\t\2/p' Makefile

demo: $(VENV)/.installed ## install, run the study quickstart, print its table (a few minutes)
	$(BIN)/python sweeps/ablation.py

test: $(VENV)/.installed-test ## install, run the fast tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# What is killed or timed has the machine for itself.
ALONE = tests/certification tests/benchmarks tests/cluster

test-slow: $(VENV)/.installed-test ## the slow tests: what the README says, for real
	$(BIN)/python -m pytest -m slow --durations=20 -n 2 --dist loadfile --no-loadscope-reorder \
	  $(addprefix --ignore=,$(ALONE))
	$(BIN)/python -m pytest -m slow --durations=20 $(ALONE)

test-cluster: $(VENV)/.installed-test ## a cluster of hosts in namespaces: as root, with iproute2, rsync, sshd, libfaketime
	$(BIN)/python -m pytest -m slow --durations=20 tests/cluster

certify: $(VENV)/.installed-test ## kill studies at random; each must end as if it had not been (10 minutes)
	$(BIN)/python -m pytest -m slow tests/certification/test_kills.py tests/certification/test_faults.py

certify-full: $(VENV)/.installed-test ## 20 kills a study, nodes, limits and signals too (an hour)
	CERTIFY_KILLS=20 $(BIN)/python -m pytest -m slow tests/certification

lint: $(VENV)/.installed-dev ## ruff and strict mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed ## measure the claims about speed (half an hour), make docs/performance.md
	$(BIN)/python -m benchmarks all $(BENCH); status=$$?; \
	  $(BIN)/python -m benchmarks report && exit $$status

bench-full: $(VENV)/.installed ## the same with more windows, and accuracy (hours; goes on if stopped)
	$(BIN)/python -m benchmarks all --full $(BENCH); status=$$?; \
	  $(BIN)/python -m benchmarks report && exit $$status

bench-%: $(VENV)/.installed ## one benchmark: make bench-input BENCH="--quick"
	$(BIN)/python -m benchmarks $* $(BENCH)

clean: ## remove the environment and the tools' caches; the results in runs/ stay
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
	find cifar_models search_spaces sweeps benchmarks tests -name __pycache__ -prune -exec rm -rf {} +

# A stamp lies in the environment for each set of packages: nothing is installed twice, and a
# changed pyproject.toml is.

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: pyproject.toml | $(VENV)/.made
	@echo "Installing into $(VENV): 2 to 5 minutes, 6.4 GB (most of it is PyTorch with CUDA)"
	$(BIN)/python -m pip install -e . --quiet
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install -e ".[test]" --quiet
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install -e ".[dev]" --quiet
	@touch $@
