package slo

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// TraceURL says where a trace is shown. In it ${label} stands for the value of an
// exemplar's label. The zero value shows none.
type TraceURL struct {
	text   string
	labels []string
}

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// ParseTraceURL reads one such as https://tempo.example.org/trace/${trace_id}.
func ParseTraceURL(text string) (TraceURL, error) {
	u := TraceURL{text: text}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if m[1] == "" {
			return TraceURL{}, errors.New("${} names no label")
		}
		u.labels = append(u.labels, m[1])
	}
	if len(u.labels) == 0 {
		return TraceURL{}, errors.New("it names no label of an exemplar, such as ${trace_id}")
	}
	// No label may choose the scheme or the host.
	site, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(text, "http://"), "https://"), "/")
	parsed, err := url.Parse(placeholder.ReplaceAllString(text, "x"))
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" || strings.ContainsAny(site, "$?#") {
		return TraceURL{}, errors.New("it is no http or https URL with its host written out")
	}
	return u, nil
}

// IsZero says whether no trace is shown.
func (u TraceURL) IsZero() bool { return u.text == "" }

// Link leads to the trace of an exemplar with these labels; empty if one is missing
// that the URL names. Values are escaped: who can be scraped writes them.
func (u TraceURL) Link(exemplar labels.Labels) string {
	for _, name := range u.labels {
		if exemplar.Get(name) == "" {
			return ""
		}
	}
	return placeholder.ReplaceAllStringFunc(u.text, func(p string) string {
		return strings.ReplaceAll(url.QueryEscape(exemplar.Get(p[2:len(p)-1])), "+", "%20")
	})
}

// String is the URL as it was written.
func (u TraceURL) String() string { return u.text }

// MarshalYAML writes it as it was written.
func (u TraceURL) MarshalYAML() (any, error) { return u.text, nil }
