// Package faults breaks things on purpose while the real program runs: it is
// killed, its Alertmanager is cut off. A test is named after what it breaks.
//
// Every test has three forms, chosen by -form: short takes seconds and always runs
// with `make e2e`, minute is that of `make faults`, long that of
// `make faults FORM=long`.
package faults
