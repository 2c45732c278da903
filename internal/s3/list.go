package s3

import (
	"errors"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// page is one answer to a listing.
type page struct {
	objects  []record
	prefixes []string // what the delimiter rolled up
	// next is the last entry when there are more: the next page starts after it.
	next string
}

// list returns up to limit entries of a bucket after the given one, which may be
// a key or a rolled-up prefix of the page before.
func (s *store) list(bucket, prefix, delimiter, after string, limit int) (page, error) {
	var p page
	if limit == 0 {
		return p, nil
	}
	last := ""
	w := &walker{m: s.Map, bucket: bucket, prefix: prefix, after: after}
	w.visit = func(key string) error {
		entry, rolled := rollUp(key, prefix, delimiter)
		if rolled {
			w.skip = entry
			if entry == after {
				return nil // the page before ended with it
			}
		}
		if len(p.objects)+len(p.prefixes) == limit {
			p.next = last
			return errStop
		}
		last = entry
		if rolled {
			p.prefixes = append(p.prefixes, entry)
			return nil
		}
		r, err := s.head(bucket, key)
		if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
			return nil // deleted since
		}
		if err != nil {
			return err
		}
		p.objects = append(p.objects, r)
		return nil
	}
	if err := w.walk("", nil); err != nil && !errors.Is(err, errStop) {
		var s3Error gofakes3.Error
		if errors.As(err, &s3Error) {
			return page{}, s3Error
		}
		return page{}, fileError("list", prefix, err)
	}
	return p, nil
}

// rollUp returns the part of the key up to the first delimiter after the prefix,
// or the key itself where there is none.
func rollUp(key, prefix, delimiter string) (entry string, rolled bool) {
	if delimiter == "" {
		return key, false
	}
	at := strings.Index(key[len(prefix):], delimiter)
	if at < 0 {
		return key, false
	}
	return key[:len(prefix)+at+len(delimiter)], true
}
