package slo

// Absence says how loud SLODataMissing is for an objective whose data is gone. An
// alert that fires while its data vanishes turns into SLODataMissing at its own
// severity, whatever Absence says.
type Absence string

// The ways to take absence. The empty one is a ticket, and a page where the whole
// service was gone at once with traffic up to the end and the objective's tier pages.
const (
	AbsencePage   Absence = SeverityPage
	AbsenceTicket Absence = SeverityTicket
	AbsenceIgnore Absence = "ignore"
)
