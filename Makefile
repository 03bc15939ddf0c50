# make demo | test | check | bench | docs        Each makes the virtual environment it needs, once.
# make test PYTHON=python3.12                    with another interpreter
# make clean                                     removes what these made

VENV ?= .venv
JOBS ?= 2
BIN := $(VENV)/bin
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c '$(SUITABLE)' 2>/dev/null && echo $$p && break; done)

# An environment is made anew if its interpreter is gone or is not the one that was named, or if it was made here for
# another folder: its scripts point there when a checkout is moved or copied.
VERSION := import sys; print(*sys.version_info[:2])
HOME_OF_PACKAGE := from pathlib import Path; import dnjpeg; print(Path(dnjpeg.__file__).resolve().parents[1])
ifneq ($(shell $(BIN)/python -c '$(SUITABLE)' 2>/dev/null && echo suitable),suitable)
REDO := new-environment
else ifneq ($(wildcard $(VENV)/.installed-*),)
ifneq ($(shell $(BIN)/python -P -c '$(HOME_OF_PACKAGE)' 2>/dev/null),$(shell pwd -P))
REDO := new-environment
endif
endif
ifneq ($(origin PYTHON),file)
ifneq ($(shell $(BIN)/python -c '$(VERSION)' 2>/dev/null),$(shell $(PYTHON) -c '$(VERSION)' 2>/dev/null))
REDO := new-environment
endif
endif

# make bench-check                               fails if a path has become slower, against peers in the same run
# make bench-torchjpeg                           reads coefficients, with torchjpeg among the peers; needs Python 3.11

.PHONY: demo test check bench bench-check bench-torchjpeg docs clean new-environment

demo: $(VENV)/.installed-demo
	$(BIN)/dnjpeg demo --force

test: check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

bench-check: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks --check --count 40 --rounds 3 --quality 75 --no-large --no-processes

# torchjpeg needs PyTorch 2.4 and Python before 3.12: an environment of its own.
TORCHJPEG_VENV ?= $(VENV)-torchjpeg
PYTHON311 ?= python3.11

bench-torchjpeg: $(TORCHJPEG_VENV)/.installed
	$(TORCHJPEG_VENV)/bin/python -m benchmarks --only coefficients --no-processes

$(TORCHJPEG_VENV)/.installed: pyproject.toml
	@echo "Installing dnjpeg, torchjpeg and other peers into $(TORCHJPEG_VENV); it takes some minutes"
	@rm -rf $(TORCHJPEG_VENV)
	@$(PYTHON311) -m venv $(TORCHJPEG_VENV)
	@$(TORCHJPEG_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable . \
		torchjpeg==0.9.33 jpeglib simplejpeg jsonschema foolbox
	@touch $@

docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) $(TORCHJPEG_VENV) site dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/.installed-%: pyproject.toml $(REDO)
	@echo "Installing dnjpeg[$*] into $(VENV); the first time this takes some minutes"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

new-environment:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(SUITABLE)' || { echo "error: dnjpeg needs Python 3.11, 3.12 or 3.13; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "error: no virtual environment could be made (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
