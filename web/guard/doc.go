// Package guard stands between a socket and a handler, so that no client can
// take the server from the others: who may ask, how many at once, how slowly,
// how much.
//
// It knows neither routes nor what is served behind them.
//
// The path of one request: its connection is counted and, at the limit, an idle
// one gives way (conns.go), and shown the certificate of the moment (certificate.go);
// Headers sets what browsers must know; Auth decides
// by scope (auth.go), telling bearer tokens apart from the web config file's
// basic auth (basic.go); CrossOrigin refuses state changes that another site
// caused (origin.go); Body bounds the body's size and its slowness (body.go); a
// Pool lets so many handlers of one kind run at once (pool.go).
package guard
