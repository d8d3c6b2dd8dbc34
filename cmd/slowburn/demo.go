package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kingpin/v2"
	oklogrun "github.com/oklog/run"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"

	"github.com/slowburn/slowburn/alerting/receiver"
)

// demoFlags are the flags of `slowburn demo`. None is needed.
type demoFlags struct {
	Listen       string
	Alertmanager *url.URL // nil: the built-in receiver
	History      model.Duration
	Keep         string
	Speed        float64
}

// demoCommand is `slowburn demo`.
func demoCommand(app *kingpin.Application) command {
	c := app.Command("demo", "Watch a small shop have an outage: 30 days of history, a page, a recovery. Needs nothing.")
	f := &demoFlags{}
	c.Flag("web.listen-address", "Address to serve on; if it is taken, a free port is.").Default("127.0.0.1:9797").StringVar(&f.Listen)
	c.Flag("alertmanager.url", "Deliver to this Alertmanager in place of the built-in receiver.").PlaceHolder("URL").URLVar(&f.Alertmanager)
	c.Flag("history", "How much of the shop's past to begin with.").Default("30d").SetValue(&f.History)
	c.Flag("keep", "Keep configuration and data in this new folder; by default they are removed at the end.").PlaceHolder("DIR").StringVar(&f.Keep)
	c.Flag("speed", "How many times faster than the clock the outage passes. It then lies a few minutes in the past.").Default("1").Float64Var(&f.Speed)
	return command{clause: c, run: func(ctx context.Context, s streams) error {
		if err := f.validate(); err != nil {
			return usage(s, err)
		}
		ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer stop()
		return runDemo(ctx, f, s)
	}}
}

func (f *demoFlags) validate() error {
	switch h := time.Duration(f.History); {
	case h < time.Hour || h > 60*24*time.Hour:
		return fmt.Errorf("history %s: want 1h to 60d", f.History)
	case f.Speed < 1 || f.Speed > 60:
		return fmt.Errorf("speed %g: want 1 to 60", f.Speed)
	case f.Alertmanager != nil && f.Alertmanager.Host == "":
		return fmt.Errorf("alertmanager.url %q: want a URL such as http://127.0.0.1:9093", f.Alertmanager)
	}
	return nil
}

// demo is a slowburn as `slowburn serve` runs it, and around it the shop that it
// watches and somebody who is paged.
type demo struct {
	f       *demoFlags
	out     streams
	dir     string
	clock   *demoClock
	server  *server
	pager   *receiver.Receiver // nil if there is a real Alertmanager
	story   *story
	hand    hand           // the visitor's
	servers []net.Listener // the server's
	at      net.Listener   // the pager's
}

// runDemo runs the demo until ctx ends.
func runDemo(ctx context.Context, f *demoFlags, out streams) (err error) {
	d := &demo{f: f, out: out, clock: newDemoClock(f.Speed)}
	d.story = &story{out: out.out, now: d.clock.now}
	d.hand.snippet = func() string { return d.story.snippet(d) }
	remove, err := d.makeFolder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if err := d.open(); err != nil {
		return err
	}
	defer d.server.close()
	d.story.begin(d)

	g := &oklogrun.Group{}
	shop, stopShop := context.WithCancel(ctx)
	// The shop and its outage: ends first, so that nothing is sent to a server that stops.
	d.server.add(g, shop, "shop", d.run)
	serve, stopServer := context.WithCancel(context.WithoutCancel(ctx))
	// slowburn itself.
	d.server.add(g, serve, "slowburn", func(ctx context.Context) error { return d.server.group(ctx, d.servers).Run() })
	if d.pager != nil {
		// Who is paged: ends last, so that it hears all.
		d.server.add(g, serve, "pager", d.runPager)
	}
	err = g.Run()
	stopShop()
	stopServer()
	return err
}

// makeFolder makes the folder for configuration and data, and says how to remove it.
func (d *demo) makeFolder() (remove func() error, err error) {
	if d.f.Keep == "" {
		d.dir, err = os.MkdirTemp("", "slowburn-demo-")
		if err != nil {
			return nil, fmt.Errorf("make a folder for the demo: %w", err)
		}
		return func() error { return os.RemoveAll(d.dir) }, nil
	}
	d.dir = d.f.Keep
	if err := os.MkdirAll(d.dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the folder to keep: %w", err)
	}
	if files, err := os.ReadDir(d.dir); err != nil || len(files) > 0 {
		return nil, errors.Join(fmt.Errorf("the folder to keep, %s, is not empty: a new demo does not fit on an old one", d.dir), err)
	}
	return func() error { return nil }, nil
}

// open listens and makes the parts.
func (d *demo) open() (err error) {
	l, err := net.Listen("tcp", d.f.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		fmt.Fprintf(d.out.err, "slowburn: %s is taken: a free port is used\n", d.f.Listen)
		host, _, _ := net.SplitHostPort(d.f.Listen)
		l, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return fmt.Errorf("listen on %s: %w", d.f.Listen, err)
	}
	d.servers = []net.Listener{l}
	defer func() {
		if err != nil {
			l.Close()
			if d.at != nil {
				d.at.Close()
			}
		}
	}()
	alertmanager := d.f.Alertmanager
	if alertmanager == nil {
		if d.at, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("listen for the built-in receiver: %w", err)
		}
		d.pager = receiver.New(nil)
		alertmanager = &url.URL{Scheme: "http", Host: d.at.Addr().String()}
	}
	f, err := d.serveFlags(l.Addr().String(), alertmanager)
	if err != nil {
		return err
	}
	d.server, err = newServer(f, l.Addr(), d.logger(), d.clock.now, &d.hand)
	return err
}

// serveFlags are the flags with which `slowburn serve` would run here.
func (d *demo) serveFlags(listen string, alertmanager *url.URL) (*serveFlags, error) {
	config := filepath.Join(d.dir, "slowburn.yml")
	if err := writeDemoConfig(config, alertmanager); err != nil {
		return nil, err
	}
	app := kingpin.New("slowburn", "")
	f := newServeFlags(app.Command("serve", ""))
	_, err := app.Parse([]string{"serve", "--config.file=" + config,
		"--storage.tsdb.path=" + filepath.Join(d.dir, "data"), "--storage.raw.retention=60d", "--web.listen-address=" + listen})
	if err != nil {
		return nil, fmt.Errorf("serve's flags: %w", err)
	}
	return f, f.validate()
}

// logger says only what is wrong: the story has the stage.
func (d *demo) logger() *slog.Logger {
	level := promslog.NewLevel()
	_ = level.Set("error") // an enum
	return promslog.New(&promslog.Config{Level: level, Writer: d.out.err})
}

// runPager serves the built-in receiver.
func (d *demo) runPager(ctx context.Context) error {
	srv := &http.Server{Handler: d.pager, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(d.at) }()
	err := d.pager.Run(ctx)
	if closing := srv.Close(); closing != nil {
		err = errors.Join(err, closing)
	}
	if s := <-served; !errors.Is(s, http.ErrServerClosed) {
		err = errors.Join(err, s)
	}
	return err
}
