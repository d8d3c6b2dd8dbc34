package tsdb_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"

	"github.com/slowburn/slowburn/tsdb"
)

func TestHeadOfARequestIsCheckedInOrder(t *testing.T) {
	s := newStand(t, func(o *tsdb.ReceiverOptions) { o.Limits.Body = 1000 })
	good := snappy.Encode(nil, bodyV1(t, series("a").at(ms, 1)))
	huge := make([]byte, 1001)
	cases := []struct {
		name, method, ct, enc string
		body                  []byte
		want                  int
	}{
		{"method first", "GET", "text/plain", "gzip", huge, 405},
		{"then content type", "POST", "text/plain", "gzip", huge, 415},
		{"then encoding", "POST", typeV1, "gzip", huge, 415},
		{"then size", "POST", typeV1, "snappy", huge, 413},
		{"unknown message", "POST", typeV1 + ";proto=other", "snappy", good, 415},
		{"named 1.0", "POST", typeV1 + ";proto=prometheus.WriteRequest", "snappy", good, 204},
		{"nothing named", "POST", "", "", good, 204},
		{"2.0 body as 1.0", "POST", typeV1, "snappy", snappy.Encode(nil, []byte{0x0a, 0x7f}), 400},
		{"not snappy", "POST", typeV1, "snappy", []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 400},
		{"snappy cut", "POST", typeV1, "snappy", good[:len(good)-3], 400},
		{"empty body", "POST", typeV1, "snappy", nil, 400},
		{"empty message", "POST", typeV2, "snappy", snappy.Encode(nil, nil), 204},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			req := httptest.NewRequest(c.method, "/api/v1/write", bytes.NewReader(c.body))
			req.Header.Set("Content-Type", c.ct)
			req.Header.Set("Content-Encoding", c.enc)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, req)
			if w.Code != c.want {
				t.Errorf("want %d, have %d: %s", c.want, w.Code, w.Body)
			}
		})
	}
}

// field encodes a length-delimited protobuf field.
func field(number int, b []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(number<<3|2))
	return append(binary.AppendUvarint(out, uint64(len(b))), b...)
}

// bombs are bodies, uncompressed, that are far larger once they are understood.
func bombs() map[string]struct {
	ct   string
	body []byte
} {
	type bomb = struct {
		ct   string
		body []byte
	}
	const size = 31 << 20
	name := field(1, append(field(1, []byte("__name__")), field(2, []byte("a"))...))
	label := field(1, append(field(1, []byte("l")), field(2, []byte("v"))...))
	packed := func(n int) []byte { return make([]byte, n) }
	// 50,000 series, each of 60 labels with the same 4,000 byte symbol.
	symbols := field(4, nil)
	symbols = append(symbols, field(4, []byte("__name__"))...)
	symbols = append(symbols, field(4, []byte("a"))...)
	symbols = append(symbols, field(4, bytes.Repeat([]byte("v"), 4000))...)
	for i := range 60 {
		symbols = append(symbols, field(4, []byte{'l', byte('0' + i/10), byte('0' + i%10)})...)
	}
	symbolBomb := bytes.Clone(symbols)
	for i := range 50_000 {
		refs := []byte{1, 2}
		for l := range 60 {
			refs = append(refs, byte(4+l), 3)
		}
		sample := append([]byte{0x09}, binary.LittleEndian.AppendUint64(nil, uint64(i))...)
		sample = append(sample, 0x10)
		sample = binary.AppendUvarint(sample, uint64(ms)+uint64(i))
		symbolBomb = append(symbolBomb, field(5, append(field(1, refs), field(2, sample)...))...)
	}
	return map[string]bomb{
		"empty series 1.0":  {typeV1, bytes.Repeat([]byte{0x0a, 0}, size/2)},
		"empty series 2.0":  {typeV2, append(field(4, nil), bytes.Repeat([]byte{0x2a, 0}, size/2)...)},
		"empty samples 1.0": {typeV1, field(1, append(bytes.Clone(name), bytes.Repeat([]byte{0x12, 0}, size/2)...))},
		"empty symbols":     {typeV2, bytes.Repeat([]byte{0x22, 0}, size/2)},
		"empty histograms":  {typeV1, field(1, append(bytes.Clone(name), bytes.Repeat([]byte{0x22, 0}, size/2)...))},
		"deltas":            {typeV1, field(1, append(bytes.Clone(name), field(4, field(12, packed(size)))...))},
		"spans":             {typeV1, field(1, append(bytes.Clone(name), field(4, bytes.Repeat([]byte{0x5a, 0}, size/2))...))},
		"custom values":     {typeV1, field(1, append(bytes.Clone(name), field(4, bytes.Repeat(field(16, packed(8)), size/10))...))},
		"labels 1.0":        {typeV1, field(1, append(bytes.Clone(name), bytes.Repeat(label, size/len(label))...))},
		"label refs":        {typeV2, append(bytes.Clone(symbols), field(5, append(field(1, bytes.Repeat([]byte{1}, size)), 0x12, 0))...)},
		"exemplars":         {typeV1, field(1, append(append(bytes.Clone(name), 0x12, 0), bytes.Repeat([]byte{0x1a, 0}, size/2-20)...))},
		"metadata":          {typeV1, bytes.Repeat([]byte{0x1a, 0}, size/2)},
		"symbols":           {typeV2, symbolBomb},
	}
}

