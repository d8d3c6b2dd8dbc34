package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v2"
)

// printRemoteWriteCommand is `slowburn print remote-write`.
func printRemoteWriteCommand(parent *kingpin.CmdClause) command {
	c := parent.Command("remote-write", "Print the remote_write block that makes Prometheus send what the objectives read, and nothing else.")
	files := c.Arg("file", "SLO files, or patterns of such; by default those of the configuration.").Strings()
	config := c.Flag("config.file", "Configuration file.").Default("slowburn.yml").String()
	url := c.Flag("url", "Where Prometheus reaches slowburn.").Default("http://127.0.0.1:9797/api/v1/write").String()
	version := c.Flag("protocol", "Remote-write protocol: 1.0, or 2.0, which tells when counters were born (Prometheus 3.0 and newer).").Default("1.0").Enum("1.0", "2.0")
	return command{clause: c, run: func(_ context.Context, s streams) error {
		objectives, err := loadObjectives(*config, *files)
		if err != nil {
			return err
		}
		if len(objectives) == 0 {
			return fmt.Errorf("there are no objectives: nothing needs to be sent")
		}
		block := remoteWrite{URL: *url, Name: "slowburn", SendNativeHistograms: true}
		if *version == "2.0" {
			block.ProtobufMessage = "io.prometheus.write.v2.Request"
		}
		besides, err := versionSelectors(*config, *files)
		if err != nil {
			return err
		}
		if keep := keepRule(objectives, besides...); keep != nil {
			block.WriteRelabelConfigs = []keepConfig{*keep}
		}
		text, err := yaml.Marshal(struct {
			RemoteWrite []remoteWrite `yaml:"remote_write"`
		}{[]remoteWrite{block}})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "# What %s read; print it again when they change.\n%s", plural(len(objectives), "objective"), text)
		return err
	}}
}

// versionSelectors are those by which the configuration finds releases; none if SLO
// files were named instead of it.
func versionSelectors(configFile string, files []string) ([][]*labels.Matcher, error) {
	if len(files) > 0 {
		return nil, nil
	}
	c, err := LoadConfig(configFile)
	if err != nil {
		return nil, err
	}
	var out [][]*labels.Matcher
	for _, d := range c.Releases.Detectors {
		out = append(out, d.Matchers)
	}
	return out, nil
}

// remoteWrite is the part of Prometheus's remote_write that we set.
type remoteWrite struct {
	URL                  string       `yaml:"url"`
	Name                 string       `yaml:"name"`
	ProtobufMessage      string       `yaml:"protobuf_message,omitempty"`
	SendNativeHistograms bool         `yaml:"send_native_histograms"`
	WriteRelabelConfigs  []keepConfig `yaml:"write_relabel_configs,omitempty"`
}

// keepConfig is a relabelling rule.
type keepConfig struct {
	SourceLabels []string `yaml:"source_labels,flow"`
	Regex        string   `yaml:"regex"`
	Action       string   `yaml:"action"`
}
