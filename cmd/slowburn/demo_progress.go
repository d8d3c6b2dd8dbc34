package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress shows how far long work has come: a bar on a terminal, else a line
// every two seconds.
type progress struct {
	out      io.Writer
	name     string
	whole    time.Duration
	terminal bool
	shown    time.Time
	drawn    bool
}

func newProgress(out io.Writer, name string, whole time.Duration) *progress {
	p := &progress{out: out, name: name, whole: whole, shown: time.Now()}
	if f, ok := out.(*os.File); ok {
		if info, err := f.Stat(); err == nil {
			p.terminal = info.Mode()&os.ModeCharDevice != 0
		}
	}
	return p
}

// at shows that done of the whole is done, if it is time to.
func (p *progress) at(done time.Duration) {
	every := 2 * time.Second
	if p.terminal {
		every = 100 * time.Millisecond
	}
	if time.Since(p.shown) < every {
		return
	}
	p.shown = time.Now()
	part := min(1, max(0, float64(done)/float64(p.whole)))
	days := fmt.Sprintf("%.1f of %.1f d", part*p.whole.Hours()/24, p.whole.Hours()/24)
	if !p.terminal {
		fmt.Fprintf(p.out, "%s: %3.0f %%, %s\n", p.name, part*100, days)
		return
	}
	const width = 40
	n := int(part * width)
	fmt.Fprintf(p.out, "\r%s [%s%s] %3.0f %% %s\x1b[K", p.name, strings.Repeat("#", n), strings.Repeat(".", width-n), part*100, days)
	p.drawn = true
}

// end takes the bar away.
func (p *progress) end() {
	if p.drawn {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
