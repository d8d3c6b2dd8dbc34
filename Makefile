# Everything this project does is a target here; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help build run ui pictures test e2e faults bench bench-peers bench-large lint fuzz golden peers clean

GO       ?= go
# No C compiler is needed, and product, tests and peers share what the compiler made.
export CGO_ENABLED ?= 0
# Whose fuzz targets run, how long each, and the fault tests' form: short, minute or long.
FUZZED   ?= ./...
FUZZTIME ?= 10s
FORM     ?= minute
# ./... leaves testdata out, so its packages are named.
TESTDATA := $(addprefix ./testdata/,proc proxy rig e2e faults load compliance)

# The page is built by npm. Without it all else works, and the page says so.
UI = command -v npm >/dev/null && $(MAKE) -s ui || echo "the page is left out: it needs npm and Node 20.19 or later"

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/slowburn, with its page where npm is there
	@$(UI)
	$(GO) build -o bin/slowburn ./cmd/slowburn

run: ## run the demo: a small shop, an outage, a page; no flags
	@$(UI)
	$(GO) run ./cmd/slowburn demo

ui: web/ui/dist/index.html ## build the page from web/ui; needs npm and Node 20.19 or later

pictures: build ## make docs/pictures from the real page of the demo; needs chromium
	$(GO) test -count=1 ./web/ui/browser -run TestPictures -pictures

web/ui/dist/index.html: web/ui/node_modules/.package-lock.json $(shell find web/ui/src web/ui/index.html web/ui/*.ts web/ui/tsconfig.json -type f)
	cd web/ui && npm run --silent build

web/ui/node_modules/.package-lock.json: web/ui/package.json web/ui/package-lock.json
	cd web/ui && npm ci --ignore-scripts --no-audit --no-fund --silent

test: lint ## check the code and run every test that needs nothing but Go; those of the page if it and Chromium are there
	@command -v chromium >/dev/null && test -f web/ui/dist/index.html || echo "NOT TESTED: the page in a browser; it needs chromium and make ui"
	$(GO) test ./... $(TESTDATA)

# The fault tests wait more than they work: four at a time, whatever the machine.
e2e: peers ## run slowburn between a real Prometheus and a real Alertmanager
	$(GO) test -tags e2e -count=1 -timeout 15m -v ./testdata/rig ./testdata/e2e
	$(GO) test -tags faults -count=1 -parallel 4 -timeout 10m -v ./testdata/faults -form=short

faults: peers ## break things for a minute each; FORM=long for the long runs
	$(GO) test -tags faults -count=1 -parallel 4 -timeout 3h -v ./testdata/faults -form=$(FORM)

bench: ## run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

lint: ## gofmt and go vet, of all files whatever their tags
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	  if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags e2e,faults,load $(TESTDATA)

fuzz: ## run each fuzz target of the packages FUZZED for FUZZTIME
	@for package in $$($(GO) list $(FUZZED)); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
	  done; \
	done

golden: ## rewrite the golden files; read the difference like code
	UPDATE_GOLDEN=1 $(GO) test ./...

bench-peers: peers ## samples per CPU-second and request times beside Prometheus and VictoriaMetrics
	cd testdata/peers/victoriametrics && $(GO) build -o ../../../bin/peers/ github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics
	$(GO) test -tags load -count=1 -timeout 20m -v ./testdata/load -run TestReceivers

bench-large: ## one instance with 100,000 objectives over a million series: cores, memory, restart
	$(GO) test -tags load -count=1 -timeout 1h -v ./testdata/load -run TestLarge

compliance: ## run Prometheus's public compliance suite for remote-write receivers; some minutes
	$(GO) test -tags e2e -count=1 -timeout 20m -v ./testdata/compliance

peers: ## build Prometheus and Alertmanager into bin/peers, once per version
	@testdata/peers/build

clean: ## remove what was built
	rm -rf bin
