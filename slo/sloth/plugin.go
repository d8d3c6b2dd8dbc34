package sloth

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slowburn/slowburn/slo"
	"github.com/slowburn/slowburn/slo/bind"
	"github.com/slowburn/slowburn/slo/document"
)

// meaning is what one of Sloth's common SLI plugins counts. Texts are matchers,
// with an option's value for $option.
type meaning struct {
	// metric is a counter, or a histogram's own name if latency is set.
	metric string
	// match are matchers of all events, bad those of the bad ones.
	match, bad string
	latency    bool
	// minus is a selector whose events are no events at all.
	minus string
	// required are the options that must be given, optional the others besides
	// filter, with their defaults.
	required []string
	optional map[string]string
}

// plugins are Sloth's common plugins by what they mean.
var plugins = map[string]meaning{
	"coredns/availability": {metric: "coredns_dns_responses_total", bad: `rcode=~"$custom_rcode_regex"`,
		optional: map[string]string{"custom_rcode_regex": "SERVFAIL"}},
	"coredns/latency":               {metric: "coredns_dns_request_duration_seconds", latency: true},
	"haproxy/frontend/availability": {metric: "haproxy_frontend_http_responses_total", bad: `code="5xx"`},
	"istio/v1/availability": {metric: "istio_requests_total", match: istioMatch, bad: `response_code=~"(5..|429)"`,
		required: []string{"service", "namespace"}},
	"istio/v1/latency": {metric: "istio_request_duration_milliseconds", match: istioMatch, latency: true,
		required: []string{"service", "namespace"}, optional: excludeErrors},
	"kubernetes/apiserver/availability": {metric: "apiserver_request_total", bad: badCodes},
	"kubernetes/apiserver/latency":      {metric: "apiserver_request_duration_seconds", match: `verb!="WATCH"`, latency: true},
	"kubernetes/kooper/availability": {metric: "kooper_controller_processed_event_duration_seconds_count", match: kooperMatch, bad: `success="false"`,
		minus: `kooper_controller_queued_events_total{controller="$controller",requeue="true"}`, required: []string{"controller"}},
	"kubernetes/kooper/latency": {metric: "kooper_controller_processed_event_duration_seconds", match: kooperMatch, latency: true,
		required: []string{"controller"}},
	"kubernetes/kooper/queue-congestion": {metric: "kooper_controller_event_in_queue_duration_seconds", match: kooperMatch, latency: true,
		required: []string{"controller"}},
	"kubernetes/nginx-ingress/availability": {metric: "nginx_ingress_controller_requests", bad: `status=~"(5..|429)"`},
	"linkerd/v2/availability":               {metric: "response_total", match: `direction="inbound"`, bad: `classification="failure"`, required: []string{"filter"}},
	"prometheus/rules/eval-availability":    {metric: "prometheus_rule_evaluations_total"},
	"prometheus/targets/availability":       {metric: "up"},
	"slok-go-http-metrics/availability":     {metric: "http_request_duration_seconds_count", bad: badCodes, required: []string{"filter"}},
	"slok-go-http-metrics/latency": {metric: "http_request_duration_seconds", latency: true,
		required: []string{"filter"}, optional: excludeErrors},
	"traefik/v1/availability": {metric: "traefik_backend_requests_total", match: `backend=~"$backend_regex"`, bad: badCodes,
		required: []string{"backend_regex"}},
	"traefik/v1/latency": {metric: "traefik_backend_request_duration_seconds", match: `backend=~"$backend_regex"`, latency: true,
		required: []string{"backend_regex"}, optional: excludeErrors},
	"traefik/v2/availability": {metric: "traefik_service_requests_total", match: `service=~"$service_name_regex"`, bad: badCodes,
		required: []string{"service_name_regex"}},
	"traefik/v2/latency": {metric: "traefik_service_request_duration_seconds", match: `service=~"$service_name_regex"`, latency: true,
		required: []string{"service_name_regex"}, optional: excludeErrors},
}

const (
	badCodes    = `code=~"(5..|429)"`
	istioMatch  = `destination_service_name="$service",destination_service_namespace="$namespace"`
	kooperMatch = `controller="$controller"`
)

var excludeErrors = map[string]string{"exclude_errors": ""}

