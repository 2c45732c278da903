package store

import (
	"errors"
	"slices"
	"strings"
)

const (
	sqlTags   = `SELECT name, value FROM tags WHERE arn = $1`
	sqlPutTag = `INSERT INTO tags (arn, name, value) VALUES ($1, $2, $3)
		ON CONFLICT (arn, name) DO UPDATE SET value = excluded.value`
	sqlRemoveTag  = `DELETE FROM tags WHERE arn = $1 AND name = $2`
	sqlDeleteTags = `DELETE FROM tags WHERE arn = $1`
	sqlTagged     = `SELECT arn FROM tags WHERE name = $1 AND value = $2 AND arn > $3 AND arn < $4
		ORDER BY arn LIMIT $5`
	sqlTag = `SELECT value FROM tags WHERE arn = $1 AND name = $2`
)

// Tags are the tags of a resource; nil when it has none.
func (tx *Tx) Tags(arn string) (map[string]string, error) {
	pairs, err := list(tx, scanPair, sqlTags, arn)
	if err != nil || len(pairs) == 0 {
		return nil, err
	}
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		m[p[0]] = p[1]
	}
	return m, nil
}

func scanPair(s scanner) (p [2]string, err error) {
	return p, s.Scan(&p[0], &p[1])
}

// PutTags adds tags to a resource or changes them.
func (tx *Tx) PutTags(arn string, tags map[string]string) error {
	for name, value := range tags {
		if err := tx.exec(sqlPutTag, arn, name, value); err != nil {
			return err
		}
	}
	return nil
}

// RemoveTags removes the tags with these keys from a resource.
func (tx *Tx) RemoveTags(arn string, keys []string) error {
	for _, name := range keys {
		if err := tx.exec(sqlRemoveTag, arn, name); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) deleteTags(arn string) error { return tx.exec(sqlDeleteTags, arn) }

// TaggedNames are the names, after the given one and in byte order, of the
// resources of a kind (job, trigger, workflow) that carry all these tags.
func (tx *Tx) TaggedNames(kind string, tags map[string]string, after string, limit int) ([]string, error) {
	if len(tags) == 0 {
		return nil, errors.New("store: TaggedNames without tags")
	}
	names := make([]string, 0, len(tags))
	for name := range tags {
		names = append(names, name)
	}
	slices.Sort(names)
	prefix := tx.db.scope.ARN(kind, "")
	// The prefix ends in '/', and '0' is the byte after it.
	end := strings.TrimSuffix(prefix, "/") + "0"
	var out []string
	for arn := prefix + after; len(out) < limit; {
		page, err := list(tx, scanOne[string], sqlTagged, names[0], tags[names[0]], arn, end, int64(limit))
		if err != nil || len(page) == 0 {
			return out, err
		}
		for _, arn := range page {
			ok, err := tx.carries(arn, names[1:], tags)
			if err != nil {
				return nil, err
			}
			if ok && len(out) < limit {
				out = append(out, strings.TrimPrefix(arn, prefix))
			}
		}
		arn = page[len(page)-1]
	}
	return out, nil
}

func (tx *Tx) carries(arn string, names []string, tags map[string]string) (bool, error) {
	for _, name := range names {
		v, ok, err := value[string](tx, sqlTag, arn, name)
		if err != nil || !ok || v != tags[name] {
			return false, err
		}
	}
	return true, nil
}
