// Package receiver is a small Alertmanager inside the process: for `slowburn demo`,
// where there is none, and for tests.
//
// It speaks the parts of API v2 that senders use, with Alertmanager's own rules for
// what is valid, how two statements of one alert merge and when one that is no
// longer sent ends; it tells each alert's begin and end once. It does not group,
// route, silence, inhibit or keep anything on disk.
//
// The path of one alert: a POST is decoded and checked (http.go), merged into the
// table and, if that began or ended it, told (receiver.go). Run ends what was not
// sent again in time.
package receiver
