package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slowburn/slowburn/slo/document"
)

// A configuration holds passwords, and what is wrong with it is logged, answered and
// shown on the page. Under the keys that may hold any, an excerpt shows keys alone, and
// values where every key of the line is known for one without secrets.

var (
	excerptLine = regexp.MustCompile(`(?m)^([> ] +(\d+) \| )(.*)$`)
	keyInLine   = regexp.MustCompile(`([A-Za-z_][\w.-]*)["']?\s*:(?:\s|$)`)
	keyOfLine   = regexp.MustCompile(`^(\s*(?:- +)*(?:"[^"]*"|'[^']*'|[A-Za-z_][\w.-]*)\s*:)(?:\s.*)?$`)
	// quotedValue is how yaml's decoder quotes what it could not take.
	quotedValue = regexp.MustCompile("`[^`]*`")
	userOfURL   = regexp.MustCompile(`://[^/\s"]*@`)
)

// harmless are keys of the alerting block whose values are no secrets.
var harmless = []string{
	"alertmanagers", "static_configs", "targets", "scheme", "timeout", "api_version", "path_prefix",
	"alert_relabel_configs", "relabel_configs", "action", "regex", "source_labels", "target_label", "replacement", "separator", "modulus",
	"file_sd_configs", "files", "dns_sd_configs", "names", "type", "port", "refresh_interval", "after", "every",
}

// conceal takes values that may be secrets out of a problem of the configuration.
func conceal(p document.Problem, text []byte) document.Problem {
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	p.Excerpt = excerptLine.ReplaceAllStringFunc(p.Excerpt, func(line string) string {
		part := excerptLine.FindStringSubmatch(line)
		n, err := strconv.Atoi(part[2])
		if err == nil && !mayHoldSecrets(lines, n) {
			return withoutUser(line)
		}
		key := keyOfLine.FindStringSubmatch(part[3])
		switch {
		case key == nil:
			return part[1] + "…"
		case len(key[1]) == len(strings.TrimRight(part[3], " ")):
			return line
		}
		return part[1] + key[1] + " …"
	})
	if mayHoldSecrets(lines, p.Line) {
		p.Msg = withoutUser(quotedValue.ReplaceAllString(p.Msg, "`…`"))
	}
	return p
}

// mayHoldSecrets says whether the line of that number, from 1, is not known to be without.
// It may be of a text that cannot be parsed, so it goes by the first column.
func mayHoldSecrets(lines []string, n int) bool {
	if n >= 1 && n <= len(lines) {
		keys := keyInLine.FindAllStringSubmatch(lines[n-1], -1)
		if len(keys) > 0 && !slices.ContainsFunc(keys, func(key []string) bool { return !slices.Contains(harmless, key[1]) }) {
			return false
		}
	}
	for i := min(n, len(lines)) - 1; i >= 0; i-- {
		line := lines[i]
		if line == "" || strings.ContainsAny(line[:1], " \t#-}])") {
			continue
		}
		key, _, _ := strings.Cut(line, ":")
		return key == "alerting" || key == "remote_write" || !slices.Contains(configKeys, key)
	}
	return true
}

// withoutUser takes name and password out of the URLs in a text.
func withoutUser(text string) string { return userOfURL.ReplaceAllString(text, "://<secret>@") }
