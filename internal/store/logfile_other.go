//go:build !linux

package store

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

const hasDatasync = false

func datasync(*libc.TLS, uintptr) int32 { return sqlite3.SQLITE_IOERR_FSYNC }
