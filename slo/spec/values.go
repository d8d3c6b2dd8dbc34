package spec

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/document"
)

var namePattern = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`)

// Name reads a name that is safe in labels, URLs and IDs.
func (r *Reader) Name(n document.Node, what string) string {
	s, ok := n.Text()
	switch {
	case !ok:
	case s == "":
		n.Errorf("%s is empty", what)
	case len(s) > 128:
		n.Errorf("%s is longer than 128 characters", what)
	case !namePattern.MatchString(s):
		n.Errorf("%s %q: want letters, digits, \"-\", \"_\" and \".\", beginning and ending with a letter or digit", what, s)
	}
	return s
}

// Percent reads a percentage as a ratio: 99.95 is 0.9995 exactly as a person
// would write it, not 99.95/100, whose last digit may differ.
func (r *Reader) Percent(n document.Node) (float64, bool) {
	_, text, ok := n.Number()
	if !ok {
		return 0, false
	}
	v, err := ratio(text)
	return v, err == nil
}

// TextPercent is Percent of a number that may stand in quotes.
func (r *Reader) TextPercent(n document.Node) (float64, bool) {
	text, ok := n.Text()
	if !ok {
		return 0, false
	}
	v, err := ratio(strings.TrimSpace(text))
	if err != nil {
		n.Errorf("want a percentage such as \"99.9\", have %s", n.Kind())
	}
	return v, err == nil
}

func ratio(percent string) (float64, error) {
	if v, err := strconv.ParseFloat(percent+"e-2", 64); err == nil {
		return v, nil
	}
	v, err := strconv.ParseFloat(percent, 64) // with an exponent, or in hexadecimal
	return v / 100, err
}

// Duration reads a duration in Prometheus's syntax; missing is 0.
func (r *Reader) Duration(n document.Node) time.Duration {
	if n.IsZero() {
		return 0
	}
	d, err := slo.ParseDuration(n.String())
	if err != nil {
		n.Errorf("%v: want a duration such as 5m", err)
	}
	return d
}

// Labels reads label names and values. set names those that slowburn itself sets,
// with what to write instead.
func (r *Reader) Labels(n document.Node, set map[string]string) map[string]string {
	for _, e := range n.Mapping().Entries() {
		instead, taken := set[e.Name]
		switch {
		case !model.LabelName(e.Name).IsValidLegacy():
			e.Key.Errorf("%q is not a label name: want letters, digits and \"_\", not beginning with a digit", e.Name)
		case strings.HasPrefix(e.Name, "__"):
			e.Key.Errorf("label names that begin with \"__\" are Prometheus's own")
		case taken:
			e.Key.Errorf("label %q cannot be set here: %s", e.Name, instead)
		}
	}
	return n.StringMap()
}

// Groups reads the labels that make one budget each, sorted.
func (r *Reader) Groups(n document.Node) []string {
	var by []string
	for _, v := range n.OneOrMore() {
		name := v.String()
		switch {
		case !model.UTF8Validation.IsValidLabelName(name) || strings.HasPrefix(name, "__"):
			v.Errorf("%q is not a label name", name)
		case name == "le":
			v.Errorf("\"le\" tells a histogram's buckets apart, not users: it cannot make budgets")
		case slices.Contains(by, name):
			v.Errorf("label %q stands twice", name)
		}
		by = append(by, name)
	}
	slices.Sort(by)
	return by
}

// URL reads an address of http or https.
func (r *Reader) URL(n document.Node) string {
	s := n.String()
	if s == "" {
		return ""
	}
	if u, err := url.Parse(s); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		n.Errorf("%q is not an address: want https://…", s)
	}
	return s
}

// Merge returns base with what over adds or replaces; nil if there is nothing.
func Merge(base, over map[string]string) map[string]string {
	if len(base)+len(over) == 0 {
		return nil
	}
	out := maps.Clone(base)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, over)
	return out
}
