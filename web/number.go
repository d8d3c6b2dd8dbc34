package web

import "github.com/slowburn/slowburn/slo"

// number is a float in JSON, infinite ones too.
type number = slo.Number
