# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CASE := examples/orbital_data_center.toml
TEST_WORKERS ?= 2
# A GPU machine brings its own JAX: `make bench-gpu GPU_PYTHON=python3` uses it as it is.
GPU_PYTHON ?= python3

.PHONY: setup setup-dev run test test-slow lint validate bench bench-peers bench-solvers bench-gpu docs clean

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

setup: $(VENV)/.installed

setup-dev: $(VENV)/.installed-dev

run: setup
	$(BIN)/caloris run $(CASE) -o orbital_data_center.h5
	$(BIN)/caloris show orbital_data_center.h5
	$(BIN)/caloris plot orbital_data_center.h5

test: setup-dev
	$(BIN)/python -m pytest --numprocesses $(TEST_WORKERS) --dist worksteal

# The long tests: the main example as a whole, gradients through it, its mechanisms switched off one by one.
test-slow: setup-dev
	$(BIN)/python -m pytest -m slow

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

validate: setup
	$(BIN)/caloris-validate

bench: setup-dev
	$(BIN)/caloris-bench --skip '*-peers' '*-large' periodic-inertia network-size gradient main-case-cycle \
		--json benchmarks/results/cpu.json

# Time against error beside other programs; View3D takes part where it is on the PATH.
bench-peers: setup-dev
	$(BIN)/caloris-bench --only view-factors-peers --json benchmarks/results/view_factors.json \
		--plot benchmarks/results/view_factors.png

# The solvers: time against error beside scipy's BDF, periodic orbits, sizes up to 1e5 nodes, gradients.
bench-solvers: setup-dev
	$(BIN)/caloris-bench --only transient-peers --json benchmarks/results/transient.json \
		--plot benchmarks/results/transient.png
	$(BIN)/caloris-bench --only periodic-inertia --json benchmarks/results/periodic_inertia.json
	$(BIN)/caloris-bench --only main-case-cycle --json benchmarks/results/main_case_cycle.json
	$(BIN)/caloris-bench --only network-size --json benchmarks/results/network_size.json
	$(BIN)/caloris-bench --only gradient --json benchmarks/results/gradient.json

# Without the benchmarks whose child processes would want the GPU's memory beside this one's.
bench-gpu:
	mkdir -p benchmarks/results
	PYTHONPATH=engine:kernels:validation:benchmarks $(GPU_PYTHON) -m caloris_benchmarks --skip 'view-factor*s' transient-peers network-size main-case-cycle \
		--json benchmarks/results/gpu.json
	PYTHONPATH=engine:kernels:validation:benchmarks $(GPU_PYTHON) -m pytest -m gpu

docs: setup
	$(BIN)/caloris-validate --markdown docs/validation.md

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache
