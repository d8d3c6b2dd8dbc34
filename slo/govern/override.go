package govern

// OverrideRequest asks to let a service's releases through. SLO is empty for all
// its objectives.
type OverrideRequest struct {
	Service   string `json:"service"`
	SLO       string `json:"slo,omitempty"`
	Reason    string `json:"reason"`
	ExpiresMS int64  `json:"expires_ms"`
}

// Override makes a failing gate pass until it expires.
type Override struct {
	ID string `json:"id"`
	OverrideRequest
	Author    string `json:"author"`
	CreatedMS int64  `json:"created_ms"`
	// RevokedMS is when RevokedBy ended it early, 0 if nobody did.
	RevokedMS int64  `json:"revoked_ms,omitempty"`
	RevokedBy string `json:"revoked_by,omitempty"`
}

// InForce says whether it holds at the wall time now, ms.
func (o *Override) InForce(now int64) bool {
	return o.CreatedMS <= now && now < o.ExpiresMS && o.RevokedMS == 0
}
