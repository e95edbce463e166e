# Two commands for a fresh machine with python >= 3.11, pip and make:
#   make demo   sets up, then turns the demo cohort's raw T1 scans into results/table1.csv
#   make test   sets up, then runs the linters, the type checker and all tests
PYTHON ?= python3
CORES ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu)
VENV := .venv
BIN := $(VENV)/bin
export PYTHONHASHSEED := 0

# What a study will take, before anything runs: make plan STUDY=studies/paper.yaml
STUDY ?=

.PHONY: plan demo test lint setup slurm test-slurm schema audit clean

demo: setup
	$(BIN)/sadm run --cores $(CORES)

plan: setup
	$(BIN)/sadm plan $(STUDY)

test: setup lint
	$(BIN)/pytest -n $(CORES) --ignore tests/workflow
	$(BIN)/pytest tests/workflow  # one process: its tests look at one run of the smallest study, which uses two cores

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy
	$(BIN)/snakemake --lint

setup: $(VENV)/.ready

$(VENV)/.ready: requirements.lock envs/install.sh
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sadm needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	PATH="$(CURDIR)/$(BIN):$$PATH" sh envs/install.sh
	touch $@

# What the profile for Slurm clusters needs beside it.
slurm: setup
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-slurm.lock

# Starts a Slurm of one node on this machine, as root on Debian or Ubuntu, and runs a small study through it.
test-slurm: slurm
	command -v slurmctld munged || (apt-get update && apt-get install --yes slurm-wlm munge)
	SADM_SLURM=1 $(BIN)/pytest tests/workflow/test_slurm.py

# For maintainers: after a change of the pins, of a config key or of an error's message.
schema: setup
	$(BIN)/python -c 'import json; from sadm.study.config import schema; print(json.dumps(schema(), indent=1))' > workflow/schemas/config.schema.json
	$(BIN)/python envs/make.py
	$(BIN)/python docs/make.py
	$(BIN)/python docs/paper_numbers.py

# Known vulnerabilities of the pins; asks the package index, in an environment of its own.
audit:
	$(PYTHON) -m venv .audit
	.audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	.audit/bin/pip-audit --strict --no-deps --disable-pip --requirement requirements.lock

clean:
	rm -rf results/[!R]* logs .snakemake
