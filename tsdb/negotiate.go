package tsdb

import (
	"fmt"
	"mime"
	"net/http"
)

// The protobuf messages of remote write 1.0 and 2.0.
const (
	messageV1 = "prometheus.WriteRequest"
	messageV2 = "io.prometheus.write.v2.Request"
)

// negotiate checks what can be told from the head of a request, in this order:
// method, content type, encoding. As upstream, it takes a missing content type for
// 1.0 and a missing encoding for snappy.
func negotiate(r *http.Request) (v2 bool, err error) {
	if r.Method != http.MethodPost {
		return false, &refusal{http.StatusMethodNotAllowed, "remote write is a POST"}
	}
	if ct := r.Header.Get("Content-Type"); ct != "" && ct != "application/x-protobuf" {
		typ, params, err := mime.ParseMediaType(ct)
		proto, named := params["proto"]
		switch {
		case err != nil, typ != "application/x-protobuf":
			return false, &refusal{http.StatusUnsupportedMediaType, fmt.Sprintf("content type %q: want application/x-protobuf", ct)}
		case proto == messageV2:
			v2 = true
		case named && proto != messageV1:
			return false, &refusal{http.StatusUnsupportedMediaType, fmt.Sprintf("message %q: want %s or %s", proto, messageV1, messageV2)}
		}
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "snappy" {
		return v2, &refusal{http.StatusUnsupportedMediaType, fmt.Sprintf("content encoding %q: want snappy", enc)}
	}
	return v2, nil
}

// refusal is the answer to a request that is refused as a whole.
type refusal struct {
	code int
	text string
}

func (r *refusal) Error() string { return r.text }