// allocated runs f and returns the bytes it allocated.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// ceiling is what one request may allocate: the promise is 64 MiB at a time, beside
// which growing slices leave some garbage.
const ceiling = 96 << 20

func TestFault18_BombsCostAtMostTheirBudget(t *testing.T) {
	for name, bomb := range bombs() {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, nil)
			body := snappy.Encode(nil, bomb.body)
			bomb.body = nil
			req := httptest.NewRequest("POST", "/api/v1/write", bytes.NewReader(body))
			req.Header.Set("Content-Type", bomb.ct)
			req.Header.Set("Content-Encoding", "snappy")
			w := httptest.NewRecorder()
			if n := allocated(func() { s.ServeHTTP(w, req) }); n > ceiling {
				t.Errorf("allocated %d MiB for a body of %d KiB", n>>20, len(body)>>10)
			}
			if w.Code/100 == 5 && w.Code != 503 {
				t.Errorf("code %d: %.200s", w.Code, w.Body)
			}
			if w.Body.Len() > 64<<10 {
				t.Errorf("an answer of %d bytes", w.Body.Len())
			}
			send(t, s, false, 204, series("after").at(ms, 1))
			var b strings.Builder
			s.set.WritePrometheus(&b)
			if !strings.Contains(b.String(), "slowburn_ingest_in_flight_bytes 0\n") {
				t.Error("the memory of the request was not given back")
			}
		})
	}
}

