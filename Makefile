# Every target is a line over `voiceclone`; `make help` lists them.
# `make demo` and `make test` need python3 (3.11 to 3.13), pip and make, and nothing else: they create
# .venv and install into it, and do so again only when pyproject.toml or constraints.txt has changed.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
CREATED := $(VENV)/.created
BASE := $(VENV)/.installed-base
DEV := $(VENV)/.installed-dev
PIP_INSTALL := $(BIN)/python -m pip install --constraint constraints.txt
VOICECLONE := $(BIN)/voiceclone

# What a target works on; override on the command line: make train-encoder DATA=data/mine RUN=first
SRC ?= recordings
DATA ?= data/speech
RUN ?= default
ARGS ?=
VOICE ?=
TEXT ?=
export VOICE TEXT

PACKAGES := env_utils course book_utils dl_utils tts_utils audio_utils text_utils hf_utils data_utils \
	training_utils mlops_utils pipeline_utils voice_replication

.DEFAULT_GOAL := help
.PHONY: help create-env install-requirements data-preprocess train-encoder train-synthesizer \
	train-vocoder train-all evaluate demo serve bench smoke-test test lint format

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

$(CREATED):
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 on the PATH; install one from \
	python.org or your system, or name it: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "This Python has no ensurepip; using its own pip instead."; \
	$(PYTHON) -m venv --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install pip; }
	@touch $@

$(BASE): $(CREATED) pyproject.toml constraints.txt
	$(PIP_INSTALL) --editable .
	@touch $@

# pesq and webrtcvad (which resemblyzer needs) are compiled on installation. Without a C compiler
# everything else is installed, and the tests that need the two say that they skip.
$(DEV): $(CREATED) pyproject.toml constraints.txt
	$(PIP_INSTALL) --editable ".[dev,eval,course]" || { printf '%s\n' "" \
	"Not everything could be installed (see above). Going on without pesq and resemblyzer, which" \
	"need a C compiler and Python's headers; with both, run 'make install-requirements' again." ""; \
	$(PIP_INSTALL) --editable ".[dev,course]" jiwer pocketsphinx pystoi; }
	@touch $(BASE) $@

create-env: $(CREATED) ## create .venv

install-requirements: $(CREATED) ## install what the library, its measurements and its tests need
	@rm -f $(DEV)
	@$(MAKE) --no-print-directory $(DEV)

demo: $(BASE) ## clone a voice, speak, write a page: make demo VOICE=me.wav TEXT="..."
	@$(VOICECLONE) demo $${VOICE:+--voice "$$VOICE"} $${TEXT:+--text "$$TEXT"} $(ARGS)

data-preprocess: $(BASE) ## recordings to clean utterances: make data-preprocess SRC=... DATA=...
	$(VOICECLONE) preprocess "$(SRC)" "$(DATA)" $(ARGS)

train-encoder: $(BASE) ## train the speaker encoder on DATA as run RUN
	$(VOICECLONE) train encoder "$(DATA)" --run-id "$(RUN)" $(ARGS)

train-synthesizer: $(BASE) ## train the synthesizer on DATA as run RUN
	$(VOICECLONE) train synthesizer "$(DATA)" --run-id "$(RUN)" $(ARGS)

train-vocoder: $(BASE) ## train the vocoder on DATA as run RUN
	$(VOICECLONE) train vocoder "$(DATA)" --run-id "$(RUN)" $(ARGS)

train-all: $(BASE) ## all of it, from DATA to four models, as run RUN
	$(VOICECLONE) train all "$(DATA)" --run-id "$(RUN)" $(ARGS)

serve: $(BASE) ## the REST API and the studio page: make serve ARGS="--port 8000"
	@$(VOICECLONE) serve $(ARGS)

evaluate: $(DEV) ## measure quality (installs the measuring packages too)
	$(VOICECLONE) evaluate -o outputs/evaluation $(ARGS)

bench: $(BASE) ## measure speed and memory
	$(VOICECLONE) bench $(ARGS)

smoke-test: $(BASE) ## one spoken sentence, to see that the installation works
	$(VOICECLONE) demo --text "If you can hear this, it works." -o outputs/smoke-test $(ARGS)

lint: $(DEV) ## ruff (rules and layout) and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(addprefix -p ,$(PACKAGES))

test: lint ## lint, types and all tests: what CI runs
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

format: $(DEV) ## rewrite the code in the project's layout
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
