package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		// Behaviour and connection are read and noted under one lock, so that Set
		// finds every connection that has the old behaviour.
		p.mu.Lock()
		p.accepted++
		b := p.behaviour
		served := !b.Refuse && !p.closed
		if served {
			p.open[c] = true
		}
		p.mu.Unlock()
		if !served {
			reset(c)
			continue
		}
		p.served.Go(func() {
			defer p.forget(c)
			p.serve(c, b)
		})
	}
}

func (p *Proxy) serve(client net.Conn, b Behaviour) {
	time.Sleep(b.Delay)
	switch {
	case b.Swallow:
		io.Copy(io.Discard, client)
	case b.Status != 0:
		answer(client, b.Status)
	default:
		p.relay(client, b)
	}
}

// answer reads HTTP requests and answers each with an empty response.
func answer(client net.Conn, status int) {
	r := bufio.NewReader(client)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		fmt.Fprintf(client, "HTTP/1.1 %d %s\r\nContent-Length: 0\r\n\r\n", status, http.StatusText(status))
	}
}

func (p *Proxy) relay(client net.Conn, b Behaviour) {
	server, err := net.Dial("tcp", p.target)
	if err != nil || !p.track(server) {
		reset(client)
		return
	}
	defer p.forget(server)

	var back sync.WaitGroup
	back.Go(func() {
		copyAt(client, server, b.BytesPerSecond)
		client.Close()
	})
	var up io.Reader = client
	if b.CutAfter > 0 {
		up = io.LimitReader(client, int64(b.CutAfter))
	}
	copyAt(server, up, b.BytesPerSecond)
	if b.CutAfter > 0 {
		reset(client)
	}
	reset(server)
	back.Wait()
}

// copyAt copies at no more than pace bytes a second; 0 is unlimited.
func copyAt(dst io.Writer, src io.Reader, pace int) {
	if pace <= 0 {
		io.Copy(dst, src)
		return
	}
	const perSecond = 10
	chunk := max(1, pace/perSecond)
	for {
		if _, err := io.CopyN(dst, src, int64(chunk)); err != nil {
			return
		}
		time.Sleep(time.Second * time.Duration(chunk) / time.Duration(pace))
	}
}
