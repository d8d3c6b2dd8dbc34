// Package browser holds tests alone: they drive the real page in a real Chromium,
// over a real slowburn.
//
// It does not know how the page is made: tests open an address, read what a reader
// would see, press keys, and look at what the browser complains about.
//
// The path of one test: World (world_test.go) is a slowburn with data (feed_test.go),
// once for all views; Open (page_test.go) is a tab in the one Chromium
// (chromium_test.go), where dialogs, exceptions and refusals of the
// Content-Security-Policy fail the test; each test reads, types, asks axe-core
// (axe_test.go), and leaves a picture in bin/screenshots. Without a Chromium or a built
// page the tests are skipped, and in CI they fail.
package browser
