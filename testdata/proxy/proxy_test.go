package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slowburn/slowburn/testdata/proxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestProxy(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Write(b)
	}))
	t.Cleanup(backend.Close)
	p := proxy.New(t, strings.TrimPrefix(backend.URL, "http://"))

	// ask posts 1,000 bytes and says what came of it.
	ask := func(timeout time.Duration) string {
		transport := &http.Transport{DisableKeepAlives: true}
		client := &http.Client{Transport: transport, Timeout: timeout}
		defer transport.CloseIdleConnections()
		resp, err := client.Post("http://"+p.Addr(), "text/plain", strings.NewReader(strings.Repeat("x", 1000)))
		if err != nil {
			return "no answer"
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		switch {
		case err != nil:
			return "cut"
		case resp.StatusCode != http.StatusOK:
			return resp.Status
		case len(b) != 1000:
			return "short"
		}
		return "whole"
	}

	for _, c := range []struct {
		name string
		set  proxy.Behaviour
		want string
	}{
		{"relays", proxy.Behaviour{}, "whole"},
		{"refuses", proxy.Behaviour{Refuse: true}, "no answer"},
		{"swallows", proxy.Behaviour{Swallow: true}, "no answer"},
		{"answers 500", proxy.Behaviour{Status: 500}, "500 Internal Server Error"},
		{"cuts in the body", proxy.Behaviour{CutAfter: 300}, "no answer"},
		{"throttles past the client's patience", proxy.Behaviour{BytesPerSecond: 100}, "no answer"},
		{"throttles", proxy.Behaviour{BytesPerSecond: 50_000}, "whole"},
		{"delays", proxy.Behaviour{Delay: 100 * time.Millisecond}, "whole"},
		{"relays again", proxy.Behaviour{}, "whole"},
	} {
		p.Set(c.set)
		if have := ask(time.Second); have != c.want {
			t.Errorf("%s: want %q, have %q", c.name, c.want, have)
		}
	}
}

func TestSetCutsOpenConnections(t *testing.T) {
	hold := make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}))
	defer backend.Close()
	defer close(hold)
	p := proxy.New(t, strings.TrimPrefix(backend.URL, "http://"))

	failed := make(chan error, 1)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	go func() {
		resp, err := (&http.Client{Transport: transport}).Get("http://" + p.Addr())
		if err == nil {
			resp.Body.Close()
		}
		failed <- err
	}()
	for p.Accepted() == 0 {
		time.Sleep(time.Millisecond)
	}
	p.Set(proxy.Behaviour{Refuse: true})
	if err := <-failed; err == nil {
		t.Fatal("want the open connection cut, have an answer")
	}
}
