package catalog

import "strings"

// Keys reads keys in their order, from one on and before another, at most so
// many. An empty before means no end.
type Keys func(from, before string, limit int) ([]string, error)

// How many keys are read at once. It begins with few, as what follows is skipped
// when none of it can match.
const (
	firstChunk = 64
	lastChunk  = 1024
)

// Scan visits the keys of the partitions that the filter wants, in their order,
// behind the given one, until visit returns false. It looks at about limit keys
// at most; next is the key that it came to, empty when it saw all. A nil filter
// wants everything.
func (f *Filter) Scan(keys Keys, behind string, limit int, visit func(key string) bool) (next string, err error) {
	s := scan{f: f, keys: keys, left: limit, visit: visit}
	from := ""
	if behind != "" {
		from = Next(behind)
	}
	for _, r := range f.Ranges() {
		if r.Before != "" && r.Before <= from {
			continue
		}
		r.From = max(r.From, from)
		if stopped, err := s.stretch(r); err != nil || stopped {
			return s.last, err
		}
	}
	return "", nil
}

type scan struct {
	f      *Filter
	keys   Keys
	left   int
	visit  func(string) bool
	last   string
	values []string
	// skip is what keys begin with that can't match, empty for none.
	skip string
}

// stretch visits the keys of one range; stopped says that more may follow.
func (s *scan) stretch(r Range) (stopped bool, err error) {
	for limit := firstChunk; ; limit = min(2*limit, lastChunk) {
		if s.left <= 0 {
			return true, nil
		}
		chunk, err := s.keys(r.From, r.Before, limit)
		if err != nil {
			return false, err
		}
		s.left -= len(chunk)
		for _, key := range chunk {
			s.last = key
			wanted, err := s.wants(key)
			if err != nil {
				return false, err
			}
			if wanted && !s.visit(key) {
				return true, nil
			}
		}
		if len(chunk) < limit {
			return false, nil
		}
		r.From = Next(s.last)
		if s.skip != "" && strings.HasPrefix(s.last, s.skip) {
			r.From, limit = after(s.skip), firstChunk/2
		}
		if r.Before != "" && r.Before <= r.From {
			return false, nil
		}
	}
}

// wants asks the filter, and notes which of the first values speak against it.
func (s *scan) wants(key string) (bool, error) {
	if s.f == nil {
		return true, nil
	}
	if s.skip != "" && strings.HasPrefix(key, s.skip) {
		return false, nil
	}
	s.values = appendValues(s.values[:0], key)
	v := s.f.root.holds(s.values)
	if v.err == nil && !v.ok && v.depth < s.f.keys && v.depth <= len(s.values) {
		s.skip = prefixOf(key, v.depth)
	}
	return v.ok, v.err
}
