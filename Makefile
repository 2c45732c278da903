.PHONY: help check test bench gen console e2e verify lint mutate tools

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

check: ## all that CI runs
	bash .ci/run

test: ## the tests, as in the README
	go test -timeout 1h ./...

bench: ## the benchmarks, as ratios to this machine's disk
	go run ./bench

gen: ## generate the API's shapes again from botocore's service model
	go generate ./internal/glue

console: ## build the console's pages into internal/console/dist
	bash scripts/console

e2e: ## the console's end-to-end tests, in chromium
	bash scripts/e2e

verify: gen ## fail if generated code differs from what is committed
	git diff --exit-code -- internal/glue

lint: ## gofmt, go vet (Linux and macOS) and golangci-lint
	bash scripts/lint

mutate: ## break each rule of the core once; every mutant must turn a test red
	go run ./internal/flow/mutate

tools: ## install what the tests need beyond Go and python3
	bash scripts/tools
