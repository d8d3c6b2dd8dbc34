// Package ui holds the built user interface: the files that `make ui` makes of the
// TypeScript beside it, embedded. Without them the program builds all the same.
//
// It does not serve them, and knows nothing of what they show: package web does
// the one, and the API they ask the other.
//
// The path of one view: index.html loads main.tsx, which draws the frame (app.tsx);
// the address says which view with which filters (place.ts); the view asks the
// JSON API again and again (api/poll.ts) and draws with the parts in part/, list/
// and chart/. Every address is relative, so that any path prefix works.
package ui
