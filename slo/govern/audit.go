package govern

// Entry is one line of the audit log.
type Entry struct {
	ID string `json:"id"`
	// TimeMS is wall time.
	TimeMS int64 `json:"time_ms"`
	// Author is the name of a token or a user, or Slowburn.
	Author  string `json:"author"`
	Action  Action `json:"action"`
	Service string `json:"service"`
	SLO     string `json:"slo,omitempty"`
	// Subject is the ID of what was changed, Reason why, Detail what to.
	Subject string `json:"subject,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Detail  string `json:"detail,omitempty"`
}

// Action names what was done.
type Action string

// The actions.
const (
	ActionMark     Action = "release.mark"
	ActionDetect   Action = "release.detect"
	ActionOverride Action = "override.create"
	ActionRevoke   Action = "override.revoke"
	ActionPolicy   Action = "policy.change"
)

// Slowburn is the author of what nobody asked for, such as policy transitions.
const Slowburn = "slowburn"

// AuditQuery selects entries. Empty fields select all.
type AuditQuery struct {
	Service, Author, Action string
	StartMS, EndMS          int64
	// Limit is how many of the newest to return; 0: 100.
	Limit int
	// Before is the ID of the last entry of the page before.
	Before string
}

// Author is who asks for a change.
type Author struct {
	// Name is that of a bearer token or of a basic-auth user; empty: nobody.
	Name string
	// Admin says that the credential has the admin scope.
	Admin bool
}