// sliPlugin binds a common plugin by its meaning.
func (r reader) sliPlugin(idNode, optionsNode document.Node) slo.SLI {
	id := idNode.String()
	if id == "" {
		return slo.SLI{}
	}
	if id == "sloth-common/fake" || id == "sloth-common/noop" {
		idNode.Errorf("SLI plugin %s is for trials: it makes its numbers up, so there is nothing to count", id)
		return slo.SLI{}
	}
	if id == "sloth-common/linkerd/v2/latency" {
		idNode.Errorf("SLI plugin %s makes a query that is not PromQL: write response_latency_ms_count less its bucket as events", id)
		return slo.SLI{}
	}
	p, ok := plugins[strings.TrimPrefix(id, "sloth-common/")]
	if !ok || !strings.HasPrefix(id, "sloth-common/") {
		idNode.Errorf("SLI plugin %q is not known: it is a program of Sloth's; write the query it makes as events or raw", id)
		return slo.SLI{}
	}
	m := optionsNode.Mapping()
	options := map[string]string{}
	read := func(name, def string, required bool) {
		n := m.Get(name)
		v := strings.TrimSpace(n.String())
		switch {
		case v == "" && required:
			at := optionsNode
			if at.IsZero() {
				at = idNode
			}
			at.Errorf("option %q of plugin %s is missing", name, id)
		case v == "":
			v = def
		case strings.HasSuffix(name, "_regex"):
			if _, err := regexp.Compile(v); err != nil {
				n.Errorf("option %q: %v", name, err)
			}
		}
		options[name] = v
	}
	for _, name := range p.required {
		read(name, "", true)
	}
	for name, def := range p.optional {
		read(name, def, false)
	}
	if p.latency {
		read("bucket", "", true)
	}
	if !slices.Contains(p.required, "filter") {
		read("filter", "", false)
	}
	before := len(r.Doc.Problems())
	m.Done()
	bucket := 0.0
	if p.latency && options["bucket"] != "" {
		var err error
		if bucket, err = strconv.ParseFloat(options["bucket"], 64); err != nil {
			m.Get("bucket").Errorf("option \"bucket\": %q is not a number", options["bucket"])
		}
	}
	exclude := false
	if v := options["exclude_errors"]; v != "" {
		var err error
		if exclude, err = strconv.ParseBool(v); err != nil {
			m.Get("exclude_errors").Errorf("option \"exclude_errors\": want true or false, have %q", v)
		}
	}
	if len(r.Doc.Problems()) > before {
		return slo.SLI{}
	}
	return r.pluginTerms(idNode, p, options, bucket, exclude)
}

func (r reader) pluginTerms(at document.Node, p meaning, options map[string]string, bucket float64, exclude bool) slo.SLI {
	sli := slo.SLI{Births: slo.BirthsAuto}
	add := func(t slo.Term, selector string) {
		expr, err := bind.Selector(selector)
		if err != nil {
			at.Errorf("the options make no selector: %s: %v", selector, err)
			return
		}
		t.Matchers = expr
		sli.Terms = append(sli.Terms, t)
	}
	filter := strings.Trim(options["filter"], "{}, ")
	selector := func(metric string, matchers ...string) string {
		all := []string{filter}
		for _, m := range matchers {
			for name, v := range options {
				// As it is: Sloth takes its backslashes for PromQL's too.
				m = strings.ReplaceAll(m, "$"+name, v)
			}
			all = append(all, m)
		}
		if exclude {
			all = append(all, `code!~"5.."`)
		}
		all = slices.DeleteFunc(all, func(s string) bool { return s == "" })
		return fmt.Sprintf("%s{%s}", metric, strings.Join(all, ","))
	}
	switch {
	case p.metric == "up":
		add(slo.Term{Kind: slo.GaugeSlices, Total: 1}, selector("up"))
		add(slo.Term{Kind: slo.GaugeSlices, Op: "==", Bad: 1}, selector("up"))
	case p.metric == "prometheus_rule_evaluations_total":
		add(slo.Term{Total: 1}, selector(p.metric))
		add(slo.Term{Bad: 1}, selector("prometheus_rule_evaluation_failures_total"))
	case p.latency:
		add(slo.Term{Bad: 1, Total: 1}, selector(p.metric+"_count", p.match))
		add(slo.Term{Kind: slo.BucketBelow, Threshold: bucket, Bad: -1}, selector(p.metric+"_bucket", p.match))
	default:
		add(slo.Term{Total: 1}, selector(p.metric, p.match))
		add(slo.Term{Bad: 1}, selector(p.metric, p.match, p.bad))
		if p.minus != "" {
			name, rest, _ := strings.Cut(strings.TrimSuffix(p.minus, "}"), "{")
			add(slo.Term{Total: -1}, selector(name, rest))
		}
	}
	return sli
}
