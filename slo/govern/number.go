package govern

import "github.com/slowburn/slowburn/slo"

// Number is a float in JSON, infinite ones too.
type Number = slo.Number
