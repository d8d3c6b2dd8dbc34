package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/slowburn/slowburn/alerting"
	"github.com/slowburn/slowburn/slo"
)

// sendTestAlert posts one test alert to every Alertmanager of the configuration, given
// by the flag or as the one configuration among the files, and prints what each did
// with it: whether it took it, whom it would tell, and what silences or inhibits it.
func sendTestAlert(ctx context.Context, s streams, files []string, configFile string) error {
	if configFile == "" {
		if i := slices.IndexFunc(expand(files), isConfig); i >= 0 {
			configFile = expand(files)[i]
		}
	}
	if configFile == "" {
		return usage(s, errors.New("--send-test needs a configuration: slowburn check --send-test slowburn.yml"))
	}
	c, err := LoadConfig(configFile)
	if err != nil {
		return err
	}
	m, err := alerting.New(alerting.Options{Config: c.alerting()})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	results, err := m.SendTest(ctx, slo.Alert{})
	if err != nil {
		return err
	}
	failed := len(results) == 0
	if failed {
		fmt.Fprintf(s.err, "slowburn: no Alertmanager found: %s names none under alerting.alertmanagers, or none was discovered\n", configFile)
	}
	for _, r := range results {
		fmt.Fprintln(s.out, r.String())
		failed = failed || r.Err != nil
	}
	if failed {
		return exitCode(exitFailed)
	}
	return nil
}
