package s3

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/johannesboyne/gofakes3"
)

// fileError turns an error of the file system into S3's, with advice where there
// is one. What a retry may cure is an InternalError, which clients retry.
func fileError(verb, key string, err error) error {
	reason := err
	var path *fs.PathError
	if errors.As(err, &path) {
		reason = path.Err
	}
	switch {
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument,
			"key %q cannot be a file: a part of it before a slash is already an object, so it is a file and no folder here (%v); use another key", key, err)
	case errors.Is(err, syscall.ENAMETOOLONG):
		return gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument, "key %q cannot be a file: its path is longer than this file system takes", key)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return gofakes3.ErrorMessagef(gofakes3.ErrInvalidArgument, "cannot %s %q: %v; check the folder's permissions", verb, key, err)
	}
	return gofakes3.ErrorMessagef(gofakes3.ErrInternal, "cannot %s %q: %v", verb, key, reason)
}

// bodyError passes S3's errors on; any other means that the body broke off.
func bodyError(err error) error {
	var s3Error gofakes3.Error
	if errors.As(err, &s3Error) {
		return s3Error
	}
	return gofakes3.ErrorMessagef(gofakes3.ErrIncompleteBody, "the body could not be read to its end: %v", err)
}
