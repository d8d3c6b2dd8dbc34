package tsdb

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
)

// Held says what Bind is told of a series.
func (d *DB) Held(lset labels.Labels) bool {
	app, _, err := d.begin(context.Background())
	if err != nil {
		return true
	}
	defer app.Rollback()
	return (&series{src: &source{}, lset: lset}).seek(app, lset.Hash())
}
