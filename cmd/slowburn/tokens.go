package main

import (
	"fmt"
	"strings"

	"github.com/slowburn/slowburn/web/guard"
)

// parseTokens reads --web.token=NAME=SCOPE[,SCOPE]:FILE flags.
func parseTokens(flags []string) ([]guard.Token, error) {
	var all []guard.Token
	for _, f := range flags {
		name, rest, ok := strings.Cut(f, "=")
		scopes, file, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 || name == "" || file == "" {
			return nil, fmt.Errorf("web.token %q: want NAME=SCOPE[,SCOPE]:FILE, such as ci=gate:/etc/slowburn/ci.token", f)
		}
		t := guard.Token{Name: name, File: file}
		for _, s := range strings.Split(scopes, ",") {
			t.Scopes = append(t.Scopes, guard.Scope(s))
		}
		all = append(all, t)
	}
	return all, nil
}
