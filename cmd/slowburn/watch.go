package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settled is for how long files must not change before they are read: an editor
	// writes in several steps, a ConfigMap swaps one symbolic link after another.
	settled = 500 * time.Millisecond
	// lookAgain is how often files are compared where nobody tells of changes, as on
	// network file systems.
	lookAgain = time.Minute
)

// reloadOnChange reloads when the configuration or an SLO file has changed. Folders
// are watched, not files: editors replace files, and Kubernetes swaps the symbolic
// link `..data` beside them. What changed beside the files makes no reload.
func (s *server) reloadOnChange(ctx context.Context) error {
	if !s.f.Watch {
		<-ctx.Done()
		return nil
	}
	w, err := fsnotify.NewWatcher()
	if err != nil {
		s.log.Warn("file changes are noticed within a minute: the system gives no more watches", "err", err)
		w = nil
	} else {
		defer w.Close()
	}
	s.watchFolders(w)
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	var settling <-chan time.Time
	seen := s.watched()
	candidate := seen
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changes(w):
			if settling == nil {
				settling = time.After(settled)
			}
			continue
		case <-settling:
		case <-look.C:
		}
		settling = nil
		now := s.watched()
		if now == seen {
			continue
		}
		if now != candidate { // perhaps still being written
			candidate, settling = now, time.After(settled)
			continue
		}
		seen = now
		s.log.Info("files changed: reloading")
		// Reload logs what is wrong; what ran stays.
		_ = s.reload(ctx)
		s.watchFolders(w)
	}
}

// changes are those of the watcher; none ever comes without one.
func changes(w *fsnotify.Watcher) <-chan fsnotify.Event {
	if w == nil {
		return nil
	}
	return w.Events
}

// watched are the files that configuration and SLO files are read from, as a text
// that changes when one of them does.
func (s *server) watched() string {
	var b strings.Builder
	for _, name := range expand(append([]string{s.f.ConfigFile}, s.config.get().SLOFiles...)) {
		info, err := os.Stat(name) // of what a link leads to
		if err != nil {
			fmt.Fprintf(&b, "%s: %v\n", name, err)
			continue
		}
		fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
	}
	return b.String()
}

// watchFolders watches the folders that files are in, or may come to be in.
func (s *server) watchFolders(w *fsnotify.Watcher) {
	if w == nil {
		return
	}
	var dirs []string
	for _, pattern := range append([]string{s.f.ConfigFile}, s.config.get().SLOFiles...) {
		dirs = append(dirs, expand([]string{filepath.Dir(pattern)})...)
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		// A folder that is not there yet is found when files are compared.
		_ = w.Add(dir)
	}
}
