# Two commands: `make demo` and `make test`. On Linux pip's torch brings CUDA (gigabytes); for the CPU build:
#   make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
PYTHON ?= python3
TORCH_INDEX ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt

.PHONY: demo test lint all-tests clean

demo: .venv/installed
	$(BIN)/refrain demo

test: .venv/installed-dev
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -q -n 2 $(ARGS)

# Everything that can run on this machine; each test that cannot says why it was skipped.
all-tests: .venv/installed-dev
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -q -rs -m "not gpu" $(ARGS)

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/installed: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv
	@echo "installing; torch and its friends take a minute or two"
	$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==2.13.0
	$(PIP) --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	$(PIP) --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv .refrain-demo build *.egg-info
