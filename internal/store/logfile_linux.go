package store

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

const hasDatasync = true

// datasync makes the content of an open file durable, and of its other properties
// only those that are needed to read it.
func datasync(tls *libc.TLS, file uintptr) int32 {
	if libc.Xfdatasync(tls, (*sqlite3.TunixFile)(pointer(file)).Fh) != 0 {
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	return sqlite3.SQLITE_OK
}
