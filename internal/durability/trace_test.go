//go:build linux

package durability

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

type opKind int

const (
	opOpen opKind = iota
	opMkdir
	opWrite
	opTruncate
	opSync
	opLink
	opRename
	opRemove
	opAnswered // the client is sent the id of its run
	opStarted  // the job's program runs
	opTold     // a client is told how the job ended
)

// op is one thing that a traced program did. Paths are relative to the data
// folder.
type op struct {
	kind      opKind
	path, to  string
	at, n     int64 // of a write; at is -1 for the end of the file
	truncates bool
}

func (o op) String() string {
	name := [...]string{"open", "mkdir", "write", "truncate", "sync", "link", "rename", "remove", "answered", "job started", "end told"}[o.kind]
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", name, filepath.Base(o.path), strings.TrimPrefix(filepath.Base(o.to), ".")))
}

// traced are the system calls that change files, start programs and send.
var traced = []string{
	"strace", "-D", "-f", "-y", "-q", "-s", "2000", "-e", "signal=none",
	"-e", "trace=/^(openat?|creat|p?write(v|64)?|f?truncate|fsync|fdatasync|(link|rename|unlink|mkdir)(at2?)?|rmdir|execve)$", "-o",
}

func needStrace(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		missing(t, "strace is missing: install it, for example with apt-get install strace")
	}
}

var (
	callLine   = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	resumed    = regexp.MustCompile(`^(\d+) +<\.\.\. \w+ resumed>(.*)$`)
	unfinished = " <unfinished ...>"
	result     = regexp.MustCompile(`\) += (-?\d+)`)
	quoted     = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	lastNumber = regexp.MustCompile(`, (\d+)\) += `)
	ofFile     = regexp.MustCompile(`^\d+<([^>]*)>`)
)

// readTrace reads what strace wrote of a server and its runner, in the order in
// which the calls returned.
func readTrace(path, data string) ([]op, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var ops []op
	open := map[string]string{} // a call that has not returned, by thread
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if m := resumed.FindStringSubmatch(line); m != nil {
			line = open[m[1]] + m[2]
		} else if begun, ok := strings.CutSuffix(line, unfinished); ok {
			pid, _, _ := strings.Cut(begun, " ")
			open[pid] = begun
			continue
		}
		if o, ok := readCall(line, data); ok {
			ops = append(ops, o)
		}
	}
	return ops, nil
}

// readCall reads one call that succeeded and matters to the data folder.
func readCall(line, data string) (o op, ok bool) {
	m := callLine.FindStringSubmatch(line)
	if m == nil {
		return o, false
	}
	call, args := m[2], m[3]
	res := result.FindAllStringSubmatch(args, -1)
	if len(res) == 0 {
		return o, false
	}
	n, err := strconv.ParseInt(res[len(res)-1][1], 10, 64)
	if err != nil || n < 0 {
		return o, false
	}
	var names []string
	for _, q := range quoted.FindAllStringSubmatch(args, -1) {
		names = append(names, q[1])
	}
	inside := func(path string) (rel string) {
		rel, ok = strings.CutPrefix(path, data+"/")
		return rel
	}
	switch base := strings.TrimRight(strings.TrimSuffix(call, "at"), "2"); base {
	case "open", "openat", "creat":
		o = op{kind: opOpen, path: inside(names[0]), truncates: strings.Contains(args, "O_TRUNC")}
		return o, ok && strings.Contains(args, "O_CREAT")
	case "mkdir":
		o = op{kind: opMkdir, path: inside(names[0])}
	case "link", "renameat", "rename":
		o = op{kind: opLink, path: inside(names[0]), to: inside(names[1])}
		if base != "link" {
			o.kind = opRename
		}
	case "unlink", "rmdir":
		o = op{kind: opRemove, path: inside(names[0])}
	case "fsync", "fdatasync":
		o = op{kind: opSync, path: inside(fileOf(args))}
	case "write", "writev", "pwrite64", "pwritev":
		if !strings.HasPrefix(fileOf(args), "/") { // a socket
			switch {
			case strings.Contains(args, `\"Status\":\"COMPLETED\"`):
				return op{kind: opTold}, true
			case strings.Contains(args, `{\"RunId\":\"wr_`):
				return op{kind: opAnswered}, true
			}
			return o, false
		}
		o = op{kind: opWrite, path: inside(fileOf(args)), at: -1, n: n}
		if strings.HasPrefix(call, "p") {
			o.at = numberIn(args)
		}
	case "truncate":
		o = op{kind: opTruncate, path: inside(names[0]), n: numberIn(args)}
	case "ftruncate":
		o = op{kind: opTruncate, path: inside(fileOf(args)), n: numberIn(args)}
	case "execve":
		return op{kind: opStarted}, len(names) > 2 && strings.HasPrefix(names[2], filepath.Join(data, "files"))
	}
	return o, ok
}

// numberIn is the last argument of a call.
func numberIn(args string) int64 {
	m := lastNumber.FindStringSubmatch(args)
	if m == nil {
		return -1
	}
	n, _ := strconv.ParseInt(m[1], 10, 64) // digits alone
	return n
}

// fileOf is what strace says that the descriptor of a call leads to.
func fileOf(args string) string {
	m := ofFile.FindStringSubmatch(args)
	if m == nil {
		return ""
	}
	return m[1]
}
