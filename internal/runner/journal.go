package runner

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	journalSize = 512 << 10
	// takeBackRoom is what only claims that are taken back may use, so that a
	// journal that is full does not keep them.
	takeBackRoom = 32 << 10
)

// journal makes claims and exits durable for less than their files cost. A new
// file needs a commit of the file system; the journal is one file of zeros,
// overwritten in place, and what comes at the same time shares one write. Nothing
// but a loss of power takes unsynced files away, so only then is it read: see
// restore. When it is full, the files are synced, all at once and beside what goes
// on, and it starts over.
type journal struct {
	path string
	data string // the folder that the claims are in
	log  *slog.Logger

	mu   sync.Mutex
	idle *sync.Cond // nothing is being written
	file *os.File   // nil while there is none to write to
	// round tells the records of this time around from what is left of the last.
	round   int64
	at      int64
	full    bool
	next    *group // gathers while another one is written, or for soonTime
	writing bool
	timed   bool // flush is due within soonTime
}

// group is the records of one write.
type group struct {
	at   int64
	data []byte
	done chan struct{} // closed once err is known
	err  error
}

// record is what a journal holds of a job run; the last one of each counts.
type record struct {
	Round int64  `json:"round"`
	ID    string `json:"id"`
	Claim *Claim `json:"claim,omitempty"`
	Exit  *Exit  `json:"exit,omitempty"`
	// Unclaimed says that the claim was taken back.
	Unclaimed bool `json:"unclaimed,omitempty"`
}

var errNoJournal = errors.New("no room in the journal")

// newJournal makes a journal that takes records if open succeeds.
func newJournal(path, data string, log *slog.Logger) *journal {
	j := &journal{path: path, data: data, log: log}
	j.idle = sync.NewCond(&j.mu)
	return j
}

// open makes the file.
func (j *journal) open() {
	if !canSyncFolder {
		return
	}
	f, err := os.OpenFile(j.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		j.log.Warn("no journal; each claim is synced by itself", "error", err)
		return
	}
	_, err = f.Write(make([]byte, journalSize))
	if err := errors.Join(err, f.Sync(), syncDir(filepath.Dir(j.path))); err != nil {
		j.log.Warn("no journal; each claim is synced by itself", "error", errors.Join(err, f.Close(), os.Remove(j.path)))
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.file = f
}

// soonTime is how long a record that need not be durable at once waits for another
// one, to share its write.
const soonTime = 20 * time.Millisecond

// add makes a record durable, soon or at once. On an error it is not known to be, and
// its file must be synced.
func (j *journal) add(r record, soon bool) error {
	j.mu.Lock()
	if j.file == nil {
		j.mu.Unlock()
		return errNoJournal
	}
	r.Round = j.round
	line, err := checked(r)
	if err == nil {
		err = j.reserve(int64(len(line)), r.Unclaimed)
	}
	if err != nil {
		j.mu.Unlock()
		return err
	}
	g := j.next
	if g == nil {
		g = &group{at: j.at, done: make(chan struct{})}
		j.next = g
	}
	g.data = append(g.data, line...)
	j.at += int64(len(line))
	first := !j.writing && !soon
	if first {
		j.writing = true
	} else if !j.writing && !j.timed {
		j.timed = true
		time.AfterFunc(soonTime, j.flush)
	}
	j.mu.Unlock()
	if first {
		j.write()
	}
	<-g.done
	return g.err
}

// flush writes what has gathered, unless somebody does.
func (j *journal) flush() {
	j.mu.Lock()
	j.timed = false
	due := j.next != nil && !j.writing
	j.writing = j.writing || due
	j.mu.Unlock()
	if due {
		j.write()
	}
}

// reserve finds out whether there is room, and starts the journal over if not.
func (j *journal) reserve(n int64, unclaim bool) error {
	end := int64(journalSize)
	if !unclaim {
		end -= takeBackRoom
	}
	if j.at+n <= end && (unclaim || !j.full) {
		return nil
	}
	if !j.full {
		j.full = true
		go j.startOver()
	}
	return errNoJournal
}

// write writes the group that has gathered, and sees to it that the next one is.
func (j *journal) write() {
	j.mu.Lock()
	g := j.next
	j.next = nil
	j.mu.Unlock()
	_, g.err = j.file.WriteAt(g.data, g.at)
	if g.err == nil {
		g.err = datasync(j.file)
	}
	close(g.done)
	j.mu.Lock()
	defer j.mu.Unlock()
	if g.err != nil {
		j.log.Error("the journal cannot be written; each claim is synced by itself", "error", g.err)
		j.full = true // for good
	}
	if j.next != nil {
		go j.write()
		return
	}
	j.writing = false
	j.idle.Broadcast()
}

// startOver syncs all files that the journal has records of and empties it.
func (j *journal) startOver() {
	err := syncFolder(j.data)
	j.flush() // nothing is added any more
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.writing {
		j.idle.Wait()
	}
	if err == nil {
		_, err = j.file.WriteAt(make([]byte, block), 0)
	}
	if err == nil {
		err = datasync(j.file)
	}
	if err != nil {
		j.log.Error("the journal cannot start over; each claim is synced by itself", "error", err)
		return
	}
	j.round, j.at, j.full = j.round+1, 0, false
}

// restore brings back the claims and exits in the journal of a dead runner that a
// loss of power has taken from their files. It may be done again, until the journal is
// removed.
func restore(path, data string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for id, r := range readJournal(text) {
		if r.Unclaimed {
			continue
		}
		if err := restoreClaim(JobDir(data, id)+claimSuffix, r); err != nil {
			return fmt.Errorf("restore the claim of job run %s: %w", id, err)
		}
	}
	return nil
}

// removeJournal removes a journal once the files that it has records of are synced.
func removeJournal(path, data string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := syncFolder(data); err != nil {
		return err
	}
	return os.Remove(path)
}

// readJournal is what the journal holds, by job run.
func readJournal(text []byte) map[string]record {
	all := map[string]record{}
	for round := int64(-1); ; {
		var r record
		n := readChecked(text, &r)
		if n == 0 || round >= 0 && r.Round != round {
			return all
		}
		round, text = r.Round, text[n:]
		if r.Claim == nil && !r.Unclaimed {
			r.Claim = all[r.ID].Claim // nil when it is of an earlier round
		}
		all[r.ID] = r
	}
}

// restoreClaim writes what the claim file lacks.
func restoreClaim(path string, r record) error {
	how := os.O_RDWR
	if r.Claim != nil { // else the file was synced in an earlier round
		how |= os.O_CREATE
	}
	f, err := os.OpenFile(path, how, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // swept
	}
	if err != nil {
		return err
	}
	defer f.Close() // syncFolder tells whether it is written
	data, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	c, e, room := readClaim(data)
	if c.PID == 0 && r.Claim != nil { // there is none to read
		info, err := f.Stat()
		if err == nil {
			room, err = fillClaim(f, inode(info), r.Claim)
		}
		if err != nil {
			return err
		}
	} else if e != nil {
		return nil
	}
	if e == nil {
		e = r.Exit
	}
	if e == nil {
		return nil
	}
	return (&claimed{f, path, room}).putExit(*e)
}
