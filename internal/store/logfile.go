package store

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite writes each page of the log in two pieces, a call of the system each. The
// VFS of this name is SQLite's own, but that it gathers what is written to the log
// and writes it at once, before the log is synced or read: a fifth of a commit's
// processor time. No reader looks for a page before its commit was synced. It also
// syncs the log with fdatasync, as SQLite does where it is built for that: with
// fsync, the new time of the file often costs a commit of the file system.
const vfsName = "reglue"

// gatherLimit bounds what is gathered; SQLite's own write takes less than 128 KiB.
const gatherLimit = 64 << 10

// logFile is the open log of one connection.
type logFile struct {
	own  *sqlite3.Tsqlite3_io_methods // of SQLite
	at   int64
	data []byte
	// synced is set after the first sync, which may have to sync the folder too.
	synced bool
}

var (
	registerVFS = sync.OnceValue(addVFS)

	// These are found by SQLite, so they live where nothing moves them.
	gatherVFS     sqlite3.Tsqlite3_vfs
	gatherMethods sqlite3.Tsqlite3_io_methods
	openOfVFS     uintptr
	methodsOnce   sync.Once

	logFiles sync.Map // uintptr of SQLite's file → *logFile
)

// addVFS registers the VFS and returns SQLite's result code.
func addVFS() int32 {
	tls := libc.NewTLS()
	defer tls.Close()
	own := (*sqlite3.Tsqlite3_vfs)(pointer(sqlite3.Xsqlite3_vfs_find(tls, 0)))
	name, err := libc.CString(vfsName)
	if err != nil {
		return sqlite3.SQLITE_NOMEM
	}
	gatherVFS = *own
	gatherVFS.FpNext, gatherVFS.FzName = 0, name
	openOfVFS = own.FxOpen
	gatherVFS.FxOpen = function(openFile)
	return sqlite3.Xsqlite3_vfs_register(tls, uintptr(unsafe.Pointer(&gatherVFS)), 0)
}

func openFile(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
	rc := call[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](openOfVFS)(tls, vfs, name, file, flags, outFlags)
	if rc != sqlite3.SQLITE_OK || flags&sqlite3.SQLITE_OPEN_WAL == 0 {
		return rc
	}
	f := (*sqlite3.Tsqlite3_file)(pointer(file))
	own := (*sqlite3.Tsqlite3_io_methods)(pointer(f.FpMethods))
	methodsOnce.Do(func() {
		gatherMethods = *own
		gatherMethods.FxClose = function(closeLog)
		gatherMethods.FxRead = function(readLog)
		gatherMethods.FxWrite = function(writeLog)
		gatherMethods.FxTruncate = function(truncateLog)
		gatherMethods.FxSync = function(syncLog)
		gatherMethods.FxFileSize = function(sizeOfLog)
	})
	logFiles.Store(file, &logFile{own: own})
	f.FpMethods = uintptr(unsafe.Pointer(&gatherMethods))
	return rc
}

func logOf(file uintptr) *logFile {
	l, _ := logFiles.Load(file)
	return l.(*logFile) //nolint:forcetypeassert // nothing else is stored
}

// flush writes what was gathered. What a full disk refuses is dropped, as is the
// transaction that it is of.
func (l *logFile) flush(tls *libc.TLS, file uintptr) int32 {
	if len(l.data) == 0 {
		return sqlite3.SQLITE_OK
	}
	data := l.data
	l.data = l.data[:0]
	return call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](l.own.FxWrite)(
		tls, file, uintptr(unsafe.Pointer(&data[0])), int32(len(data)), l.at)
}

func writeLog(tls *libc.TLS, file, from uintptr, n int32, at int64) int32 {
	l := logOf(file)
	if at != l.at+int64(len(l.data)) || len(l.data)+int(n) > gatherLimit {
		if rc := l.flush(tls, file); rc != sqlite3.SQLITE_OK {
			return rc
		}
	}
	if len(l.data) == 0 {
		l.at = at
	}
	l.data = append(l.data, unsafe.Slice((*byte)(pointer(from)), n)...)
	return sqlite3.SQLITE_OK
}

func readLog(tls *libc.TLS, file, to uintptr, n int32, at int64) int32 {
	l := logOf(file)
	if rc := l.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return call[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](l.own.FxRead)(tls, file, to, n, at)
}

func truncateLog(tls *libc.TLS, file uintptr, size int64) int32 {
	l := logOf(file)
	if rc := l.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return call[func(*libc.TLS, uintptr, int64) int32](l.own.FxTruncate)(tls, file, size)
}

func syncLog(tls *libc.TLS, file uintptr, flags int32) int32 {
	l := logOf(file)
	if rc := l.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	if l.synced && hasDatasync {
		return datasync(tls, file)
	}
	rc := call[func(*libc.TLS, uintptr, int32) int32](l.own.FxSync)(tls, file, flags)
	l.synced = rc == sqlite3.SQLITE_OK
	return rc
}

func sizeOfLog(tls *libc.TLS, file, size uintptr) int32 {
	l := logOf(file)
	if rc := l.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return call[func(*libc.TLS, uintptr, uintptr) int32](l.own.FxFileSize)(tls, file, size)
}

func closeLog(tls *libc.TLS, file uintptr) int32 {
	l := logOf(file)
	rc := l.flush(tls, file)
	logFiles.Delete(file)
	return max(rc, call[func(*libc.TLS, uintptr) int32](l.own.FxClose)(tls, file))
}

// function is a function as SQLite's tables hold it, and call the way back.
func function[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

func call[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

// pointer leads to memory of SQLite, which the garbage collector does not move.
func pointer(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }
