package api

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
)

// page is the part of a list that a request asks for. A token holds the sort key
// of the last entry that was given, so that it stays good when entries come and
// go, and a sum of the operation and its filters, so that no other list takes
// it.
type page struct {
	op    string
	sum   [8]byte
	after string
	limit int
}

// defaultPage is how many entries a page has when the request does not say.
const defaultPage = 100

// newPage reads the paging members of a request. The model has checked that a
// given size lies within its bounds.
func newPage(op, token string, size *int32, whole int, filters ...any) (page, error) {
	p := page{op: op, limit: whole}
	if size != nil {
		p.limit = int(*size)
	}
	// Maps print in the order of their keys.
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", op, filters))
	copy(p.sum[:], sum[:])
	if token == "" {
		return p, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(text) <= len(p.sum) || [8]byte(text) != p.sum {
		return p, p.badToken()
	}
	p.after = string(text[len(p.sum):])
	return p, nil
}

func (p *page) badToken() error {
	return invalid("NextToken is not one that %s gave for this request", p.op)
}

// seq is the sort key as a number; zero on the first page.
func (p *page) seq() (int64, error) {
	if p.after == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(p.after, 10, 64)
	if err != nil || n <= 0 {
		return 0, p.badToken()
	}
	return n, nil
}

func (p *page) token(key string) string {
	return base64.RawURLEncoding.EncodeToString(append(p.sum[:], key...))
}

// more is how many entries to read: one over the page says that there is a next.
func (p *page) more() int { return p.limit + 1 }

// cut splits what was read into the page and the token of the next one, empty
// when there is none.
func cut[T any](p *page, all []T, key func(*T) string) (entries []T, token string) {
	if len(all) <= p.limit {
		if all == nil {
			all = []T{} // sent as [], which clients index
		}
		return all, ""
	}
	all = all[:p.limit]
	return all, p.token(key(&all[p.limit-1]))
}

func ownName(name *string) string { return *name }
