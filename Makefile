# The commands people type. Each installs the Debian packages it lacks, and may be run at any time; only
# `image` expects a container engine (DOCKER, by default docker), which is for its users to choose.
# BUILD is the build folder; CXX chooses a compiler (in a build folder of its own):
#     make build CXX=clang++ BUILD=build/clang

BUILD ?= build
export BUILD
# Make's own default, c++ or g++, is no choice of the user's.
ifneq ($(origin CXX),default)
export CXX
endif

.DEFAULT_GOAL := help
.PHONY: help build run test test-unit test-integration test-deep test-faults test-sanitizers \
	test-valgrind test-build test-deploy test-chart test-openapi bench image deb lint tidy clean

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)$$/  make \1|\2/p' Makefile | column -t -s '|'

build: ## Build the module: build/ngx_http_dns_tools_module.so
	@scripts/build

# A shell without job control starts what runs in its background deaf to SIGINT; this one listens.
run: ## Run nginx with nginx.conf.example, and a private PostgreSQL (PORT=3000 RESOLVER=ADDRESS[:PORT])
	@exec env --default-signal=INT scripts/run

test: ## Build everything, then run the unit tests and the integration tests
	@scripts/test unit integration

test-unit: ## Run the unit tests alone
	@scripts/test unit

test-integration: ## Run the integration tests alone (TESTS='t/020-lookup.t ...' for some of them)
	@scripts/test integration

test-deep: ## Run the long tests: t/deep, and the journal against a model
	@scripts/test deep

test-faults: ## Run the slow fault tests of t/faults
	@scripts/test faults

# In a build folder of its own.
SANITIZERS ?= address,undefined
test-sanitizers: ## Run the unit tests under sanitizers (SANITIZERS=address,undefined or thread)
	@SANITIZERS="$(SANITIZERS)" BUILD="$(BUILD)/$(SANITIZERS)" scripts/test unit

test-valgrind: ## Run the integration tests with nginx under valgrind
	@scripts/test valgrind

test-build: ## Build with nginx's own ./configure --add-dynamic-module (NGINX_SOURCE_DIR=another nginx)
	@scripts/test-configure

test-chart: ## Check what the Helm chart renders against three Kubernetes versions
	@scripts/test-chart

test-openapi: ## Drive a live server through a proxy that checks it against openapi.yaml
	@scripts/test-openapi

bench: ## Measure the CPU time of each route against `return 200`, and an append to the journal
	@bench/run
	@bench/journal

image: ## Build the container image (IMAGE=dns-tools[:TAG])
	@scripts/image

deb: ## Build the Debian package: build/libnginx-mod-http-dns-tools_*.deb (RELEASE=1.2.0-rc.1)
	@scripts/deb

test-deploy: ## Test the image, compose.yaml, the package, the chart and openapi.yaml (root; PARTS=image)
	@scripts/test-deploy $(PARTS)

lint: ## Check C++, formatting, scripts, YAML, workflows, the chart, documents, who includes whom
	@scripts/lint
	@scripts/tidy

tidy: ## Check the C++ alone, with clang-tidy
	@scripts/tidy

clean: ## Remove the build folder
	@rm -rf "$(BUILD)"
