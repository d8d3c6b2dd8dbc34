package native

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/slowburn/slowburn/slo"
)

// Write writes objectives in our own format, a document for each service, in order.
// Objectives come from other formats, and keep what is theirs under "imported";
// reading what was written gives the same ones.
func Write(objectives []*slo.Objective) ([]byte, error) {
	var services []string
	by := map[string][]*slo.Objective{}
	for _, o := range objectives {
		if by[o.Service] == nil {
			services = append(services, o.Service)
		}
		by[o.Service] = append(by[o.Service], o)
	}
	var out bytes.Buffer
	for i, service := range services {
		if i > 0 {
			out.WriteString("---\n")
		}
		var list []any
		for _, o := range by[service] {
			if o.Format == slo.FormatNative {
				return nil, fmt.Errorf("write objective %s: it is in slowburn's format already, at %s", o.ID(), o.Source)
			}
			item, err := objectiveMap(o)
			if err != nil {
				return nil, fmt.Errorf("write objective %s: %w", o.ID(), err)
			}
			list = append(list, item)
		}
		text, err := yaml.MarshalWithOptions(keys("version", string(slo.FormatNative), "service", service, "objectives", list), yaml.IndentSequence(true))
		if err != nil {
			return nil, fmt.Errorf("write objectives of %s: %w", service, err)
		}
		out.Write(text)
	}
	return out.Bytes(), nil
}

// keys is a mapping in the order given; values that say nothing are left out.
func keys(pairs ...any) yaml.MapSlice {
	var out yaml.MapSlice
	for i := 0; i < len(pairs); i += 2 {
		switch v := pairs[i+1].(type) {
		case string:
			if v == "" {
				continue
			}
		case map[string]string:
			if len(v) == 0 {
				continue
			}
			pairs[i+1] = sorted(v)
		case yaml.MapSlice:
			if len(v) == 0 {
				continue
			}
		case []any:
			if len(v) == 0 {
				continue
			}
		}
		out = append(out, yaml.MapItem{Key: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func sorted(m map[string]string) yaml.MapSlice {
	var out yaml.MapSlice
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, yaml.MapItem{Key: k, Value: m[k]})
	}
	return out
}

// number is written as a person would: no exponent, no digits that change nothing.
type number float64

// MarshalYAML writes it.
func (n number) MarshalYAML() ([]byte, error) {
	return []byte(strconv.FormatFloat(float64(n), 'f', -1, 64)), nil
}

// percentage writes a ratio so that reading it gives the same ratio.
type percentage float64

// MarshalYAML moves the point by two digits in the text: 0.9995 is 99.95.
func (p percentage) MarshalYAML() ([]byte, error) {
	text := strconv.FormatFloat(float64(p), 'f', -1, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	for len(fraction) < 2 {
		fraction += "0"
	}
	whole = strings.TrimLeft(whole+fraction[:2], "0")
	if whole == "" {
		whole = "0"
	}
	if fraction = fraction[2:]; fraction != "" {
		whole += "." + fraction
	}
	return []byte(whole), nil
}

func objectiveMap(o *slo.Objective) (yaml.MapSlice, error) {
	sli, err := sliMap(&o.SLI)
	if err != nil {
		return nil, err
	}
	var by []any
	if o.SLI.Query == nil && sli[0].Key != "query" {
		for _, name := range o.SLI.By {
			by = append(by, name)
		}
	}
	w, zone := o.Windows[0], ""
	if w.Calendar != "" && w.Zone != nil {
		zone = w.Zone.String()
	}
	return keys(
		"name", o.Name, "description", o.Description, "owner", o.Owner,
		"target", percentage(o.Target), "window", w.String(), "time_zone", zone,
		"runbook", address(o.Runbook), "dashboard", address(o.Dashboard),
		"by", by, "sli", sli, "imported", importedMap(o),
	), nil
}

// address leaves out what is no address: it stays among the alerts' annotations.
func address(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}

func importedMap(o *slo.Objective) yaml.MapSlice {
	var alerts []any
	for _, r := range o.Rules {
		var pairs []any
		for _, p := range r.Pairs {
			pairs = append(pairs, keys("long", slo.FormatDuration(p.Long), "short", slo.FormatDuration(p.Short), "factor", number(p.Factor)))
		}
		alert := keys("key", r.Key, "name", r.AlertName, "severity", r.Severity, "for", duration(r.For), "keep_firing_for", duration(r.KeepFiringFor))
		if r.MinBadEvents > 0 {
			alert = append(alert, yaml.MapItem{Key: "min_bad_events", Value: number(r.MinBadEvents)})
		}
		alerts = append(alerts, append(alert, keys("pairs", pairs, "labels", r.Labels, "annotations", r.Annotations)...))
	}
	var absent yaml.MapSlice
	if a := o.Absent; a != nil {
		absent = keys("name", a.AlertName, "severity", a.Severity, "for", duration(a.For), "labels", a.Labels, "annotations", a.Annotations)
	}
	return keys("format", string(o.Format), "labels", o.Labels, "alerts", alerts, "absent", absent)
}

// duration is written if there is one.
func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return slo.FormatDuration(d)
}
