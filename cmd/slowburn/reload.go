package main

import (
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/spec"
)

// configHolder is the configuration in force and what was wrong when it was last
// read.
type configHolder struct {
	mu     sync.Mutex
	config *Config
	slos   []*slo.Objective
	errs   []*slo.Error
	at     time.Time
	ok     bool
}

// load reads configuration and SLO files at start: a broken SLO file leaves the
// others running and is shown, a broken configuration is an error.
func (h *configHolder) load(file string, log *slog.Logger) error {
	c, err := LoadConfig(file)
	if err != nil {
		return err
	}
	set, err := c.LoadSLOs()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.config, h.slos, h.errs = c, set.Objectives, slo.Errors(err)
	h.at, h.ok = time.Now(), err == nil
	for _, e := range h.errs {
		log.Error("an SLO file is broken: its objectives are left out", "err", e)
	}
	for _, f := range set.Findings {
		log.Warn("SLO file", "finding", f.String())
	}
	return nil
}

// reload reads all of it again and takes it over only if all of it is good.
func (h *configHolder) reload(file string, log *slog.Logger) error {
	c, err := LoadConfig(file)
	var set spec.Set
	if err == nil {
		set, err = c.LoadSLOs()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at, h.ok, h.errs = time.Now(), err == nil, slo.Errors(err)
	if err != nil {
		for _, e := range h.errs {
			log.Error("reload refused: the running configuration stays", "err", e)
		}
		return err
	}
	h.config, h.slos = c, set.Objectives
	return nil
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
	set.NewGauge("slowburn_config_broken_files", func() float64 { return float64(len(h.errors())) })
	set.NewGauge("slowburn_config_objectives", func() float64 { return float64(len(h.objectives())) })
}
