package slo

// The labels Sloth puts on its series and alerts.
const (
	LabelSlothID       = "sloth_id"
	LabelSlothService  = "sloth_service"
	LabelSlothSLO      = "sloth_slo"
	LabelSlothSeverity = "sloth_severity"
)

// SlothID is Sloth's identity of an objective, service-name.
func (o *Objective) SlothID() string { return o.Service + "-" + o.Name }
