package ask

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/model"

	"github.com/slowburn/slowburn/slo/govern"
)

// grant is `slowburn override grant`.
func grant(parent *kingpin.CmdClause) Verb {
	c := parent.Command("grant", "Let releases pass; it takes a token or user the policy names.")
	f := register(c)
	var q govern.OverrideRequest
	c.Flag("service", "Service whose releases pass.").Required().StringVar(&q.Service)
	c.Flag("slo", "Objective that is overridden; by default all of the service.").StringVar(&q.SLO)
	c.Flag("reason", "Why; it stands in the audit log.").Required().StringVar(&q.Reason)
	var length model.Duration
	c.Flag("for", "For how long, 7d at most.").Required().SetValue(&length)
	return Verb{Clause: c, Run: func(ctx context.Context, out io.Writer) (int, error) {
		q.ExpiresMS = time.Now().Add(time.Duration(length)).UnixMilli()
		var o govern.Override
		data, err := f.post(ctx, "overrides", q, &o)
		return printOverride(f, out, data, err, "override %s lets releases of %s pass until %s\n", o.ID, q.Service, clock(o.ExpiresMS))
	}}
}

// revoke is `slowburn override revoke`.
func revoke(parent *kingpin.CmdClause) Verb {
	c := parent.Command("revoke", "End an override early.")
	f := register(c)
	id := c.Arg("id", "The override's ID, as list shows it.").Required().String()
	return Verb{Clause: c, Run: func(ctx context.Context, out io.Writer) (int, error) {
		var o govern.Override
		data, err := f.post(ctx, "overrides/revoke", map[string]string{"id": *id}, &o)
		return printOverride(f, out, data, err, "override %s is revoked by %s\n", o.ID, o.RevokedBy)
	}}
}

func printOverride(f *flags, out io.Writer, data []byte, err error, text string, args ...any) (int, error) {
	switch {
	case err != nil:
	case f.format == "json":
		err = printJSON(out, data)
	default:
		_, err = fmt.Fprintf(out, text, args...)
	}
	return answered(err)
}

// listOverrides is `slowburn override list`.
func listOverrides(parent *kingpin.CmdClause) Verb {
	c := parent.Command("list", "Show the overrides in force.")
	f := register(c)
	service := c.Flag("service", "Service to show; by default all.").String()
	ended := c.Flag("ended", "Show those that have ended, too.").Bool()
	return Verb{Clause: c, Run: func(ctx context.Context, out io.Writer) (int, error) {
		var a struct{ Overrides []govern.Override }
		data, err := f.get(ctx, "overrides", url.Values{"service": {*service}, "ended": {strconv.FormatBool(*ended)}}, &a)
		if err != nil {
			return answered(err)
		}
		if f.format == "json" {
			return answered(printJSON(out, data))
		}
		var rows [][]string
		for _, o := range a.Overrides {
			end := clock(o.ExpiresMS)
			if o.RevokedMS != 0 {
				end = clock(o.RevokedMS) + " by " + o.RevokedBy
			}
			rows = append(rows, []string{o.ID, o.Service, dash(o.SLO), o.Author, end, o.Reason})
		}
		return answered(table(out, "ID | SERVICE | SLO | BY | UNTIL | REASON", rows...))
	}}
}
