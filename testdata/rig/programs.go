package rig

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// root is the repository's top: tests run in testdata/<package>.
var root = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", err
	}
	return filepath.Clean(string(out[:len(out)-1])), nil
})

// build builds slowburn once for all tests of a process.
var build = sync.OnceValues(func() (string, error) {
	top, err := root()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(top, "bin", "slowburn")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/slowburn")
	cmd.Dir, cmd.Stderr = top, os.Stderr
	return bin, cmd.Run()
})

// Program is the path of the program under test, built from this tree.
func Program(t testing.TB) string {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatalf("build slowburn: %v", err)
	}
	return bin
}

// Peer is the path of a program that `make peers` built.
func Peer(t testing.TB, name string) string {
	t.Helper()
	top, err := root()
	if err != nil {
		t.Fatalf("find the repository: %v", err)
	}
	bin := filepath.Join(top, "bin", "peers", name)
	if _, err := os.Stat(bin); err != nil {
		t.Fatalf("%s is not built, run `make peers`: %v", name, err)
	}
	return bin
}

// write puts a file under dir, with the folders on its way.
func write(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatalf("write %s: %v", name, err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatalf("write %s: %v", name, err)
	}
}
