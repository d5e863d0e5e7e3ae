# `make` lists what can be done. A fresh machine needs Python 3.11 or newer, and make.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
# -I: nothing in the current folder, and no PYTHON* variable, has a say in what is run.
RUN := $(BIN)/python -I
READY := $(VENV)/.ready

# The first of these that is new enough; PYTHON=... chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)

.DEFAULT_GOAL := help
.PHONY: help setup demo fleet test check bench bench-aws bench-azure bench-hosts scale size shapes golden clean

help:  ## List what can be done
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: $(READY)  ## Make .venv, with this package (editable) and what its development needs

demo: $(READY)  ## Scan a hospital that lives on this machine; the report goes to demo-report/
	@$(RUN) examples/demo/run.py

fleet: $(READY)  ## Boot two Debian releases in namespaces of their own, and scan them in one run; as root
	@$(RUN) tests/fleet/run.py

test: $(READY)  ## Set up what is missing, then check
	@$(MAKE) --no-print-directory check

check: $(READY)  ## Formatting, lint, types, architecture and tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal

bench: $(READY)  ## The CPU time of `wardround --help`, against that of an empty program
	@$(RUN) benchmarks/startup.py

bench-aws: $(READY)  ## What a scan of 3,000 AWS resources costs: calls, time, CPU time and memory
	@$(RUN) benchmarks/aws.py

scale: $(READY)  ## What judging and reporting 240,000 findings takes: CPU time and memory
	@$(RUN) benchmarks/scale.py

bench-azure: $(READY)  ## A subscription of 2,000 resources, 50 ms away: calls, wall time, CPU time and memory
	@$(RUN) benchmarks/azure.py

bench-hosts: $(READY)  ## 300 hosts over SSH: connections, throughput, CPU time and memory, against bare clients
	@$(RUN) benchmarks/hosts.py

size: $(READY)  ## The packages and megabytes of an installation
	@$(RUN) benchmarks/size.py

shapes: $(READY)  ## Derive tests/shapes anew from the models that Microsoft publishes; needs the package index
	@$(RUN) tests/shapes/derive.py

golden: $(READY)  ## Rewrite the expected outputs in tests/golden; read the difference like code
	$(BIN)/pytest --golden

clean:  ## Remove what the other targets made
	rm -rf $(VENV) demo-report dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv resolves in seconds what takes pip minutes; where uv cannot be had, or cannot reach the packages as
# pip is configured to, pip does it.
$(READY): pyproject.toml scanner/cli/launcher
	@"$(PYTHON)" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "wardround needs Python 3.11 or newer, on PATH or as make PYTHON=...; found: $(PYTHON)" >&2; exit 1; }
	@$(PYTHON) -I -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -I -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade 'pip>=25.1' uv || $(RUN) -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/uv pip install --python $(BIN)/python --editable . --group dev \
		|| $(RUN) -m pip install --editable . --group dev
	@touch $@