func TestFault18_DeclaredSizesAreCheckedBeforeMemoryIsTaken(t *testing.T) {
	s := newStand(t, nil)
	for name, c := range map[string]struct {
		body []byte
		want int
	}{
		"4 GiB declared":    {binary.AppendUvarint(nil, 1<<32-1), 413},
		"33 MiB declared":   {binary.AppendUvarint(nil, 33<<20), 413},
		"31 MiB of nothing": {binary.AppendUvarint(nil, 31<<20), 400},
	} {
		req := httptest.NewRequest("POST", "/api/v1/write", bytes.NewReader(c.body))
		w := httptest.NewRecorder()
		if n := allocated(func() { s.ServeHTTP(w, req) }); n > 1<<20 || w.Code != c.want {
			t.Errorf("%s: code %d, want %d, allocated %d", name, w.Code, c.want, n)
		}
	}
	// A body that declares nothing and does not end.
	req := httptest.NewRequest("POST", "/api/v1/write", io.NopCloser(endless{}))
	req.ContentLength = -1
	w := httptest.NewRecorder()
	if n := allocated(func() { s.ServeHTTP(w, req) }); n > ceiling || w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("endless body: code %d, allocated %d", w.Code, n)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestFault18_RequestsInFlightAreLimited(t *testing.T) {
	s := newStand(t, func(o *tsdb.ReceiverOptions) { o.Limits.InFlight = 1 << 20 })
	gate, entered := make(chan struct{}), make(chan struct{})
	body := snappy.Encode(nil, bodyV1(t, series("a").at(ms, 1)))
	slow := &slowBody{Reader: bytes.NewReader(body), entered: entered, gate: gate}
	var wg sync.WaitGroup
	wg.Add(1)
	var first *httptest.ResponseRecorder
	go func() {
		defer wg.Done()
		req := httptest.NewRequest("POST", "/api/v1/write", slow)
		req.ContentLength = 900 << 10
		first = httptest.NewRecorder()
		s.ServeHTTP(first, req)
	}()
	<-entered
	body2, ct := encode(t, true, series("b").at(ms, 1))
	if w := post(s, body2, ct); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("while full: %d %v", w.Code, w.Header())
	}
	close(gate)
	wg.Wait()
	if first.Code != 204 {
		t.Errorf("the first request: %d %s", first.Code, first.Body)
	}
	if w := post(s, body2, ct); w.Code != 204 {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
}

type slowBody struct {
	io.Reader
	once          sync.Once
	entered, gate chan struct{}
}

func (s *slowBody) Read(p []byte) (int, error) {
	s.once.Do(func() { close(s.entered); <-s.gate })
	return s.Reader.Read(p)
}

func TestABrokenConnectionIsNoSample(t *testing.T) {
	s := newStand(t, nil)
	req := httptest.NewRequest("POST", "/api/v1/write", io.NopCloser(io.MultiReader(bytes.NewReader([]byte{1}), broken{})))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	if w.Code != 400 {
		t.Error(w.Code)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestSymbolReferencesAreChecked(t *testing.T) {
	s := newStand(t, nil)
	good := bodyV2(t, series("good").at(ms, 1))
	sample := []byte{0x12, 2, 0x10, 1}
	for name, c := range map[string]struct {
		refs []byte
		want string
	}{
		"out of range": {[]byte{1, 99}, "refers to no symbol"},
		"odd":          {[]byte{1}, "no value"},
	} {
		bad := append(bytes.Clone(good), field(5, append(field(1, c.refs), sample...))...)
		w := post(s, bad, typeV2)
		if w.Code != 400 || !strings.Contains(w.Body.String(), c.want) || w.Header().Get("X-Prometheus-Remote-Write-Samples-Written") != "1" {
			t.Errorf("%s: %d %s %v", name, w.Code, w.Body, w.Header())
		}
	}
	if w := post(s, append(field(4, []byte("x")), field(5, sample)...), typeV2); w.Code != 400 {
		t.Errorf("first symbol not empty: %d", w.Code)
	}
	if w := post(s, append(bytes.Clone(good), field(5, field(1, []byte{1, 2}))...), typeV2); w.Code != 400 || s.dropped("empty") != 1 {
		t.Errorf("a series without samples: %d, %d", w.Code, s.dropped("empty"))
	}
}

// fuzzReceiver begins with the bodies of testdata/fuzz, which plain go test sends too:
// those named by what is right or wrong with them were written, those named by a hash
// were found, and each reaches lines that no other does.
func fuzzReceiver(f *testing.F, ct string) {
	for _, v2 := range []bool{false, true} {
		h := series("h", "x", "1").at(ms, 1)
		h.Histograms = []prompb.Histogram{{Schema: 3, Timestamp: ms, PositiveDeltas: []int64{1, -1}, PositiveSpans: []prompb.BucketSpan{{Offset: 1, Length: 2}}}}
		h.Exemplars = []prompb.Exemplar{{Labels: []prompb.Label{{Name: "a", Value: "b"}}, Timestamp: ms}}
		body, _ := encode(f, v2, h, series("b").at(ms, 2))
		f.Add(body)
	}
	f.Add([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte{})
	s := newStand(f, func(o *tsdb.ReceiverOptions) { o.Limits.Request = 8 << 20 })
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 1<<20 {
			return
		}
		var w *httptest.ResponseRecorder
		// A request's budget of 8 MiB, and as much garbage of growing slices; the TSDB's and
		// the test's own part goes with the body.
		n := allocated(func() { w = post(s, body, ct) })
		if limit := uint64(16<<20 + 64*len(body)); n > limit {
			t.Fatalf("allocated %d bytes for a body of %d", n, len(body))
		}
		switch w.Code {
		case 204, 400, 413, 503:
		default:
			t.Fatalf("code %d: %s", w.Code, w.Body)
		}
	})
}

func FuzzDecodeV1(f *testing.F) { fuzzReceiver(f, typeV1) }
func FuzzDecodeV2(f *testing.F) { fuzzReceiver(f, typeV2) }
