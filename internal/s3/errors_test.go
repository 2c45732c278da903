package s3

import (
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/johannesboyne/gofakes3"
)

// TestFileError: what the client can cure is its error and says how; what time
// may cure is one that clients retry.
func TestFileError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		cause syscall.Errno
		code  gofakes3.ErrorCode
		want  string
	}{
		{syscall.EACCES, gofakes3.ErrInvalidArgument, "check the folder's permissions"},
		{syscall.EROFS, gofakes3.ErrInvalidArgument, "check the folder's permissions"},
		{syscall.ENOTDIR, gofakes3.ErrInvalidArgument, "use another key"},
		{syscall.ENAMETOOLONG, gofakes3.ErrInvalidArgument, "longer than this file system takes"},
		{syscall.ENOSPC, gofakes3.ErrInternal, "no space left on device"},
		{syscall.EIO, gofakes3.ErrInternal, "input/output error"},
	}
	for _, tt := range tests {
		err := fileError("write", "the key", &fs.PathError{Op: "open", Path: "/folder/file", Err: tt.cause})
		if !gofakes3.HasErrorCode(err, tt.code) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "the key") {
			t.Errorf("fileError of %v = %v, want %s with the key and %q", tt.cause, err, tt.code, tt.want)
		}
	}
}
