package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// logSize is what the log is grown to before it is used. Overwriting a file
// costs an fsync about half of what growing it does, since the file system has
// no new size and no new blocks to record.
const logSize = 16 << 20

// growLog fills an empty log with zeros, which SQLite reads as no log at all. A
// log that holds something is left alone.
func growLog(path string) error {
	f, err := os.OpenFile(path+"-wal", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	err = fillLog(f)
	return errors.Join(err, f.Close())
}

func fillLog(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Size() > 0 || info.Mode().Type() != fs.FileMode(0) {
		return err
	}
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < logSize; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros, at); err != nil {
			// Too little space for a large log is no reason not to start.
			return f.Truncate(0)
		}
	}
	return errors.Join(f.Sync(), syncDir(filepath.Dir(f.Name())))
}
