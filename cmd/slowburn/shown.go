package main

import "github.com/slowburn/slowburn/web"

// What the page shows of the parts that web does not know.

// sources are those of the engine.
func (s *server) sources() []web.Source {
	c := s.core.Load()
	if c == nil {
		return nil
	}
	var all []web.Source
	for _, src := range c.engine.Sources() {
		all = append(all, web.Source(src))
	}
	return all
}
