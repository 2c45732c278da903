package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Claim says who took a job run, and what of its Spec outlives it. It exists
// before any process of the job does.
type Claim struct {
	// Runner is the instance that took it; empty when it was settled unstarted.
	Runner string    `json:"runner"`
	PID    int       `json:"pid"`
	Boot   string    `json:"boot"`
	At     time.Time `json:"at"`
	// Inode is that of the claim file itself: in a copy of the data folder it
	// differs, and then the processes belong to the original.
	Inode uint64 `json:"inode"`
	// Timeout and Notes are those of the Spec.
	Timeout time.Duration     `json:"timeout_ns,omitempty"`
	Notes   map[string]string `json:"notes,omitempty"`
}

// Status is what the claim file of a job run says.
type Status struct {
	Claim *Claim
	Exit  *Exit
	// Copied reports that the file is not the one the claim was made in.
	Copied bool
}

// A claim file is the claim as a line of JSON, zeros up to the next block, and
// in that block the exit. The block is written with zeros together with the
// claim, so that an exit needs neither room on the disk nor a commit of the file
// system. One that is larger extends the file.
const block = 4096

// Inspect reads where the job run of that folder stands. Without a claim file it
// is an empty Status. A claim that cannot be read is still a claim.
func Inspect(dir string) (Status, error) {
	var st Status
	f, err := os.Open(dir + claimSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return st, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return st, err
	}
	data := make([]byte, info.Size())
	n, err := f.ReadAt(data, 0)
	if err != nil && n < len(data) {
		return st, err
	}
	st.Claim, st.Exit, _ = readClaim(data)
	st.Copied = st.Claim.Inode != 0 && st.Claim.Inode != inode(info)
	return st, nil
}

// readClaim reads the content of a claim file, and tells where the exit belongs.
func readClaim(data []byte) (c *Claim, e *Exit, room int64) {
	line, _, _ := bytes.Cut(data, []byte{'\n'})
	c = &Claim{}
	if json.Unmarshal(line, c) != nil {
		c, line = &Claim{}, nil
	}
	room = roomAfter(line)
	if int64(len(data)) > room {
		e = readExit(data[room:])
	}
	return c, e, room
}

// roomAfter is where the block for the exit begins.
func roomAfter(claim []byte) int64 { return int64(len(claim)/block+1) * block }

func readExit(data []byte) *Exit {
	e := &Exit{}
	if readChecked(data, e) == 0 {
		return nil
	}
	return e
}

// checked is a value as a line that the disk may keep in part without lying: a
// checksum, a space, JSON and a newline.
func checked(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return fmt.Appendf(nil, "%08x %s\n", crc32.ChecksumIEEE(text), text), err
}

// readChecked reads the value that data begins with and tells the length of its
// line, zero when there is none that is whole.
func readChecked(data []byte, v any) int {
	line, _, whole := bytes.Cut(data, []byte{'\n'})
	sum, text, _ := bytes.Cut(line, []byte{' '})
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if !whole || err != nil || uint32(want) != crc32.ChecksumIEEE(text) || json.Unmarshal(text, v) != nil {
		return 0
	}
	return len(line) + 1
}

// Settle gives an outcome to a job run that was never claimed, so that it will
// never start. It fails with fs.ErrExist when it was claimed.
func Settle(dir string, e Exit) error {
	c, err := writeClaim(dir, Claim{PID: os.Getpid(), Boot: bootID(), At: e.EndedAt})
	if err != nil {
		return err
	}
	defer c.close()
	return c.writeExit(e)
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

// claimed is the claim file of a job run, open for its exit.
type claimed struct {
	file *os.File
	path string
	room int64
}

// writeClaim claims the job run for good, or fails with fs.ErrExist.
func writeClaim(dir string, c Claim) (*claimed, error) {
	claim, err := makeClaim(dir, &c)
	if err != nil {
		return nil, err
	}
	if err := claim.sync(); err != nil {
		claim.close()
		return nil, errors.Join(err, os.Remove(claim.path))
	}
	return claim, nil
}

// makeClaim is writeClaim as long as the machine has power. The claim appears with
// its content, so a full disk leaves none that is half written.
func makeClaim(dir string, c *Claim) (*claimed, error) {
	path := dir + claimSuffix
	tmp := filepath.Join(filepath.Dir(filepath.Dir(path)), filepath.Base(path)+"."+c.Runner+tmpSuffix)
	b, err := newBlank(tmp)
	if err != nil {
		return nil, err
	}
	return b.become(path, c)
}

// blank is a file that can become a claim. All are made in one folder: file systems
// spread folders over the disk, and to make the first file of each would be slow.
type blank struct {
	file  *os.File
	path  string
	inode uint64
}

// newBlank makes one, of zeros that have room on the disk.
func newBlank(path string) (*blank, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(make([]byte, 2*block), 0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return &blank{f, path, inode(info)}, nil
}

// become makes it a claim, or fails with fs.ErrExist.
func (b *blank) become(path string, c *Claim) (*claimed, error) {
	room, err := fillClaim(b.file, b.inode, c)
	if err == nil {
		err = renameNew(b.path, path)
	}
	if err != nil {
		return nil, errors.Join(err, b.drop())
	}
	return &claimed{b.file, path, room}, nil
}

func (b *blank) drop() error { return errors.Join(b.file.Close(), os.Remove(b.path)) }

// linkNew is a rename that fails when there is a file of that name, in two steps.
func linkNew(from, to string) error {
	if err := os.Link(from, to); err != nil {
		return err
	}
	_ = os.Remove(from) // what stays is swept
	return nil
}

// fillClaim writes a claim, with the inode of its file, into a file of zeros or of
// nothing, and sees to it that there is the block for its exit.
func fillClaim(f *os.File, inode uint64, c *Claim) (room int64, err error) {
	c.Inode = inode
	line, err := json.Marshal(c)
	if err != nil {
		return 0, err
	}
	room = roomAfter(line)
	content := make([]byte, room+block)
	content[copy(content, line)] = '\n'
	_, err = f.WriteAt(content, 0)
	return room, err
}

// Unclaim takes back a claim under which nothing was started.
func Unclaim(dir string) error {
	return errors.Join(os.Remove(dir+claimSuffix), syncDir(filepath.Dir(dir)))
}

// WriteExit makes the outcome of a claimed job run durable.
func WriteExit(dir string, e Exit) error {
	f, err := os.OpenFile(dir+claimSuffix, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := os.ReadFile(dir + claimSuffix)
	if err != nil {
		return err
	}
	_, _, room := readClaim(data)
	return (&claimed{f, dir + claimSuffix, room}).writeExit(e)
}

// writeExit makes the outcome durable. It may be tried again.
func (c *claimed) writeExit(e Exit) error {
	if err := c.putExit(e); err != nil {
		return err
	}
	return datasync(c.file)
}

// putExit is writeExit as long as the machine has power.
func (c *claimed) putExit(e Exit) error {
	line, err := checked(e)
	if err != nil {
		return err
	}
	_, err = c.file.WriteAt(line, c.room)
	return err
}

// sync makes the claim, and the exit if there is one, durable.
func (c *claimed) sync() error { return syncAll(c.file, filepath.Dir(c.path)) }

func (c *claimed) close() { _ = c.file.Close() } // what was written is synced

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
