package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/slowburn/slowburn/rules"
)

const (
	ever    = math.MinInt64
	forever = math.MaxInt64
)

// journalName is the journal's file. pastKey is the key of what serve itself counts.
const (
	journalName = "backfill.json"
	pastKey     = "new objectives"
)

// backfillJournal is how far a backfill has come, in a file of the data folder.
type backfillJournal struct {
	// Key stands for what is filled from where: another one begins anew.
	Key string `json:"key"`
	// Number is the backfill's generation (rules.BackfilledGeneration).
	Number int `json:"number"`
	// Start, End, Done and Limits, the ends by objective, are event times, ms. All
	// rows before Done are in blocks.
	Start  int64            `json:"start"`
	End    int64            `json:"end"`
	Done   int64            `json:"done"`
	Limits map[string]int64 `json:"limits"`
	// Newest is each source's newest row, ms.
	Newest map[string]int64 `json:"newest"`
	// Blocks are those written, by generation.
	Blocks   map[string][]string `json:"blocks"`
	Complete bool                `json:"complete"`

	file string
}

func readJournal(file string) (*backfillJournal, error) {
	j := &backfillJournal{file: file}
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("read the backfill's journal: %w", err)
	default:
		if err := json.Unmarshal(text, j); err != nil {
			return nil, fmt.Errorf("read the backfill's journal %s: %w; remove the file to begin anew", file, err)
		}
	}
	if j.Blocks == nil {
		j.Blocks = map[string][]string{}
	}
	if j.Newest == nil {
		j.Newest = map[string]int64{}
	}
	return j, nil
}

// renew begins another generation, of a number that none has.
func (j *backfillJournal) renew(key string, records map[string]rules.Record) {
	for _, r := range records {
		if r.Objective == nil {
			continue
		}
		for _, g := range r.Objective.Generations {
			j.Number = max(j.Number, rules.BackfillNumber(g.ID))
		}
	}
	j.Key, j.Number, j.Complete, j.Done, j.Newest = key, j.Number+1, false, 0, map[string]int64{}
}

func (j *backfillJournal) write() error {
	text, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return err
	}
	tmp := j.file + ".tmp"
	err = os.WriteFile(tmp, text, 0o666)
	if err == nil {
		err = os.Rename(tmp, j.file)
	}
	if err != nil {
		return fmt.Errorf("write the backfill's journal: %w", err)
	}
	return nil
}

// complete notes that the backfill is in force and removes the blocks of those that
// no objective reads any more. The TSDB may have merged them with others by then:
// they stay in there, unread.
func (j *backfillJournal) complete(records map[string]rules.Record, ledger string) error {
	inForce := map[string]bool{}
	for _, r := range records {
		if r.Objective != nil {
			for _, g := range r.Objective.Generations {
				inForce[g.ID] = true
			}
		}
	}
	for id, blocks := range j.Blocks {
		if inForce[id] {
			continue
		}
		for _, b := range blocks {
			if err := os.RemoveAll(filepath.Join(ledger, b)); err != nil {
				return fmt.Errorf("remove a block that was replaced: %w", err)
			}
		}
		delete(j.Blocks, id)
	}
	j.Complete = true
	return j.write()
}

// fingerprint stands for everything that decides what is filled.
func (b *backfill) fingerprint() string {
	h := fnv.New64a()
	lines := []string{b.past.url, b.past.tsdb, b.past.start, b.past.end, fmt.Sprint(b.past.external), b.config.Slot.String(), fmt.Sprint(b.config.Ingest.SourceLabels, b.maxGroups)}
	var meanings []string
	for _, o := range b.objectives {
		meanings = append(meanings, o.ID()+" "+o.Meaning())
	}
	slices.Sort(meanings)
	for _, l := range append(lines, meanings...) {
		fmt.Fprintf(h, "%q\n", l)
	}
	return fmt.Sprintf("%016x", h.Sum64())
}
