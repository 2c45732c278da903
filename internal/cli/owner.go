package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/reglue/reglue/internal/store"
)

// folder is a data folder. One process at a time owns it; the others find the
// owner's endpoint in it.
type folder struct {
	dir  string
	lock *os.File
}

// ownerInfo is what an owner leaves for the others, in DATA/endpoint.json. It
// stays when the owner is gone, so that the next one takes the same port and the
// endpoint of a live job remains right.
type ownerInfo struct {
	// Endpoint is empty while the owner starts.
	Endpoint string `json:"endpoint"`
	Address  string `json:"address"`
	// Metastore is where Hive clients reach it.
	Metastore string `json:"metastore,omitempty"`
	Auth      string `json:"auth"`
	PID       int    `json:"pid"`
	// ID tells this owner from another process that has its port one day.
	ID string `json:"id"`
}

// ownerHeader names the owner that a request is meant for. Another one refuses it
// with 421 Misdirected Request.
const ownerHeader = "X-Reglue-Owner"

const (
	lockFile     = "lock"
	endpointFile = "endpoint.json"
)

// errOwned is returned when another process owns the folder.
var errOwned = errors.New("the data folder has another owner")

// own creates the folder if need be, readable by its owner alone, and takes its
// lock. The lock goes with the process, however that ends.
func own(dir string) (*folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := mayOwn(dir); err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := lockOnceFree(f); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ownedBy(dir)
		}
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return &folder{dir: dir, lock: f}, nil
}

// mayOwn refuses a folder that holds other things: owning makes it unreadable for
// others, which is no way to treat a home folder or /tmp.
func mayOwn(dir string) error {
	for _, ours := range []string{lockFile, store.File} {
		if _, err := os.Stat(filepath.Join(dir, ours)); err == nil {
			return nil
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	for _, e := range entries {
		// Objects may be laid out before the first start; a fresh disk has
		// lost+found.
		if e.Name() != "s3" && e.Name() != "lost+found" {
			return fmt.Errorf("%s holds %s and no reglue data; name an empty or a new folder with --data", dir, e.Name())
		}
	}
	return nil
}

// lingerTime bounds the wait for the lock of an owner that was killed: a process
// that it was just forking holds it a moment longer than the owner itself.
const lingerTime = time.Second

func lockOnceFree(f *os.File) error {
	for end := time.Now().Add(lingerTime); ; time.Sleep(5 * time.Millisecond) {
		err := flock(f, syscall.LOCK_EX)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end) {
			return err
		}
	}
}

func ownedBy(dir string) error {
	info, err := readOwner(dir)
	if err != nil || info.Endpoint == "" {
		return fmt.Errorf("%w: %s is locked by another reglue process that has not told its endpoint yet; try again in a moment", errOwned, dir)
	}
	return fmt.Errorf("%w: process %d serves %s at %s; talk to it there, or stop it first, or use another folder with --data",
		errOwned, info.PID, dir, info.Endpoint)
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// owned reports whether some process owns the folder now, without waiting and
// without creating anything.
func owned(dir string) (bool, error) {
	f, err := os.Open(filepath.Join(dir, lockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	err = flock(f, syscall.LOCK_SH)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

func readOwner(dir string) (ownerInfo, error) {
	var info ownerInfo
	b, err := os.ReadFile(filepath.Join(dir, endpointFile))
	if err != nil {
		return info, err
	}
	err = json.Unmarshal(b, &info)
	return info, err
}

// toldOwner waits until the owner of the folder can be reached.
func toldOwner(ctx context.Context, dir string) (ownerInfo, error) {
	for end := time.Now().Add(takeOver); ; {
		info, err := readOwner(dir)
		if err == nil && info.Endpoint != "" {
			return info, nil
		}
		if time.Now().After(end) {
			return info, ownedBy(dir)
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return info, err
		}
	}
}

func (f *folder) tell(info ownerInfo) error {
	b, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(f.dir, endpointFile), b)
}

// release gives the folder up.
func (f *folder) release() error { return f.lock.Close() }

// writeFile replaces a file of the data folder whole, readable by its owner
// alone.
func writeFile(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(b); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
