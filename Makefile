# Everything runs from a fresh clone: `make demo` and `make test` set themselves up.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TASKS ?=
STUDENTS ?=
SEEDS ?= 20

.PHONY: setup demo test thorough soak lint data build release grade report audit bench clean help

help:
	@echo "make setup     install everything into $(VENV)"
	@echo "make demo      grade a class of twelve students, without network data"
	@echo "make test      run the tests"
	@echo "make thorough  the tests that take minutes: a hundred kills, attacks as an ordinary user"
	@echo "make soak      a thousand submissions of a simulated course against what they must get"
	@echo "make lint      ruff and mypy"
	@echo "make data      download MNIST"
	@echo "make build     assignments/ + solutions/ -> source/"
	@echo "make release   source/ -> release/ and the students' package"
	@echo "make grade     TASKS='task1_forward' -> gradebook and feedback"
	@echo "make report    the class at a glance"
	@echo "make audit     prove the checks; SEEDS=3 for a quick look"
	@echo "make bench     timings, each against a peer measured in the same run"
	@echo "make clean     remove what was built (never submissions or grades)"

setup: $(READY)

$(READY): pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh $(VENV)
	@touch $@

demo: setup
	@$(BIN)/autograder demo

test: setup
	@$(BIN)/autograder build
	@$(BIN)/python -m pytest -n 3 --dist worksteal -m 'not thorough'

thorough: setup
	@$(BIN)/autograder build
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m thorough

soak: setup
	@$(BIN)/python scripts/soak.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

data: setup
	$(BIN)/autograder data mnist

build: setup
	$(BIN)/autograder build $(TASKS)

release: setup
	$(BIN)/autograder release $(TASKS)

grade: setup
	$(BIN)/autograder grade $(TASKS)

report: setup
	$(BIN)/autograder report $(TASKS)

audit: setup
	$(BIN)/autograder audit $(TASKS) --seeds $(SEEDS)

bench: setup
	$(BIN)/python scripts/bench_grading.py
	$(BIN)/python scripts/bench_digits.py
	-$(BIN)/python scripts/bench_training.py

clean:
	rm -rf build dist demo source release student-kit autograder/recorded .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -exec rm -rf {} +
