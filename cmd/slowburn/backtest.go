package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/slowburn/slowburn/rules/replay"
	"github.com/slowburn/slowburn/slo"
)

// backtestCommand is `slowburn backtest`.
func backtestCommand(app *kingpin.Application) command {
	c := app.Command("backtest", "Run SLO files over the past: every page and ticket that would have been sent, and the budgets at the end.")
	b := &backtest{}
	c.Arg("file", "SLO files, or patterns of such; by default those of the configuration.").StringsVar(&b.files)
	c.Flag("config.file", "Configuration whose tiers, slot and source labels hold; by default slowburn.yml if there is one.").PlaceHolder("FILE").StringVar(&b.config)
	c.Flag("compare", "Run these SLO files over the same past too and show both side by side; a configuration brings its own tiers.").PlaceHolder("FILE").StringsVar(&b.compare)
	b.past.register(c, "30d")
	c.Flag("slo.max-groups", "Live groups of one objective; more share the group __overflow__.").Default("500").IntVar(&b.maxGroups)
	c.Flag("format", "How to print: table or json.").Default("table").EnumVar(&b.format, "table", "json")
	return command{clause: c, run: func(ctx context.Context, s streams) error {
		if err := b.past.validate(); err != nil {
			return usage(s, err)
		}
		return b.run(ctx, s)
	}}
}

// backtest is one run of the command.
type backtest struct {
	files, compare []string
	config         string
	past           pastFlags
	maxGroups      int
	format         string
}

// variant is one set of objectives and what came of it.
type variant struct {
	name       string
	config     *Config
	objectives []*slo.Objective
	result     *replay.Result
}

func (b *backtest) run(ctx context.Context, s streams) error {
	variants, err := b.variants()
	if err != nil {
		return err
	}
	var all []*slo.Objective
	for i := range variants {
		all = append(all, variants[i].objectives...)
	}
	past, err := b.past.open(ctx, all)
	if err != nil {
		return err
	}
	defer past.Close()
	began := time.Now()
	for i := range variants {
		v := &variants[i]
		opts := past.options(v.config)
		opts.Objectives, opts.GroupLimit = v.objectives, b.maxGroups
		show := watched(s, strings.TrimSpace("backtest "+v.name), past.end-past.start)
		opts.Progress = show.part
		v.result, err = replay.Run(ctx, past, opts)
		show.end()
		if err != nil {
			return err
		}
	}
	if b.format == "json" {
		return printBacktestJSON(s.out, past, variants)
	}
	return printBacktest(s.out, past, variants, time.Since(began))
}

// variants loads what is to be run: the files, and those to compare them with.
func (b *backtest) variants() ([]variant, error) {
	first, err := loadVariant("A", b.config, b.files)
	if err != nil {
		return nil, err
	}
	if len(b.compare) == 0 {
		first.name = ""
		return []variant{first}, nil
	}
	config, files := b.config, []string{}
	for _, f := range expand(b.compare) {
		if isConfig(f) {
			config = f
		} else {
			files = append(files, f)
		}
	}
	if len(files) == 0 && config == b.config {
		return nil, errors.New("--compare names no SLO file and no configuration")
	}
	second, err := loadVariant("B", config, files)
	if err != nil {
		return nil, err
	}
	return []variant{first, second}, nil
}

// loadVariant reads SLO files with the tiers of a configuration, or the files that
// the configuration names.
func loadVariant(name, configFile string, files []string) (variant, error) {
	v := variant{name: name}
	config, err := configFor(configFile, len(files) == 0)
	if err != nil {
		return v, err
	}
	v.config = config
	if len(files) > 0 {
		config.SLOFiles = files
	}
	set, err := config.LoadSLOs()
	if err != nil {
		return v, err
	}
	v.objectives = set.Objectives
	if len(v.objectives) == 0 {
		return v, errors.New("there are no objectives: name SLO files, or a configuration that does")
	}
	return v, nil
}

// configFor reads the configuration named, or slowburn.yml, which may be missing
// unless it is needed.
func configFor(file string, needed bool) (*Config, error) {
	const usual = "slowburn.yml"
	if file == "" {
		if !needed && !exists(usual) {
			c := DefaultConfig()
			return &c, nil
		}
		file = usual
	}
	return LoadConfig(file)
}

// shown is a progress bar that may be told from any goroutine.
type shown struct {
	mu    sync.Mutex
	bar   *progress
	whole time.Duration
}

func watched(s streams, name string, ms int64) *shown {
	whole := time.Duration(ms) * time.Millisecond
	return &shown{bar: newProgress(s.err, name, whole), whole: whole}
}

func (p *shown) part(done float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bar.at(time.Duration(done * float64(p.whole)))
}

func (p *shown) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bar.end()
}
