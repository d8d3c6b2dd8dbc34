package slo_test

import (
	"net/url"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slowburn/slowburn/slo"
)

// TestBudgetLink: the link leads to one segment, whatever its labels hold, and reads
// back as it was.
func TestBudgetLink(t *testing.T) {
	o := &slo.Objective{Service: "shop/eu", Name: "a&b"}
	for _, c := range []struct {
		groups   labels.Labels
		id, link string
	}{
		{labels.EmptyLabels(), "shop%2Feu/a%26b", "/objective?service=shop%2Feu&slo=a%26b"},
		{labels.FromStrings("region", "eu west"), "shop%2Feu/a%26b/region/eu+west", "/objective?service=shop%2Feu&slo=a%26b&segment=shop%252Feu%2Fa%2526b%2Fregion%2Feu%2Bwest"},
		{labels.FromStrings("path", `"><script>`), "shop%2Feu/a%26b/path/%22%3E%3Cscript%3E", "/objective?service=shop%2Feu&slo=a%26b&segment=shop%252Feu%2Fa%2526b%2Fpath%2F%2522%253E%253Cscript%253E"},
	} {
		if have := slo.BudgetID(o, c.groups); have != c.id {
			t.Errorf("%s: want ID %s, have %s", c.groups, c.id, have)
		}
		link := slo.BudgetLink(o, c.groups)
		if link != c.link {
			t.Errorf("%s: want %s, have %s", c.groups, c.link, link)
		}
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		if segment := u.Query().Get("segment"); !c.groups.IsEmpty() && segment != c.id {
			t.Errorf("%s: want segment %s read back, have %s", c.groups, c.id, segment)
		}
	}
}
