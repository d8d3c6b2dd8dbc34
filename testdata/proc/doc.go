// Package proc starts and ends the child processes of the end-to-end and fault
// tests: slowburn itself and its peers.
//
// It does not know what the programs are or how they are configured; package rig
// does. It signals only processes that it started, through their handle.
//
// The path of one process: Start runs it with its output in a file (proc.go); a
// test waits for what it wants to see with Until (until.go), ends it with Kill or
// Stop, and a failed test prints the end of the file.
package proc
