# For those who type make. build/test does the work: `make STEP` runs one of its steps.
.PHONY: build test all help clean

STEPS := $(filter-out %.go,$(notdir $(wildcard build/steps/*)))
.PHONY: $(STEPS)

build:
	./build/test library server

test:
	./build/test

all:
	./build/test all

help:
	@echo 'make        builds the library (out/lib) and the server (out/bin/lts)'
	@echo 'make test   builds, and runs the tests and linters for Go, C, C++ and Python'
	@echo 'make all    runs every step there is'
	@echo 'make clean  removes what was built (out)'
	@echo 'make STEP   runs one step:'
	@./build/test --help | sed '1,/^Steps:/d'

clean:
	rm -rf out

$(STEPS):
	./build/test $@
