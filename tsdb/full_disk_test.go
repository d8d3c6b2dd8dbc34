package tsdb_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/slowburn/slowburn/tsdb"
)

// TestFault04_TmpfsFillsUp fills a real file system of 64 MiB with ballast, frees
// it again, and counts what was acknowledged. It needs the right to mount one.
func TestFault04_TmpfsFillsUp(t *testing.T) {
	mount := t.TempDir()
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=64m"); err != nil {
		t.Skip("mount a tmpfs:", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(mount, syscall.MNT_DETACH) })
	dir, ballast := filepath.Join(mount, "data"), filepath.Join(mount, "ballast")

	s := newStandOver(t, dir, tsdb.Options{}, nil)
	run(t, s.db)
	// A sender that keeps what was refused for now, in order, as Prometheus does.
	type request struct {
		body []byte
		ct   string
	}
	var queue []request
	want := map[string][]point{}
	refused := 0
	flush := func() {
		for len(queue) > 0 {
			switch w := post(s, queue[0].body, queue[0].ct); w.Code {
			case 204:
				queue = queue[1:]
			case 503:
				refused++
				return
			default:
				t.Fatal(w.Code, w.Body)
			}
		}
	}
	write := func(from, n int) {
		for i := from; i < from+n; i++ {
			var batch []sent
			for k := range 50 {
				x := series("m", "k", fmt.Sprint(k)).at(ms+int64(i)*1000, float64(i*k))
				batch = append(batch, x)
				want[x.lset().String()] = append(want[x.lset().String()], point{x.Samples[0].Timestamp, x.Samples[0].Value})
			}
			body, ct := encode(t, i%2 == 0, batch...)
			queue = append(queue, request{body, ct})
			flush()
		}
	}
	for round := range 3 {
		write(round*600, 200)
		full := fill(t, ballast)
		write(round*600+200, 200)
		if refused == 0 {
			t.Fatalf("round %d: nothing was refused with %d bytes of ballast", round, full)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(20 * time.Second)
		for s.db.Writable() != nil && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond) // the disk's time, not ours
		}
		write(round*600+400, 200)
		if len(queue) > 0 {
			t.Fatalf("round %d: %d requests are refused after the disk was free again", round, len(queue))
		}
	}
	fed := map[string]int{}
	for _, x := range s.sink.take() {
		fed[x]++
	}
	for k, ps := range want {
		for _, p := range ps {
			if x := fmt.Sprintf("%s t=%d v=%g", k, p.T-ms, p.V); fed[x] != 1 {
				t.Fatalf("%s was fed %d times", x, fed[x])
			}
		}
	}
	check := func(what string, db *tsdb.DB) {
		got := read(t, db)
		for k, ps := range want {
			if fmt.Sprint(ps) != fmt.Sprint(got[k]) {
				t.Errorf("%s: %s: %d samples acknowledged, %d there", what, k, len(ps), len(got[k]))
			}
		}
	}
	check("running", s.db)
	check("after a kill", openRaw(t, killed(t, dir), tsdb.Options{}))
	t.Logf("%d requests refused, %d samples of each series kept", refused, len(want[series("m", "k", "1").lset().String()]))
}

// fill writes until nothing more fits.
func fill(t *testing.T, name string) (n int) {
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for chunk := 1 << 20; chunk > 0; chunk /= 2 {
		for {
			w, err := f.Write(make([]byte, chunk))
			n += w
			if err != nil {
				break
			}
		}
	}
	return n
}
