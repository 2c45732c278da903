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
	// seqCatalog numbers databases, tables and what their partitions share.
	seqCatalog = "catalog"
	// seqTriggerCount is not a sequence but a count, kept beside them so that
	// creating a trigger doesn't count all others.
	seqTriggerCount = "trigger_count"
)

// sequences gives numbers from memory. What is written is a number that was not
// reached yet, so that most commits write none; a restart goes on behind it,
// which leaves a gap, as does a transaction that failed.
type sequences struct {
	last  map[string]int64
	saved map[string]int64
	dirty map[string]bool
}

// ahead is how many numbers are taken at once. The numbers of definitions and
// triggers are few, and a count must be exact.
var ahead = map[string]int64{seqRun: 1000, seqJobRun: 1000}

func loadSequences(ctx context.Context, c *conn) (*sequences, error) {
	s := &sequences{last: make(map[string]int64), saved: make(map[string]int64), dirty: make(map[string]bool)}
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
		s.last[name], s.saved[name] = n, n
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, name := range []string{seqDefinition, seqTrigger, seqRun, seqJobRun, seqTriggerCount, seqCatalog} {
		if _, ok := s.last[name]; !ok {
			return nil, fmt.Errorf("the database has no sequence %q", name)
		}
	}
	return s, nil
}

func (s *sequences) next(name string) int64 {
	s.last[name]++
	if s.last[name] > s.saved[name] {
		s.dirty[name] = true
	}
	return s.last[name]
}

// save writes how far numbers may be given, outside of any member.
func (s *sequences) save(tx *Tx) error {
	for name, dirty := range s.dirty {
		if !dirty {
			continue
		}
		upTo := s.last[name] + ahead[name]
		if err := tx.conn.exec(tx.ctx, sqlSetSequence, name, upTo); err != nil {
			return err
		}
		s.saved[name], s.dirty[name] = upTo, false
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
