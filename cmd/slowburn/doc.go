// Command slowburn computes error budgets and burn-rate alerts beside a
// Prometheus that remote-writes to it.
//
// This package turns flags and files into running parts and stops them in order.
// It knows every other package; none knows it. It counts, stores and delivers
// nothing itself.
//
// The path of one run: main.go finds the subcommand, one file each (serve.go,
// check.go, print_remote_write.go, version.go); config.go reads slowburn.yml into
// plain values for the packages. Exit codes: 0 ok, 1 failed or bad input, 2 usage.
package main
