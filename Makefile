# A thin face on `pilot` and `pytest`. Every target first makes what it needs: on a machine that has
# only python3 (3.11 or later, with venv) and make, `make briefs` and `make test` just work.

PYTHON ?= python3
BIN := .venv/bin
LAB := .venv-lab/bin
# A file stays with one process: what its tests share is made once, and a notebook's cells follow
# one another.
TWO_AT_A_TIME := --numprocesses 2 --dist loadfile

.PHONY: briefs test lab bench clean
.DEFAULT_GOAL := briefs

# The environment is made anew when the lock or the project's metadata change.
# $(1): folder, $(2): lock
define make_environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@echo "Setting up $(1) (once, a minute or two) ..."
	@rm -rf $(1)
	@$(PYTHON) -m venv $(1)
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(2)
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(1)/.ready
endef

.venv/.ready: requirements.lock pyproject.toml
	$(call make_environment,.venv,requirements.lock)

.venv-lab/.ready: requirements-lab.lock pyproject.toml
	$(call make_environment,.venv-lab,requirements-lab.lock)

briefs: .venv/.ready  ## the briefs of both pilots
	@star=0; demo=0; \
	$(BIN)/pilot brief data/raw/star || star=$$?; \
	$(BIN)/pilot brief data/raw/demo || demo=$$?; \
	exit $$(( star > demo ? star : demo ))

test: .venv/.ready  ## style, then the library, the notebooks and the pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m pytest $(TWO_AT_A_TIME)
	@$(BIN)/python -m pytest $(TWO_AT_A_TIME) --nbval-lax --override-ini filterwarnings=default notebooks

lab: .venv-lab/.ready  ## the notebooks in JupyterLab
	@$(LAB)/jupyter lab --notebook-dir .

bench: .venv/.ready  ## timings, as ratios within one run
	@$(BIN)/python benchmarks/briefs.py
	@$(BIN)/python benchmarks/mixed_models.py
	@$(BIN)/python benchmarks/cluster_robust.py
	@$(BIN)/python benchmarks/nps_bootstrap.py
	@$(BIN)/python benchmarks/imputation.py
	@$(BIN)/python benchmarks/disclosure.py
	@$(BIN)/python benchmarks/usage_events.py

clean:  ## everything that these targets made, but no run in reports/
	@rm -rf .venv .venv-lab .pytest_cache .ruff_cache .hypothesis data/clean
