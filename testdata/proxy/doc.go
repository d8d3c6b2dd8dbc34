// Package proxy is a TCP proxy that misbehaves on command: it refuses, swallows,
// delays, throttles and cuts connections, or answers HTTP requests with an error.
//
// It does not know what is behind it.
//
// The path of one connection: New listens (proxy.go), serve looks up the
// Behaviour of the moment and relays or ruins the connection (serve.go). Set
// changes the behaviour and cuts what is open, so that no kept-alive connection
// stays with the old one.
package proxy
