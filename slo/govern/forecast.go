package govern

// Forecast is what a release is expected to cost one objective.
type Forecast struct {
	SLO        string `json:"slo"`
	ChangeType string `json:"change_type"`
	// Releases is how many past ones it rests on, Basis which: "type" are those of
	// this service and type, "service" all of the service, "assumed" none.
	Releases int           `json:"releases"`
	Basis    ForecastBasis `json:"basis"`
	// MedianRatio and P90Ratio are shares of the whole budget of Window.
	MedianRatio Number `json:"median_ratio"`
	P90Ratio    Number `json:"p90_ratio"`
	Window      string `json:"window"`
	// Assumption says in a sentence what the forecast rests on.
	Assumption string `json:"assumption"`
}

// ForecastBasis says what a forecast rests on.
type ForecastBasis string

// The bases, from the best to none.
const (
	BasisType    ForecastBasis = "type"
	BasisService ForecastBasis = "service"
	BasisAssumed ForecastBasis = "assumed"
)
