package s3

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

const (
	maxChunkLine = 4 << 10
	maxTrailers  = 16
)

// chunkedReader decodes the aws-chunked encoding: chunks with their sizes, and
// headers after them. Where the request is signed, each chunk's signature is
// checked; the body is not whole before the reader has returned io.EOF.
type chunkedReader struct {
	from *bufio.Reader
	// signed is nil where nothing is to be checked.
	signed *chunkSigner
	// trailers are the headers after the last chunk, in lower case.
	trailers map[string]string

	left      int64 // of the chunk
	signature string
	sum       hash.Hash
	err       error
}

func newChunkedReader(from io.Reader, signed *chunkSigner) *chunkedReader {
	return &chunkedReader{from: bufio.NewReaderSize(from, 64<<10), signed: signed, trailers: map[string]string{}, left: -1}
}

func (c *chunkedReader) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if c.left <= 0 {
		if c.err = c.nextChunk(); c.err != nil {
			return 0, c.err
		}
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.from.Read(p)
	c.left -= int64(n)
	c.sum.Write(p[:n])
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	c.err = err
	return n, err
}

// nextChunk ends the chunk before, reads the head of the next, and at the last
// one the trailers; then it returns io.EOF.
func (c *chunkedReader) nextChunk() error {
	if c.left == 0 { // at the first chunk it is -1
		if err := c.endChunk(); err != nil {
			return err
		}
	}
	line, err := c.line()
	if err != nil {
		return err
	}
	size, extension, _ := strings.Cut(line, ";")
	c.left, err = strconv.ParseInt(strings.TrimSpace(size), 16, 63)
	if err != nil || c.left < 0 {
		return badChunk("%q is not the size of a chunk", size)
	}
	c.signature, _ = strings.CutPrefix(extension, "chunk-signature=")
	c.sum = sha256.New()
	if c.left > 0 {
		return nil
	}
	if err := c.checkChunk(); err != nil {
		return err
	}
	if err := c.readTrailers(); err != nil {
		return err
	}
	return io.EOF
}

func (c *chunkedReader) endChunk() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	if line != "" {
		return badChunk("a chunk is longer than it says")
	}
	return c.checkChunk()
}

func (c *chunkedReader) checkChunk() error {
	if c.signed == nil {
		return nil
	}
	return c.signed.check(c.signature, hex.EncodeToString(c.sum.Sum(nil)))
}

func (c *chunkedReader) readTrailers() error {
	var canonical strings.Builder
	for range maxTrailers {
		line, err := c.line()
		if errors.Is(err, io.ErrUnexpectedEOF) || line == "" && err == nil {
			if c.signed != nil && len(c.trailers) > 0 {
				return badSignature("the trailing headers are not signed")
			}
			return nil
		}
		if err != nil {
			return err
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if !ok {
			return badChunk("%q is not a trailing header", line)
		}
		if name == "x-amz-trailer-signature" {
			if c.signed == nil {
				return nil
			}
			sum := sha256.Sum256([]byte(canonical.String()))
			return c.signed.checkTrailer(value, hex.EncodeToString(sum[:]))
		}
		fmt.Fprintf(&canonical, "%s:%s\n", name, value)
		c.trailers[name] = value
	}
	return badChunk("more than %d trailing headers", maxTrailers)
}

// line reads up to a line feed and leaves the end of line out.
func (c *chunkedReader) line() (string, error) {
	line, err := c.from.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) || len(line) > maxChunkLine {
		return "", badChunk("a line is longer than %d bytes", maxChunkLine)
	}
	if err == io.EOF {
		return "", io.ErrUnexpectedEOF
	}
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

func badChunk(format string, args ...any) error {
	return gofakes3.ErrorMessage(gofakes3.ErrIncompleteBody, "the aws-chunked body cannot be read: "+fmt.Sprintf(format, args...))
}
