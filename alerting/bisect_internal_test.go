package alerting

import (
	"errors"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// Whatever is bad in a batch: no good alert is refused, no bad one accepted, none
// is lost or taken twice, and one bad alert costs 2·log2(n)+1 requests at most.
func TestOfferFindsTheBad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bad := rapid.SliceOfN(rapid.SampledFrom([]bool{false, false, false, false, false, true}), 1, 256).Draw(t, "bad")
		batch := make([]notice, len(bad))
		bads := 0
		for i := range bad {
			batch[i] = notice{it: &item{}, episode: int64(i)}
			if bad[i] {
				bads++
			}
		}
		var o outcome
		o.offer(batch, func(part []notice) error {
			for _, n := range part {
				if bad[n.episode] {
					return &refusal{status: 400}
				}
			}
			return nil
		})
		seen := map[int64]bool{}
		for _, n := range o.accepted {
			if bad[n.episode] || seen[n.episode] {
				t.Fatalf("alert %d accepted, bad %v, twice %v", n.episode, bad[n.episode], seen[n.episode])
			}
			seen[n.episode] = true
		}
		for _, r := range o.refused {
			if !bad[r.episode] || seen[r.episode] {
				t.Fatalf("alert %d refused, bad %v, twice %v", r.episode, bad[r.episode], seen[r.episode])
			}
			seen[r.episode] = true
		}
		if len(seen)+o.left != len(batch) {
			t.Fatalf("%d alerts: %d decided, %d left", len(batch), len(seen), o.left)
		}
		if o.posts > postsPerBatch {
			t.Fatalf("%d requests", o.posts)
		}
		if most := 2*bits.Len(uint(len(batch)-1)) + 1; bads == 1 && (o.posts > most || o.left > 0) {
			t.Fatalf("one bad of %d: %d requests, want %d at most; %d left", len(batch), o.posts, most, o.left)
		}
	})
}

func TestOfferStopsAtAFault(t *testing.T) {
	var o outcome
	fault := errors.New("connection reset")
	o.offer(make([]notice, 8), func(part []notice) error {
		if len(part) == 8 {
			return &refusal{status: 413}
		}
		return fault
	})
	if o.err != fault || o.left != 8 || o.posts != 2 {
		t.Errorf("err %v, left %d, posts %d; want the fault, 8, 2", o.err, o.left, o.posts)
	}
}
