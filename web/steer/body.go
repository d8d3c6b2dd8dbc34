package steer

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/slowburn/slowburn/slo/govern"
)

// maxBody is the largest body, bytes: all texts at their longest and some air.
const maxBody = 64 << 10

// read decodes a body that is one JSON object. Unknown fields are an error, unless
// the object is another program's.
func read(r *http.Request, to any, strict bool) error {
	d := json.NewDecoder(r.Body)
	if strict {
		d.DisallowUnknownFields()
	}
	err := d.Decode(to)
	if err == nil {
		var rest any
		if err = d.Decode(&rest); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("something follows the object")
		}
	}
	var long *http.MaxBytesError
	if errors.As(err, &long) {
		return err
	}
	return govern.Errorf(govern.CodeBadParameter, "the body is not the JSON object wanted: %v", err)
}
