package s3

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

const checksumPrefix = "x-amz-checksum-"

// nvme is the polynomial of CRC-64/NVME, reflected.
const nvme = 0x9A6C9329AC4BC9B5

// newChecksum returns the hash of a checksum header's name, nil for an unknown one.
func newChecksum(header string) hash.Hash {
	switch strings.TrimPrefix(strings.ToLower(header), checksumPrefix) {
	case "crc32":
		return crc32.NewIEEE()
	case "crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "crc64nvme":
		return crc64.New(crc64.MakeTable(nvme))
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	}
	return nil
}

// check is one checksum that a body must have.
type check struct {
	header string // whose value it is
	sum    hash.Hash
	// want returns the expected value, which may come after the body.
	want func() string
	text func([]byte) string
}

// verifiedReader reads a body and gives an error instead of io.EOF when a
// checksum does not match. Verified checksums are told to found.
type verifiedReader struct {
	from   io.Reader
	checks []check
	found  http.Header
	done   bool
}

func (v *verifiedReader) Read(p []byte) (int, error) {
	n, err := v.from.Read(p)
	for _, c := range v.checks {
		c.sum.Write(p[:n])
	}
	if err != io.EOF || v.done {
		return n, err
	}
	v.done = true
	for _, c := range v.checks {
		have, want := c.text(c.sum.Sum(nil)), c.want()
		if have != want {
			return n, gofakes3.ErrorMessagef(gofakes3.ErrBadDigest, "the body's checksum is %s, but %s says %q", have, c.header, want)
		}
		if strings.HasPrefix(strings.ToLower(c.header), checksumPrefix) {
			v.found.Set(c.header, have)
		}
	}
	return n, io.EOF
}

// verify returns a reader of the body that checks all that the headers say of
// it. A body in the aws-chunked encoding is decoded.
func verify(r *http.Request, signed *chunkSigner, found http.Header) (io.Reader, error) {
	v := &verifiedReader{from: r.Body, found: found}
	base := base64.StdEncoding.EncodeToString
	said := func(header string) func() string {
		value := r.Header.Get(header)
		return func() string { return value }
	}
	payload := r.Header.Get("X-Amz-Content-Sha256")
	switch {
	case strings.HasPrefix(payload, "STREAMING-"):
		chunked, err := openChunked(r, payload, signed)
		if err != nil {
			return nil, err
		}
		v.from = chunked
		for name := range strings.SplitSeq(r.Header.Get("X-Amz-Trailer"), ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			if sum := newChecksum(name); sum != nil {
				v.checks = append(v.checks, check{name, sum, func() string { return chunked.trailers[name] }, base})
			} else if name != "" {
				return nil, gofakes3.ErrorMessagef(gofakes3.ErrNotImplemented, "the trailing header %s is not implemented", name)
			}
		}
	case len(payload) == hex.EncodedLen(sha256.Size):
		v.checks = append(v.checks, check{"x-amz-content-sha256", sha256.New(), said("X-Amz-Content-Sha256"), hex.EncodeToString})
	}
	if r.Header.Get("Content-Md5") != "" {
		v.checks = append(v.checks, check{"Content-MD5", md5.New(), said("Content-Md5"), base})
	}
	for name := range r.Header {
		if sum := newChecksum(name); sum != nil && len(name) > len(checksumPrefix) && strings.EqualFold(name[:len(checksumPrefix)], checksumPrefix) {
			v.checks = append(v.checks, check{name, sum, said(name), base})
		}
	}
	return v, nil
}

// openChunked chooses what is checked of a chunked body.
func openChunked(r *http.Request, payload string, signed *chunkSigner) (*chunkedReader, error) {
	switch payload {
	case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
		return newChunkedReader(r.Body, nil), nil
	case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
		return newChunkedReader(r.Body, signed), nil
	}
	return nil, gofakes3.ErrorMessage(gofakes3.ErrNotImplemented, fmt.Sprintf("the payload %s is not implemented", payload))
}
