package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/oklog/run"
)

// runServe runs every part of `slowburn serve` until ctx ends or a signal comes,
// then stops them in order: no more requests, the engine's last tick, what the
// Alertmanagers still have to hear, and the databases last. A second signal ends
// the process at once.
func runServe(ctx context.Context, f *serveFlags, log *slog.Logger) error {
	return runServeAt(ctx, f, log, time.Now)
}

// runServeAt is runServe with a wall clock of the caller's.
func runServeAt(ctx context.Context, f *serveFlags, log *slog.Logger, now func() time.Time) error {
	if _, err := memlimit.Set(memlimit.WithRatio(0.9)); err != nil {
		log.Debug("no memory limit found", "err", err)
	}
	listeners, err := listen(f)
	if err != nil {
		return err
	}
	s, err := newServer(f, listeners[0].Addr(), log, now, nil)
	if err != nil {
		for _, l := range listeners {
			l.Close()
		}
		return err
	}
	defer s.close()
	return s.group(ctx, listeners).Run()
}

// group is the running parts, in the order in which they stop.
func (s *server) group(ctx context.Context, listeners []net.Listener) *run.Group {
	g := &run.Group{}
	{ // Ends everything on SIGINT or SIGTERM, or when the caller says so.
		ctx, cancel := context.WithCancel(ctx)
		g.Add(func() error { return s.untilSignal(ctx) }, func(error) { cancel() })
	}
	// Answers requests: from the first moment, though most with 503 until ready.
	s.add(g, ctx, "web", func(ctx context.Context) error { return s.web.Run(ctx, listeners...) })
	// Reads the configuration again on SIGHUP, and when a file has changed.
	s.add(g, ctx, "reload", s.reloadOnSignal)
	s.add(g, ctx, "watch", s.reloadOnChange)
	// Knows when memory is short.
	s.add(g, ctx, "memory", s.memory.run)
	// Tells the world outside that all is well, if it is.
	s.add(g, ctx, "heartbeat", s.runHeartbeat)
	// Opens and recovers the databases, then closes slots and evaluates budgets.
	s.add(g, ctx, "engine", s.runEngine)
	// Tells every Alertmanager; first of all what was firing when the last process ended.
	s.add(g, ctx, "alerting", s.alerting.Run)
	return g
}

// add makes one part an actor whose interrupt waits for its end, so that parts stop
// one after the other.
func (s *server) add(g *run.Group, ctx context.Context, name string, do func(context.Context) error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	started := make(chan struct{})
	g.Add(func() error {
		close(started)
		defer close(done)
		if err := do(ctx); err != nil && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}, func(error) {
		cancel()
		<-started
		<-done
	})
}

// untilSignal waits for the first signal; the second ends the process.
func (s *server) untilSignal(ctx context.Context) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	select {
	case <-ctx.Done():
		signal.Stop(signals)
	case sig := <-signals:
		s.log.Info("stopping", "signal", sig.String())
		go func() {
			<-signals
			os.Exit(1)
		}()
	}
	return nil
}

func (s *server) reloadOnSignal(ctx context.Context) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hup:
			// Reload logs what is wrong; the running state stays.
			_ = s.reload(ctx)
		}
	}
}

// listen opens the addresses to serve on.
func listen(f *serveFlags) ([]net.Listener, error) {
	var all []net.Listener
	for _, addr := range *f.Web.WebListenAddresses {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			return nil, fmt.Errorf("listen on %s: %w", addr, err)
		}
		all = append(all, l)
	}
	if len(all) == 0 {
		return nil, errors.New("listen: no address given")
	}
	return all, nil
}
