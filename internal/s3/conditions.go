package s3

import (
	"net/http"
	"strings"
	"time"
)

// etagListed reports whether a header such as If-Match names the ETag.
func etagListed(header, etag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == "*" || strings.Trim(one, `"`) == strings.Trim(etag, `"`) {
			return true
		}
	}
	return false
}

// conditions are those of a read, or of the source of a copy.
type conditions struct {
	match, noneMatch, modifiedSince, unmodifiedSince string
}

func readConditions(h http.Header, prefix string) conditions {
	return conditions{
		match: h.Get(prefix + "If-Match"), noneMatch: h.Get(prefix + "If-None-Match"),
		modifiedSince: h.Get(prefix + "If-Modified-Since"), unmodifiedSince: h.Get(prefix + "If-Unmodified-Since"),
	}
}

// status returns 0 when the conditions hold, else 412 or 304. A condition on
// the ETag decides where there is one on the time beside it; times that cannot
// be read are ignored, as HTTP has it.
func (c conditions) status(r record) int {
	modified := r.modified().Truncate(time.Second)
	switch {
	case c.match != "":
		if !etagListed(c.match, r.etag()) {
			return http.StatusPreconditionFailed
		}
	case c.unmodifiedSince != "":
		if at, err := http.ParseTime(c.unmodifiedSince); err == nil && modified.After(at) {
			return http.StatusPreconditionFailed
		}
	}
	switch {
	case c.noneMatch != "":
		if etagListed(c.noneMatch, r.etag()) {
			return http.StatusNotModified
		}
	case c.modifiedSince != "":
		if at, err := http.ParseTime(c.modifiedSince); err == nil && !modified.After(at) {
			return http.StatusNotModified
		}
	}
	return 0
}
