# Everything from a fresh clone: `make demo` shows it, `make test` checks it. Only Python >= 3.11 and make are needed.
# Kept to what GNU make 3.81 and a plain POSIX shell can do, so that it runs on macOS as it is.

VENV ?= .venv
PYTHON ?=
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
# The source of what installing builds as machine code, where there is a C compiler.
NATIVE = src/ipynemo/backend/render/resample.c
# What pip installs it compiles, but nothing that is editable; and where Python may write no bytecode, each of our many
# processes would compile the sources again, a tenth of a second of it.
COMPILE = $(BIN)/python -m compileall -q src/ipynemo
PYTEST_ARGS ?=
# Many tests wait for servers more than they compute; a file stays in one process, and so do its servers.
# One process more than there are processors keeps them all busy; beyond eight, servers and browsers only crowd.
JOBS ?= $(shell n=`getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2`; if [ $$n -lt 7 ]; then expr $$n + 1; else echo 8; fi)

.PHONY: help demo lessons test lint format bench pictures sheet clean distclean

help:
	@echo "make demo      install, then make a real clip from a real picture (the quickstart notebook, headless)"
	@echo "make lessons   run both lessons, and write them as pages to read and to print"
	@echo "make test      install what is missing, run every test   (PYTEST_ARGS='-k name' runs some, JOBS=1 one at a time)"
	@echo "make lint      ruff and mypy;   make format  lets ruff rewrite"
	@echo "make bench     every benchmark, side by side with its peers; writes benchmarks/RESULTS.md"
	@echo "make pictures  draw the pictures of the README anew, from a real clip"
	@echo "make sheet     draw the contact sheet of all scenes anew"
	@echo "make clean     remove what was made;   make distclean  the environment too"

# A stamp a set of packages: installed again only when pyproject.toml changes, or the environment is gone.
$(BIN)/python:
	@sh tools/venv.sh $(VENV) $(PYTHON)

$(VENV)/.demo-installed: pyproject.toml $(NATIVE) | $(BIN)/python
	$(PIP) install --quiet --editable '.[notebooks]'
	@$(COMPILE)
	@touch $@

$(VENV)/.dev-installed: pyproject.toml $(NATIVE) | $(BIN)/python
	$(PIP) install --quiet --editable '.[dev]'
	@$(COMPILE)
	@touch $@ $(VENV)/.demo-installed

demo: $(VENV)/.demo-installed
	$(BIN)/python tools/demo.py demo-output

lessons: $(VENV)/.demo-installed
	$(BIN)/python docs/make_lessons.py demo-output/lessons

# Without a browser or a PostgreSQL the rest is tested, and this is said loudly; with IPYNEMO_REQUIRE_BROWSER or
# IPYNEMO_REQUIRE_POSTGRES set it is a failure.
test: $(VENV)/.dev-installed
	@leave_out=; \
	if [ -d tests/browser ]; then \
		if CHROMIUM=`sh tools/browser.sh $(VENV)`; then \
			export CHROMIUM; \
		elif [ -n "$$IPYNEMO_REQUIRE_BROWSER" ]; then \
			exit 1; \
		else \
			leave_out="not browser"; \
		fi; \
	fi; \
	if POSTGRES_BIN=`sh tools/postgres.sh`; then \
		export POSTGRES_BIN; \
	elif [ -n "$$IPYNEMO_REQUIRE_POSTGRES" ]; then \
		exit 1; \
	else \
		leave_out="$${leave_out:+$$leave_out and }not postgres"; \
	fi; \
	set --; \
	if [ -n "$$leave_out" ]; then set -- -m "$$leave_out"; fi; \
	$(BIN)/python -m pytest --numprocesses=$(JOBS) --dist=loadfile --no-loadscope-reorder "$$@" $(PYTEST_ARGS)

lint: $(VENV)/.dev-installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.dev-installed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Peers that want packages of their own get them on first use, below .cache/bench; one that cannot be had is named, and
# left out. One script that fails does not keep the others from running.
bench: $(VENV)/.dev-installed
	@$(COMPILE)
	@if CHROMIUM=`sh tools/browser.sh $(VENV)`; then export CHROMIUM; fi; \
	failed=; \
	for script in benchmarks/[a-z]*.py; do \
		echo "== $$script"; \
		$(BIN)/python "$$script" || failed="$$failed $$script"; \
	done; \
	if [ -n "$$failed" ]; then echo "These failed:$$failed" >&2; exit 1; fi

pictures: demo $(VENV)/.dev-installed
	$(BIN)/python docs/make_pictures.py demo-output
	@CHROMIUM=`sh tools/browser.sh $(VENV)` && export CHROMIUM && $(BIN)/python docs/make_screenshots.py

sheet: $(VENV)/.dev-installed
	$(BIN)/python docs/make_contact_sheet.py

clean:
	rm -rf demo-output dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis

distclean: clean
	rm -rf $(VENV) .cache
