package store

import (
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrNoStore says that a folder holds no database yet.
var ErrNoStore = errors.New("no reglue data here")

// Error is a failure of the store that its operator can do something about.
type Error struct {
	Message string
	// Hint says what to do.
	Hint string
	Err  error
}

func (e *Error) Error() string {
	s := e.Message
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func hinted(err error, hint, format string, args ...any) *Error {
	return &Error{Message: fmt.Sprintf(format, args...), Hint: hint, Err: err}
}

// IsFull reports whether a write failed because the disk is full. Nothing of it
// was kept; it may be tried again.
func IsFull(err error) bool {
	code := resultCode(err)
	// The index of the log is a file too, and growing it fails with its own code.
	return code&0xff == sqlite3.SQLITE_FULL || code == sqlite3.SQLITE_IOERR_SHMSIZE ||
		errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// errInDoubt is a commit that failed and could not be taken back.
var errInDoubt = errors.New("it is not known whether the last commit was kept")

// IsFatal reports whether the error leaves it unknown what the disk holds: a
// failed write or fsync, or a damaged file. The process must exit; the next one
// reads what is really there.
func IsFatal(err error) bool {
	if errors.Is(err, errInDoubt) {
		return true
	}
	if IsFull(err) {
		return false
	}
	switch resultCode(err) & 0xff {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return errors.Is(err, syscall.EIO)
}

// endsTransaction reports whether SQLite may have rolled back the transaction
// in which the error happened, so that no part of it can be kept.
func endsTransaction(err error) bool {
	switch resultCode(err) & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_CORRUPT,
		sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_MISUSE,
		sqlite3.SQLITE_INTERNAL:
		return true
	}
	return false
}

// resultCode is SQLite's extended result code, 0 when the error is not its own.
func resultCode(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code()
}

// isDamage reports whether the file is not a sound database.
func isDamage(err error) bool {
	code := resultCode(err) & 0xff
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

// explain turns what SQLite says of a file that it can't use into what to do.
func explain(err error, path string) error {
	var known *Error
	if err == nil || errors.As(err, &known) || errors.Is(err, ErrNoStore) {
		return err
	}
	switch {
	case isDamage(err):
		return hinted(err, "restore a copy of it, or move the file away to start anew; job folders beside it are kept",
			"%s is damaged or not a reglue database", path)
	case IsFull(err):
		return hinted(err, "free some space", "no space left for %s", path)
	}
	return fmt.Errorf("%s: %w", path, err)
}
