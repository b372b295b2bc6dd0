# make evaluate   environment from the lock, then the whole evaluation of criteria/sme.yml
# make test       everything that must hold: lint, types, import contract, tests
# make bench      speed and memory beside the peers, as ratios, on a repository made for it
# make bench-mine the same on the repositories of the study (or BENCH='--repo PATH …')
# make bench-rank simulated ranking beside scikit-criteria and pymcdm, as ratios; fails off its goals
# make equality   what is mined, commit by commit, beside what plain Perceval gives
# make bench-kill mining that is killed over and over, beside mining that is not
# make bench-scale one Dask worker, two, and one that is killed
# make fuzz       hostile input against everything that reads others' data: crashes, silent losses
# make lab        a cluster and every fault, two others and the main ones: a quarter of an hour; as root
# make lab-full   every cluster, the main faults ten times each, in a shuffled order: two to three hours
# make lab-drbd   two emulated machines with replicated disks, ten power cuts: an hour or two
# make lock       new locks (needs uv)

.DEFAULT_GOAL := evaluate
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= .

$(VENV)/.runtime: requirements.lock pyproject.toml
	@sh .ci/venv.sh $(PYTHON) $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.test: $(VENV)/.runtime requirements-test.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

.PHONY: evaluate
evaluate: $(VENV)/.runtime
	$(BIN)/evaluate --criteria criteria/sme.yml --out $(OUT)

.PHONY: test
test: $(VENV)/.test
	@sh .ci/packages.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 4 --dist loadgroup

.PHONY: bench
bench: $(VENV)/.test
	$(BIN)/python tests/bench/mine.py

BENCH ?= --criteria sme.yml

.PHONY: bench-mine
bench-mine: $(VENV)/.test
	$(BIN)/python tests/bench/mine.py $(BENCH)

.PHONY: bench-rank
bench-rank: $(VENV)/.test
	OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/bench/rank.py

.PHONY: equality
equality: $(VENV)/.test
	$(BIN)/python tests/bench/equality.py $(BENCH)

.PHONY: bench-kill
bench-kill: $(VENV)/.test
	$(BIN)/python -m tests.bench.kill

.PHONY: bench-scale
bench-scale: $(VENV)/.test
	$(BIN)/python tests/bench/scale.py $(BENCH)

.PHONY: fuzz
fuzz: $(VENV)/.test
	$(BIN)/python -m tests.bench.fuzz --seconds 480

# Put it in the place of data/lab/trials.jsonl, and it is evidence.
LAB ?= trials.jsonl

.PHONY: lab
lab: $(VENV)/.runtime
	@sh .ci/packages.sh
	$(BIN)/evaluate lab run --cluster pacemaker-2-witness --out $(LAB)
	$(BIN)/evaluate lab run --core --cluster keepalived --cluster heartbeat --out $(LAB)
	$(BIN)/evaluate lab compare $(LAB)

.PHONY: lab-full
lab-full: $(VENV)/.runtime
	@sh .ci/packages.sh
	$(BIN)/evaluate lab run --core --repeat 10 --seed 1 --resume --out $(LAB)
	$(BIN)/evaluate lab compare $(LAB)

.PHONY: lab-drbd
lab-drbd: $(VENV)/.runtime
	@sh .ci/packages.sh
	apt-get -qq -y --no-install-recommends install qemu-system-x86 e2fsprogs
	$(BIN)/evaluate lab run --storage drbd --only power-cut-active --repeat 10 --seed 1 --resume --out $(LAB)
	$(BIN)/evaluate lab compare $(LAB)

.PHONY: lock
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate \
	  pyproject.toml .ci/build.in -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --no-annotate \
	  pyproject.toml .ci/build.in --group test -c requirements.lock -o requirements-test.lock

.PHONY: clean
clean:
	rm -rf $(VENV) report.html report.pdf run.json bundle build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
