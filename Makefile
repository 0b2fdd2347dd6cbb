# Everything one does with the repository. `make demo` and `make test` need Python 3.11+, pip and make, nothing else.
PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .venv-demo
CONSTRAINTS ?= constraints.txt
MINUTES ?= 10
SINCE ?= HEAD~10
COUNT ?= 20
SEED ?= 1
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO_BIN := $(DEMO_VENV)/bin
DEMO_READY := $(DEMO_VENV)/.ready
INSTALL := -m pip install --quiet --disable-pip-version-check $(addprefix --constraint ,$(CONSTRAINTS)) --editable

# Python keeps what it compiles, whatever the caller's settings: to compile it anew each time is half of the demo's time.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test wheel mutants slow-tests programs slow lint docs ui bench rehearse faults fuzz browser clean

# The developers' environment, made anew when dependencies change: all extras, 2.6 GB.
$(READY): pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) '.[dev]'
	touch $@

# The users' environment: the package and what it needs, 0.7 GB. Python compiles what it imports, when it does.
$(DEMO_READY): pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_BIN)/python $(INSTALL) . --no-compile
	touch $@

# Build the demo dataset from simulated assemblies, through Dagster, into ./demo-data.
demo: $(DEMO_READY)
	$(DEMO_BIN)/genatator-assets build --catalogue demo --root demo-data
	@echo; echo 'One SQL answer: selected transcripts per Mbp of each assembly'
	@$(DEMO_BIN)/genatator-assets sql --root demo-data "select genome, sum(selected_transcripts) as transcripts, round(1e6 * sum(selected_transcripts) / sum(nt), 1) as per_mbp from species_coverage group by genome order by genome"
	@echo 'Where to look next:'
	@echo '  make ui                                    the dataset in Dagster: lineage, runs, checks, tables'
	@echo '  $(DEMO_BIN)/genatator-assets sql --root demo-data   ask anything in SQL'
	@echo '  demo-data/dataset/README.md                the card;   README.md: your own genomes'

# Two modules at a time: half of the time is waiting for processes to start and for disks.
test: $(READY)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

# Tests that take minutes: the example is trained, and must have learned something.
slow-tests: $(READY)
	$(BIN)/python -m pytest -m slow tests

# Tests against bedtools and samtools: Debian's packages, which are installed here where they are missing.
programs: $(READY)
	{ command -v bedtools && command -v samtools; } || { apt-get update -qq && apt-get install -qq --yes bedtools samtools; }
	$(BIN)/python -m pytest -m programs tests

# Twenty full-size blocks released and loaded by the code of the card: minutes, 3 GB of memory, 12 GB of disk.
slow: $(READY)
	$(BIN)/python tests/slow/twenty_blocks.py

# The wheel alone, in an empty environment: the demo, the README's questions, a launched job, the UI. Two minutes.
wheel:
	tests/wheel.sh $(PYTHON)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The docs as a site, into site/; warnings are errors.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Dagster's UI on the demo dataset (or on GENATATOR_CATALOGUE and GENATATOR_ROOT).
ui: $(DEMO_READY)
	$(DEMO_BIN)/genatator-assets ui

bench: $(READY)
	$(BIN)/python benchmarks/build_rate.py
	$(BIN)/python benchmarks/annotation_rate.py
	$(BIN)/python benchmarks/block_encodings.py
	$(BIN)/python benchmarks/window_rate.py
	$(BIN)/python benchmarks/index_questions.py
	$(BIN)/python benchmarks/check_rate.py
	$(BIN)/python benchmarks/plan_estimates.py
	$(BIN)/python benchmarks/read_rate.py
	$(BIN)/python benchmarks/order_rate.py
	$(BIN)/python benchmarks/read_rate.py --side-by-side
	$(BIN)/python benchmarks/evaluation.py
	$(BIN)/python benchmarks/leakage.py
	$(BIN)/python benchmarks/cells.py
	$(BIN)/python benchmarks/signals.py

# The published dataset's 14,491 chromosomes, each a thousandth as long, and a genome of 3.1 Gbp: half an hour, 15 GB.
rehearse: $(READY)
	$(BIN)/python benchmarks/rehearse.py --plot docs/images/growth.png

# Builds that are killed at 25 moments, and all other faults of tests/faults: a quarter of an hour.
faults: $(READY)
	FAULTS_FULL=1 $(BIN)/python -m pytest tests/faults -rP

# Inputs that try to break it, for MINUTES minutes; what is found is saved in .fuzz/.
fuzz: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,fuzz]'
	$(BIN)/python tests/fuzz/run.py --minutes $(MINUTES)

# COUNT small faults, drawn by SEED and put one at a time into modules that differ from SINCE: do the nearest tests notice?
mutants: $(READY)
	$(BIN)/python tests/mutants/mutate.py --since $(SINCE) --count $(COUNT) --seed $(SEED)

# The UI, clicked through in headless Chromium, and pages of loci: needs node, npm and chromium.
browser: $(READY)
	tests/browser/locus.sh
	tests/browser/run.sh

clean:
	rm -rf $(VENV) $(DEMO_VENV) demo-data
