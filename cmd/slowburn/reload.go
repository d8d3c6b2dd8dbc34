package main

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/load"
)

// configHolder is the configuration in force and what was wrong when it was last
// read.
type configHolder struct {
	mu     sync.Mutex
	config *Config
	slos   []*slo.Objective
	errs   []*slo.Error
	broken int // files
	at     time.Time
	ok     bool
}

// load reads configuration and SLO files at start. A broken configuration is an
// error. A broken SLO file is shown and leaves the others running, unless there is
// nothing left to run.
func (h *configHolder) load(file string, log *slog.Logger) error {
	c, err := LoadConfig(file)
	if err != nil {
		return err
	}
	set, err := c.LoadSLOs()
	if err != nil && len(set.Files) > 0 && len(set.Objectives) == 0 {
		return fmt.Errorf("%w\nno SLO file of %s gave an objective", err, file)
	}
	h.take(c, set.Objectives, err)
	for _, e := range slo.Errors(err) {
		log.Error("an SLO file is broken: what is wrong in it is left out", "err", e)
	}
	for _, f := range set.Findings {
		log.Warn("SLO file", "finding", f.String())
	}
	return nil
}

// reload reads all of it again. A broken configuration changes nothing; a broken
// SLO file changes nothing of what it gave before, and all others come into force.
// The error says what is broken.
func (h *configHolder) reload(file string, log *slog.Logger) error {
	c, err := LoadConfig(file)
	if err != nil {
		for _, e := range slo.Errors(err) {
			log.Error("reload refused: the running configuration stays", "err", e)
		}
		h.take(nil, nil, err)
		return err
	}
	set, err := c.LoadSLOs()
	standing := load.Standing(h.objectives(), set, err)
	for _, e := range slo.Errors(err) {
		log.Error("an SLO file is broken: what it gave before stays in force", "err", e)
	}
	h.take(c, standing, err)
	return err
}

// take notes how a reading went, and puts in force what it gave, if anything.
func (h *configHolder) take(c *Config, objectives []*slo.Objective, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at, h.ok, h.errs, h.broken = time.Now(), err == nil, slo.Errors(err), len(load.BrokenFiles(err))
	if c != nil {
		h.config, h.slos = c, objectives
	}
}

func (h *configHolder) get() *Config {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.config
}

func (h *configHolder) objectives() []*slo.Objective {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.slos
}

func (h *configHolder) errors() []*slo.Error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.errs
}

func (h *configHolder) lastReload() (time.Time, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at, h.ok
}

func (h *configHolder) register(set *metrics.Set) {
	set.NewGauge("slowburn_config_last_reload_successful", func() float64 {
		if _, ok := h.lastReload(); ok {
			return 1
		}
		return 0
	})
	set.NewGauge("slowburn_config_last_reload_timestamp_seconds", func() float64 {
		at, _ := h.lastReload()
		return float64(at.UnixMilli()) / 1000
	})
	set.NewGauge("slowburn_config_broken_files", func() float64 {
		h.mu.Lock()
		defer h.mu.Unlock()
		return float64(h.broken)
	})
	set.NewGauge("slowburn_config_objectives", func() float64 { return float64(len(h.objectives())) })
}
