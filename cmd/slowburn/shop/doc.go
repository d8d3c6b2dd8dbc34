// Package shop is a simulated web shop for `slowburn demo`: checkout, search and
// login in two regions, with customers who sleep at night and a month that had its
// incidents.
//
// It does not know what an objective is, nor that slowburn reads its counters: it
// counts requests, and a Sender ships what a Prometheus would have scraped.
//
// The path of one request of a customer: the hour says how many there are
// (traffic.go), incidents and a Break say how many of them fail (incident.go), the
// instance that answers counts them (shop.go, instance.go), and Scrape writes the
// counters down with a time. The Sender packs scrapes into remote write 2.0 and
// posts them (sender.go).
package shop
