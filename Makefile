# `make lab` and `make test` do all; `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# Ansible wants a UTF-8 locale; this one is everywhere.
export LC_ALL := C.UTF-8
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# An AWS profile or endpoint of the shell has no say in the rehearsal.
PLAY_LOCAL := env -u AWS_PROFILE -u AWS_DEFAULT_PROFILE -u AWS_ENDPOINT_URL -u AWS_URL \
  ansible-playbook -i inventories/local

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.PHONY: setup
setup: ## Make .venv with all that development needs
	@scripts/setup dev

# What AWS has granted to the account of the lab: a new one has five vCPUs, and `preflight` says how many are needed.
QUOTAS := --quota L-1216C47A=64 --quota L-0263D0A3=10
# What stands side by side on a line needs nothing of its neighbour. The VPN and the Speech API start from the first image:
# they are made before the others, which wait for an image of their own, and configured while those are baked and made.
SIDE_BY_SIDE := $(MAKE) --no-print-directory --jobs=3
.PHONY: lab
lab: ## Bring up the whole platform: the local environment on the emulated AWS, and the machines behind it
	@scripts/setup lab
	@$(SIDE_BY_SIDE) lab-image-debian-13 lab-example lab-account
	@python -m lab fabric up --no-settle
	@$(SIDE_BY_SIDE) lab-image-services lab-bake-first
	@$(PLAY_LOCAL) playbooks/provision.yml --tags aws_compute
	@$(SIDE_BY_SIDE) --output-sync=target lab-others lab-speech_api lab-vpn
	@python -m lab fabric wait

.PHONY: lab-image-debian-13 lab-image-services lab-example lab-bake-first lab-others lab-speech_api lab-vpn
lab-image-debian-13 lab-image-services: lab-image-%:
	@python -m lab image $*
lab-example:
	@examples/pixstory/build
lab-bake-first:
	@$(PLAY_LOCAL) playbooks/bake.yml -e '{"aws_image_roles": ["base"]}'
lab-others:
	@$(PLAY_LOCAL) playbooks/bake.yml
	@$(PLAY_LOCAL) playbooks/provision.yml
	@$(PLAY_LOCAL) playbooks/database.yml
lab-speech_api lab-vpn: lab-%:
	@$(PLAY_LOCAL) playbooks/configure.yml --limit localhost,$*

.PHONY: lab-account
lab-account: ## Commission the local environment on the emulated AWS alone, without machines
	@scripts/setup lab
	@python -m lab start $(QUOTAS)
	@$(PLAY_LOCAL) playbooks/provision.yml

.PHONY: lab-status
lab-status: ## Show the machines, addresses and health of the local environment
	@python -m lab fabric status

.PHONY: lab-resources
lab-resources: ## Show the AWS resources of the local environment
	@$(PLAY_LOCAL) playbooks/status.yml

.PHONY: lab-down
lab-down: ## Remove the local environment: its machines, if any, and the emulator
	@if [ -e .lab/fabric ]; then python -m lab fabric down; fi
	@python -m lab stop
	@rm -rf .lab

.PHONY: e2e
e2e: setup ## Drive the lab that is up: a browser, the VPN, killed machines, a stopped zone; figures are printed
	python -m pytest tests/e2e --capture=no

.PHONY: lint
lint: setup ## Run all linters
	ruff check .
	ruff format --check .
	yamllint --strict .
	ansible-lint --offline

# A play waits for AWS half of its time: four workers keep two processors busy. The files go to them in the order of
# collection, the longest first. What took longest is told for whoever makes it shorter.
SIDE_BY_SIDE_TESTS := -n 4 --dist loadfile --no-loadscope-reorder --durations=30
.PHONY: test
test: lint ## Run everything that CI runs: linters, unit and integration tests, and those of the application
	python -m pytest tests/integration examples/pixstory/tests tests/unit $(SIDE_BY_SIDE_TESTS)

.PHONY: test-lab
test-lab: setup ## Bring the lab up where the machine can run it, drive it with real traffic, and take it down
	python -m pytest tests/e2e -m 'not long' --lab -rs

.PHONY: test-all
test-all: test ## What takes hours as well: machines of all roles, and all of the lab's tests
	python -m pytest tests/molecule
	python -m pytest tests/e2e --lab

.PHONY: test-unit
test-unit: setup ## Run the unit tests
	python -m pytest tests/unit -n 2

.PHONY: test-integration
test-integration: setup ## Run the playbooks of all environments against the emulator
	python -m pytest tests/integration $(SIDE_BY_SIDE_TESTS)

.PHONY: molecule
molecule: setup ## Converge and verify host roles on booted machines: all scenarios, or SCENARIO=proxy
	python -m pytest 'tests/molecule/test_scenarios.py$(if $(SCENARIO),::test_scenario[$(SCENARIO)])' --capture=no

.PHONY: tasks
tasks: setup ## List the tasks that no test has run, of those that were run with PIXSTORY_TASKS_RAN=.lab/tasks
	@python -m tests.tasks .lab/tasks

.PHONY: vm
vm: ## Bake, boot and boot again virtual machines as on EC2, and look at them: hours under emulation; root
	@scripts/setup vm
	python -m pytest tests/vm --capture=no

.PHONY: sanity
sanity: setup ## Run ansible-test sanity on the collection as it is built, and render all documentation: five minutes
	@scripts/sanity

.PHONY: test-example
test-example: setup ## Run the tests of the reference application, on PostgreSQL and Redis
	python -m pytest examples/pixstory/tests -n 2 --dist loadfile

.PHONY: cis
cis: ## Scan a machine with the CIS profile, level 1 server, before and after the role base, and print the counts
	@$(MAKE) molecule SCENARIO=cis
	@python -m lab cis

.PHONY: test-emulator
test-emulator: setup ## Say which extensions of the emulator have become needless
	python -m pytest tests/unit/lab

.PHONY: test-local
test-local: setup ## Run the integration tests through the stock connection instead of the warm one
	PIXSTORY_CONNECTION=ansible.builtin.local python -m pytest tests/integration $(SIDE_BY_SIDE_TESTS)

.PHONY: example
example: setup ## Run the reference application on this machine until Ctrl-C
	@examples/pixstory/demo

.PHONY: bench
bench: ## Measure against stock local, Mitogen and plain boto3: hours; report and chart go to docs/ (BENCH_FLAGS=…)
	@scripts/setup bench
	python -m tests.bench --report docs/benchmark.md $(BENCH_FLAGS)

.PHONY: soak
soak: setup ## Kill provision at 25 random moments and see it recover
	python -m pytest tests/integration -m soak -n 2 --dist load

.PHONY: requirements
requirements: setup ## Pin the Python packages anew
	for name in pyproject.toml:requirements requirements-build.in:requirements-build; do \
	  uv pip compile --quiet --python-version 3.11 --python-platform x86_64-unknown-linux-gnu --generate-hashes \
	    --no-emit-index-url --no-header examples/pixstory/$${name%%:*} \
	    --output-file examples/pixstory/$${name#*:}.txt $(UV_FLAGS) || exit 1; \
	done
	for level in runtime lab dev bench sanity; do \
	  uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-header \
	    requirements/$$level.in --output-file requirements/$$level.txt $(UV_FLAGS) || exit 1; \
	done

.PHONY: policies
policies: setup ## Derive the IAM policies that each playbook needs anew, from runs in all environments (ENVIRONMENTS=dev, or none)
	python -m tests.policies $(ENVIRONMENTS)

.PHONY: clean
clean: ## Remove what the set-up and the tests made
	rm -rf .venv .lab .ansible .cache .pytest_cache .ruff_cache examples/pixstory/dist
