package rig

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// AlertmanagersName is the name whose SRV records a DNS tells the Alertmanagers by.
const AlertmanagersName = "_alertmanager._tcp.rig.test"

// DNS is a name server of which a test says what it knows: where Alertmanagers are.
type DNS struct {
	// IP is a loopback address of its own; a resolv.conf names no port.
	IP string

	conn net.PacketConn

	mu     sync.Mutex
	ports  []uint16 // of the Alertmanagers, on 127.0.0.1
	broken bool
}

// NewDNS serves until the test ends. The test is skipped where it may not use port 53
// or have a resolv.conf of its own: that takes Linux and root.
func NewDNS(t testing.TB) *DNS {
	t.Helper()
	if err := exec.Command("unshare", "--mount", "true").Run(); err != nil {
		t.Skipf("NOT TESTED: a resolv.conf of its own needs root on Linux: unshare: %v", err)
	}
	d := &DNS{IP: fmt.Sprintf("127.%d.%d.53", 1+rand.N(250), rand.N(250))}
	var err error
	if d.conn, err = net.ListenPacket("udp", net.JoinHostPort(d.IP, "53")); err != nil {
		t.Skipf("NOT TESTED: a name server needs root: %v", err)
	}
	var served sync.WaitGroup
	served.Go(d.serve)
	t.Cleanup(func() {
		d.conn.Close()
		served.Wait()
	})
	return d
}

// Know makes these all the Alertmanagers it knows; none: the name does not exist.
func (d *DNS) Know(ams ...*Alertmanager) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ports = nil
	for _, am := range ams {
		_, text, _ := net.SplitHostPort(am.Addr)
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			panic(err) // It is a listener's.
		}
		d.ports = append(d.ports, uint16(port))
	}
}

// Break makes it answer SERVFAIL to everything, or not any more.
func (d *DNS) Break(broken bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = broken
}

func (d *DNS) serve() {
	buf := make([]byte, 4096)
	for {
		n, from, err := d.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if answer, err := d.answer(buf[:n]); err == nil {
			d.conn.WriteTo(answer, from) // who is not answered asks again
		}
	}
}

func (d *DNS) answer(query []byte) ([]byte, error) {
	var p dnsmessage.Parser
	asked, err := p.Start(query)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	ports, broken := slices.Clone(d.ports), d.broken
	d.mu.Unlock()

	header := dnsmessage.Header{ID: asked.ID, Response: true, RecursionDesired: asked.RecursionDesired, RecursionAvailable: true}
	alertmanagers := q.Name.String() == AlertmanagersName+"."
	switch {
	case broken:
		header.RCode = dnsmessage.RCodeServerFailure
	case alertmanagers && len(ports) == 0:
		header.RCode = dnsmessage.RCodeNameError
	}
	b := dnsmessage.NewBuilder(nil, header)
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(q); err != nil {
		return nil, err
	}
	if err := b.StartAnswers(); err != nil || header.RCode != dnsmessage.RCodeSuccess {
		return finish(b, err)
	}
	about := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}
	switch {
	case alertmanagers && q.Type == dnsmessage.TypeSRV:
		for _, port := range ports {
			err = b.SRVResource(about, dnsmessage.SRVResource{Port: port, Target: dnsmessage.MustNewName(fmt.Sprintf("am%d.rig.test.", port))})
		}
	case !alertmanagers && q.Type == dnsmessage.TypeA:
		err = b.AResource(about, dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}})
	}
	return finish(b, err)
}

func finish(b dnsmessage.Builder, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return b.Finish()
}
