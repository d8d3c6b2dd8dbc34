package ask

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"
)

// flags are those of every verb.
type flags struct {
	server, token, httpConfig, format string
	timeout                           time.Duration
}

func register(c *kingpin.CmdClause) *flags {
	f := &flags{}
	c.Flag("server", "URL of slowburn.").Envar("SLOWBURN_SERVER").Default("http://127.0.0.1:9797").StringVar(&f.server)
	c.Flag("token-file", "File with the bearer token to show.").Envar("SLOWBURN_TOKEN_FILE").PlaceHolder("FILE").StringVar(&f.token)
	c.Flag("http-config", "HTTP client settings as Prometheus has them (basic_auth, authorization, tls_config).").PlaceHolder("FILE").StringVar(&f.httpConfig)
	c.Flag("timeout", "How long to wait for the answer.").Default("30s").DurationVar(&f.timeout)
	c.Flag("format", "How to print the answer: table or json.").Default("table").EnumVar(&f.format, "table", "json")
	return f
}

// instant reads a time or so long before now; ms, empty is 0.
func instant(s string, now time.Time) (int64, error) {
	if s == "" {
		return 0, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMilli(), nil
		}
	}
	if sec, err := strconv.ParseFloat(s, 64); err == nil && sec > 1e6 && sec < 1e11 {
		return int64(math.Round(sec * 1000)), nil
	}
	if d, err := model.ParseDuration(s); err == nil {
		return now.Add(-time.Duration(d)).UnixMilli(), nil
	}
	return 0, fmt.Errorf("%q: want a time such as 2027-01-31T08:00:00Z, Unix seconds, or a duration such as 30m before now", s)
}

// seconds writes ms as the API reads times.
func seconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64) }
