package tsdb

// WALEnd is what Position would be if the TSDB in dir were open: the end of its WAL.
// It is 0 if there is none.
func WALEnd(dir string) int64 {
	d := &DB{}
	if d.pos.start(dir) != nil {
		return 0
	}
	return d.Position()
}
