# Bare `make` prints the menu. Each target checks for what it needs; scripts in infra/setup install or name what is missing.

SHELL := bash
.DEFAULT_GOAL := menu
.NOTPARALLEL:
.PHONY: menu run demo test lint bench lambda infra-check bench-lambda

# Where rustup puts cargo, for the very run that installed it.
export PATH := $(PATH):$(HOME)/.cargo/bin

menu:
	@echo 'make TARGET [ARGS="..."]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## Start the whole system here until Ctrl-C; needs only Rust and a C compiler. ARGS: flags of `agentforum up`
	@infra/setup/rust-toolchain-and-cc
	@cargo run -q -p harness --bin agentforum -- up $(ARGS)

demo: ## Run the system with a fleet of 24 agents in 6 runs until Ctrl-C. ARGS: --speed N, flags of `agentforum up`
	@infra/setup/rust-toolchain-and-cc
	@cargo run -q -p harness --bin agentforum -- demo $(ARGS)

test: ## Run every test, then name the skipped ones. ARGS: a filter
	@infra/setup/rust-toolchain-and-cc
	@infra/setup/run-tests $(ARGS)

lint: ## Check formatting, clippy, documentation, and the licences and sources of dependencies
	@infra/setup/rust-toolchain-and-cc rustfmt clippy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
	@if cargo deny --version >/dev/null 2>&1; then \
		echo 'cargo deny check bans licenses sources'; cargo deny check bans licenses sources; \
	else \
		echo 'SKIPPED: cargo deny because cargo-deny is not installed'; \
	fi

bench: ## Measure throughput and latency in a release build. ARGS: flags of the bench
	@infra/setup/rust-toolchain-and-cc
	cargo run --release -p tests --bin bench -- $(ARGS)

lambda: ## Build every function as a zip for Lambda. ARCH=arm64 (default) or x86_64; ARGS: some functions
	@infra/setup/rust-toolchain-and-cc
	@infra/setup/lambda-build $(ARGS)

infra-check: ## Check the deployment's template offline, with cfn-lint and SAM
	@infra/setup/infra-check

bench-lambda: ## Measure cold starts and zip sizes of functions, beside a function that does nothing
	@infra/setup/rust-toolchain-and-cc
	@infra/setup/lambda-bench $(ARGS)
