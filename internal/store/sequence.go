package store

import (
	"context"
	"fmt"
)

// The sequences that number rows. A number is never given twice, also not after
// its row is gone, so page tokens and order survive.
const (
	seqDefinition = "definition"
	seqTrigger    = "trigger"
	seqRun        = "run"
	seqJobRun     = "job_run"
	// seqTriggerCount is not a sequence but a count, kept beside them so that
	// creating a trigger doesn't count all others.
	seqTriggerCount = "trigger_count"
)

// sequences gives numbers from memory and keeps the last ones with each commit.
// A number given in a transaction that failed is lost, which leaves a gap.
type sequences struct {
	last  map[string]int64
	dirty map[string]bool
}

func loadSequences(ctx context.Context, c *conn) (*sequences, error) {
	s := &sequences{last: make(map[string]int64), dirty: make(map[string]bool)}
	rows, err := c.query(ctx, sqlSelectNumbers)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, err
		}
		s.last[name] = n
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, name := range []string{seqDefinition, seqTrigger, seqRun, seqJobRun, seqTriggerCount} {
		if _, ok := s.last[name]; !ok {
			return nil, fmt.Errorf("the database has no sequence %q", name)
		}
	}
	return s, nil
}

func (s *sequences) next(name string) int64 {
	s.last[name]++
	s.dirty[name] = true
	return s.last[name]
}

// save writes the numbers given since the last save, outside of any member.
func (s *sequences) save(tx *Tx) error {
	for name, dirty := range s.dirty {
		if !dirty {
			continue
		}
		if err := tx.conn.exec(tx.ctx, sqlSetSequence, name, s.last[name]); err != nil {
			return err
		}
		s.dirty[name] = false
	}
	return nil
}

// reload is called after a transaction failed: numbers given by it are not in
// the database, so the next commit must write the last ones again.
func (s *sequences) reload() {
	for name := range s.dirty {
		s.dirty[name] = true
	}
}
