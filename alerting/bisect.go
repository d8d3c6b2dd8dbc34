package alerting

import "errors"

// postsPerBatch bounds the requests one batch may cost when the target refuses
// it: enough for the usual one bad alert in 256 (17) and some more, too few to
// drown an Alertmanager, or a proxy, that refuses everything.
const postsPerBatch = 64

// outcome is what became of a batch.
type outcome struct {
	accepted []notice
	refused  []refused
	// left were not decided: the target failed, or the batch cost too many requests.
	left int
	err  error
	// posts is how many requests it took.
	posts int
}

type refused struct {
	notice
	err error
}

// offer posts batch, and where it is refused its halves, so that one bad alert
// cannot hold back the others. What was stored in a refused batch is stored again
// with its half, which changes nothing. A single alert that is refused is tried
// without what it says: a bare page is better than none.
func (o *outcome) offer(batch []notice, post func([]notice) error) {
	if o.err != nil || o.posts == postsPerBatch {
		o.left += len(batch)
		return
	}
	o.posts++
	err := post(batch)
	var r *refusal
	switch {
	case err == nil:
		o.accepted = append(o.accepted, batch...)
	case !errors.As(err, &r):
		o.err = err
		o.left += len(batch)
	case len(batch) > 1:
		half := len(batch) / 2
		o.offer(batch[:half], post)
		o.offer(batch[half:], post)
	case !batch[0].bare && (!batch[0].annotations.IsEmpty() || batch[0].generatorURL != ""):
		bare := batch[0]
		bare.bare = true
		o.offer([]notice{bare}, post)
		if n := len(o.refused); n > 0 && o.refused[n-1].it == bare.it {
			// What it said first tells more.
			o.refused[n-1].err = err
		}
	default:
		o.refused = append(o.refused, refused{batch[0], err})
	}
}
