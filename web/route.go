package web

import (
	"net/http"

	"github.com/slowburn/slowburn/web/guard"
)

// Route is one path: who may ask it how, and what that may cost. Routes of one path
// share it by their methods.
type Route struct {
	// Path is a pattern of http.ServeMux without method and prefix.
	Path    string
	Methods []string
	Scope   guard.Scope
	// Changes says that it changes state: a page of another origin may not make
	// a browser ask it, and it may not be asked by GET.
	Changes bool
	// Early routes answer before we are ready.
	Early bool
	Pool  Pool
	// MaxBody is the largest body, bytes; 0 is 128 KiB.
	MaxBody int64
	Handler http.Handler
}

// Pool names the slots a route's handlers share.
type Pool uint8

// The pools. NoPool is for what is cheap or bounds itself. Queries run PromQL;
// selects list series and labels, read and federate.
const (
	NoPool Pool = iota
	QueryPool
	SelectPool
)

var (
	get     = []string{http.MethodGet}
	getHead = []string{http.MethodGet, http.MethodHead}
	getPost = []string{http.MethodGet, http.MethodPost}
	post    = []string{http.MethodPost}
	postPut = []string{http.MethodPost, http.MethodPut}
)
