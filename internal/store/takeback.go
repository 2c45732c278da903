package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	sqlite3 "modernc.org/sqlite/lib"
)

// The log's format, from SQLite's own description of it: a header that holds the
// size of a page, then frames of a header and a page each.
const (
	logHeader   = 32
	logPageSize = 8 // where the size of a page stands in the header
	frameHeader = 24
)

const sqlLogState = `PRAGMA wal_checkpoint(NOOP)`

// inDoubt reports whether a commit failed when its whole transaction was in the
// log already: SQLite comes to the log's index last, and that could not grow.
func inDoubt(err error) bool { return resultCode(err) == sqlite3.SQLITE_IOERR_SHMSIZE }

// takeBack makes a commit that failed as inDoubt says one that never was. This
// process has forgotten it, but who recovers the log after a crash would find
// it: so the first frame after those that count is spoiled. The next commit
// writes over it anyway.
func (db *DB) takeBack(ctx context.Context) error {
	frames, err := db.logFrames(ctx)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(db.path+"-wal", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(spoilFrame(f, frames), f.Close())
}

// logFrames is how many frames of the log count.
func (db *DB) logFrames(ctx context.Context) (frames int64, err error) {
	rows, err := db.writer.query(ctx, sqlLogState)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var busy, copied int64
		if err := rows.Scan(&busy, &frames, &copied); err != nil {
			return 0, err
		}
	}
	if frames < 0 {
		return 0, errors.New("the database has no log")
	}
	return frames, rows.Err()
}

// spoilFrame overwrites the header of frame n, from 0, if the log has it.
func spoilFrame(f *os.File, n int64) error {
	var header [logHeader]byte
	if _, err := f.ReadAt(header[:], 0); err != nil {
		return fmt.Errorf("read the log's header: %w", err)
	}
	at := logHeader + n*(frameHeader+int64(binary.BigEndian.Uint32(header[logPageSize:])))
	info, err := f.Stat()
	if err != nil || at+frameHeader > info.Size() {
		return err
	}
	if _, err := f.WriteAt(make([]byte, frameHeader), at); err != nil {
		return err
	}
	return f.Sync()
}
