package s3

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// tempPrefix starts the names of files that are being written. They lie
	// beside their target, so that a rename is atomic, and are no objects.
	tempPrefix    = ".reglue-put-"
	maxNameLength = 255
	maxKeyLength  = 1024
)

// checkSegments says why a key, without a slash at its end, cannot be the path
// of a file below a folder. A key that passes cannot lead out of the folder.
func checkSegments(key string) error {
	if key == "" {
		return errors.New("it is empty")
	}
	if len(key) > maxKeyLength {
		return fmt.Errorf("it has %d bytes, more than %d", len(key), maxKeyLength)
	}
	if !utf8.ValidString(key) {
		return errors.New("it is not valid UTF-8")
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "":
			return errors.New("it starts with a slash or has two slashes in a row")
		case segment == "." || segment == "..":
			return fmt.Errorf("%q has a meaning of its own in a path", segment)
		case len(segment) > maxNameLength:
			return fmt.Errorf("a name between slashes has %d bytes, more than a file system takes (%d)", len(segment), maxNameLength)
		case strings.HasPrefix(segment, tempPrefix):
			return fmt.Errorf("names that start with %q are kept for files being written", tempPrefix)
		case strings.ContainsAny(segment, "\x00"+forbidden):
			return errors.New("it has a character that no file name can have here")
		}
	}
	return nil
}
