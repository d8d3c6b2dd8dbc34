package browser_test

import (
	"testing"
)

// TestPageWithoutData: a slowburn that watches nothing yet says what to do in every view.
func TestPageWithoutData(t *testing.T) {
	chromium := Start(t)
	base := Bare(t)
	for path, want := range map[string]string{
		"":                          "No objective yet.",
		"now":                       "Nothing burns.",
		"releases":                  "Releases",
		"status":                    "Nobody has written yet.",
		"objective?service=a&slo=b": "There is no objective a/b",
	} {
		p := chromium.Open(t, base, path, Desk)
		p.See(want)
		p.Accessible()
		p.FitsWidth()
	}
}

// TestBrokenFileIsShown: the excerpt of the file, at its place.
func TestBrokenFileIsShown(t *testing.T) {
	chromium := Start(t)
	base := Broken(t)
	p := chromium.Open(t, base, "status", Desk)
	p.See("3 errors in the configuration", "shop.yml:5:5", "targett: 99.9")
	p.Accessible()
	p.Shot("status-broken")
}
