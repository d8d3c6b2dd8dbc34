package web

import (
	"math"
	"strconv"
)

// number is a float in JSON: finite ones are numbers; those that JSON has none
// for are the strings Prometheus uses, "+Inf", "-Inf" and "NaN".
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return []byte(`"` + strconv.FormatFloat(f, 'f', -1, 64) + `"`), nil
	}
	return strconv.AppendFloat(nil, f, 'g', -1, 64), nil
}
