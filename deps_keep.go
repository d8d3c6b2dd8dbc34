//go:build keepdeps

package slowburn

import (
	_ "github.com/KimMachineGun/automemlimit/memlimit"
	_ "github.com/VictoriaMetrics/metrics"
	_ "github.com/alecthomas/kingpin/v2"
	_ "github.com/goccy/go-yaml"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/klauspost/compress/snappy"
	_ "github.com/oklog/run"
	_ "github.com/prometheus/alertmanager/api/v2/models"
	_ "github.com/prometheus/client_golang/api/prometheus/v1"
	_ "github.com/prometheus/exporter-toolkit/web"
	_ "github.com/prometheus/prometheus/tsdb"
	_ "github.com/prometheus/prometheus/web/api/v1"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "go.etcd.io/bbolt"
	_ "go.uber.org/goleak"
	_ "pgregory.net/rapid"
)
