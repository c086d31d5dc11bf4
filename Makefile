.DEFAULT_GOAL := help
BIN := .venv/bin

help:  ## list everything that can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup:  ## set up .venv/bin/qbdesk from the hashed lock, with the system libraries Qt needs
	@scripts/setup.sh

practice: setup  ## open the program with a practice company (in the terminal where there is no display)
	@$(BIN)/qbdesk practice

test:  ## set everything up, then run every check
	@scripts/setup.sh --desktop
	@$(MAKE) --no-print-directory check

check: lint types unit integration simulation desktop  ## every check, fast ones first (what CI runs)

lint:  ## ruff: lint and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types:  ## mypy --strict over qbdesk/sync
	$(BIN)/mypy

unit:  ## tests of single parts
	$(BIN)/pytest -q tests/unit

integration:  ## tests over real HTTP on this machine
	$(BIN)/pytest -q -n auto --dist loadfile tests/integration

fuzz:  ## 100,000 damaged answers (ANSWERS=) of QuickBooks and the feed, from a new seed (SEED=)
	QBDESK_TEST_ANSWERS=$(or $(ANSWERS),100000) QBDESK_TEST_SEED=$(or $(SEED),$$(date +%s)) \
	    $(BIN)/pytest -q --timeout 3600 -o log_cli=true --log-cli-level WARNING \
	    tests/integration/test_mutated_answers.py

simulation:  ## 2,000 simulated worlds: nothing is lost or doubled, and engines that are broken are found
	$(BIN)/pytest -q tests/simulation

simulate:  ## play SEEDS= worlds in all, those not played yet on all cores; or SEEDS= from SEED= on, with traces
	$(BIN)/python tests/simulation/simulate.py --seeds $(or $(SEEDS),1000) $(if $(SEED),--seed $(SEED))

exhaustive:  ## fails every single call of database, network and keyring once, and from then on (20 minutes)
	QBDESK_TEST_ALL_CALLS=1 \
	    $(BIN)/pytest -q -o faulthandler_timeout=0 -o log_cli=true --log-cli-level WARNING \
	    tests/integration/test_every_call_fails.py

kill:  ## kills a pass 200 times (KILLS=) at random moments over 300 invoices (INVOICES=), new SEED=
	QBDESK_TEST_KILLS=$(or $(KILLS),200) QBDESK_TEST_INVOICES=$(or $(INVOICES),300) \
	    QBDESK_TEST_SEED=$(or $(SEED),$$(date +%s)) tests/desktop/session.sh \
	    $(BIN)/pytest -q -o faulthandler_timeout=0 -o log_cli=true --log-cli-level WARNING \
	    tests/desktop/test_killed_at_random.py -k killed_at_any_moment

bench:  ## measure speed into docs/performance.md; QUICK=1: small and nothing written; REAL=1: no wait skipped
	PYTHONPATH=. $(BIN)/python tests/benchmarks/run.py $(SUBJECTS)

# A test may hang in its fixtures' end too, which only a watch in a thread ends; and when the session
# itself is out of order, three tests tell as much as all, which would take two minutes each.
desktop:  ## the tests in a real desktop session (X server, tray, notifications, keyring)
	tests/desktop/session.sh $(BIN)/pytest -q --maxfail 3 --timeout-method thread tests/desktop

format:  ## let ruff format and mend what it can
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

lock:  ## write requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	    --no-emit-find-links --python-version 3.11 --group dev pyproject.toml --output-file requirements.lock

clean:  ## remove what was made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist

.PHONY: help setup practice test check lint types unit integration fuzz simulation simulate exhaustive kill bench desktop format lock clean
