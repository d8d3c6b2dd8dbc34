package tsdb_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/slowburn/slowburn/tsdb"
)

const childDir = "SLOWBURN_TEST_CHILD_DIR"

// child sends one counter to a receiver and prints each value that was
// acknowledged, until it is killed.
func child(dir string) {
	db, err := tsdb.OpenRaw(dir, tsdb.Options{MinFree: -1})
	if err != nil {
		panic(err)
	}
	sink := newRecorder()
	r, err := tsdb.NewReceiver(tsdb.ReceiverOptions{Store: db, Sink: sink, Bind: sink.Bind, Now: fixedNow(start.Add(10_000 * time.Hour))})
	if err != nil {
		panic(err)
	}
	first, _ := strconv.Atoi(os.Getenv("SLOWBURN_TEST_CHILD_FIRST"))
	t := &testing.T{}
	for i := first; ; i++ {
		body, ct := encode(t, i%2 == 0, series("acked_total").at(ms+int64(i)*1000, float64(i)))
		if w := post(r, body, ct); w.Code == 204 {
			fmt.Println(i)
		}
	}
}

func TestFault01_KillAtRandomMoments(t *testing.T) {
	kills := 6
	if n, err := strconv.Atoi(os.Getenv("SLOWBURN_KILLS")); err == nil {
		kills = n
	}
	if testing.Short() {
		kills = 2
	}
	dir := t.TempDir()
	acked := -1
	for range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir, fmt.Sprintf("SLOWBURN_TEST_CHILD_FIRST=%d", acked+1))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		upTo := acked + 1 + rand.IntN(3000)
		for lines.Scan() {
			if acked, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
			if acked >= upTo {
				_ = cmd.Process.Signal(syscall.SIGKILL)
				upTo = 1 << 60 // what it had written to the pipe counts too
			}
		}
		_ = cmd.Wait()

		db := openRaw(t, killed(t, dir), tsdb.Options{})
		got := read(t, db)[series("acked_total").lset().String()]
		if len(got) <= acked || got[acked].V != float64(acked) {
			t.Fatalf("%d was acknowledged, %d samples are there", acked, len(got))
		}
		for i, p := range got {
			if p.V != float64(i) {
				t.Fatalf("sample %d is %v", i, p)
			}
		}
		db.Close()
	}
	t.Logf("%d kills, %d samples acknowledged", kills, acked+1)
}
