package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"
)

// serveFlags are the flags of `slowburn serve`, named as Prometheus names them.
type serveFlags struct {
	ConfigFile string
	Watch      bool

	StoragePath                   string
	RawRetention, LedgerRetention model.Duration
	StorageMinFree                units.Base2Bytes
	WALFsync                      model.Duration

	Web             *web.FlagConfig // addresses, web.config.file, systemd socket
	ExternalURL     string
	RoutePrefix     string
	EnableLifecycle bool
	Tokens          []string

	QueryTimeout                         model.Duration
	QueryMaxConcurrency, QueryMaxSamples int

	MaxGroups int

	LogLevel, LogFormat string

	// All are every flag with its value, for /api/v1/status/flags.
	All func() map[string]string
}

// serveCommand is `slowburn serve`.
func serveCommand(app *kingpin.Application) command {
	c := app.Command("serve", "Receive remote write, keep budgets, alert.")
	f := newServeFlags(c)
	return command{clause: c, run: func(ctx context.Context, s streams) error {
		if err := f.validate(); err != nil {
			return usage(s, err)
		}
		return runServe(ctx, f, f.logger(s))
	}}
}

// newServeFlags registers the flags at c.
func newServeFlags(c *kingpin.CmdClause) *serveFlags {
	f := &serveFlags{}
	c.Flag("config.file", "Configuration file.").Default("slowburn.yml").StringVar(&f.ConfigFile)
	c.Flag("config.watch", "Reload when the configuration or an SLO file has changed; SIGHUP does in any case.").Default("true").BoolVar(&f.Watch)

	c.Flag("storage.tsdb.path", "Folder that holds raw samples, ledger and state.").Default("data/").StringVar(&f.StoragePath)
	c.Flag("storage.raw.retention", "How long to keep the samples that objectives read.").Default("15d").SetValue(&f.RawRetention)
	c.Flag("storage.ledger.retention", "How long to keep budgets.").Default("400d").SetValue(&f.LedgerRetention)
	c.Flag("storage.min-free", "Refuse writes when the disk has less room; 0 is the greater of 256MiB and 2 % of it.").Default("0").BytesVar(&f.StorageMinFree)
	c.Flag("storage.wal-fsync", "How often to bring the WALs to the disk, which bounds what a power loss can take; 0 leaves it to the kernel, up to 30s.").Default("0s").SetValue(&f.WALFsync)

	f.Web = kingpinflag.AddFlags(c, "127.0.0.1:9797")
	c.Flag("web.external-url", "URL under which slowburn is reached from outside, for links in alerts.").PlaceHolder("URL").StringVar(&f.ExternalURL)
	c.Flag("web.route-prefix", "Prefix of all routes; by default the path of web.external-url.").PlaceHolder("PATH").StringVar(&f.RoutePrefix)
	c.Flag("web.enable-lifecycle", "Allow reload over HTTP (POST /-/reload).").BoolVar(&f.EnableLifecycle)

	c.Flag("web.token", "Named bearer token, its scopes (read, write, gate, admin) and the file with its secret; repeatable.").PlaceHolder("NAME=SCOPE[,SCOPE]:FILE").StringsVar(&f.Tokens)

	c.Flag("query.timeout", "How long a query may take.").Default("30s").SetValue(&f.QueryTimeout)
	c.Flag("query.max-concurrency", "Queries evaluated at the same time.").Default("4").IntVar(&f.QueryMaxConcurrency)
	c.Flag("query.max-samples", "Samples one query may load into memory.").Default("10000000").IntVar(&f.QueryMaxSamples)

	c.Flag("slo.max-groups", "Live groups of one objective; more share the group __overflow__.").Default("500").IntVar(&f.MaxGroups)

	c.Flag("log.level", "Log only messages of this severity or above.").Default("info").EnumVar(&f.LogLevel, promslog.LevelFlagOptions...)
	c.Flag("log.format", "Format of log messages.").Default("logfmt").EnumVar(&f.LogFormat, promslog.FormatFlagOptions...)

	f.All = func() map[string]string {
		all := map[string]string{}
		for _, m := range c.Model().Flags {
			if m.Value != nil {
				all[m.Name] = m.Value.String()
			}
		}
		return all
	}
	return f
}

func (f *serveFlags) validate() error {
	switch {
	case time.Duration(f.RawRetention) < time.Hour, time.Duration(f.LedgerRetention) < 24*time.Hour:
		return errors.New("storage.raw.retention is at least 1h, storage.ledger.retention at least 1d")
	case f.QueryMaxConcurrency < 1, f.QueryMaxSamples < 1, f.MaxGroups < 1:
		return errors.New("query.max-concurrency, query.max-samples and slo.max-groups are at least 1")
	case f.QueryTimeout <= 0:
	}
	return nil
}

// logger writes to standard error.
func (f *serveFlags) logger(s streams) *slog.Logger {
	level, format := promslog.NewLevel(), promslog.NewFormat()
	// Both are enums: kingpin has refused anything they do not know.
	_ = level.Set(f.LogLevel)
	_ = format.Set(f.LogFormat)
	return promslog.New(&promslog.Config{Level: level, Format: format, Writer: s.err})
}
