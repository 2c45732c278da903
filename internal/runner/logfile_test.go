package runner

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func testLog(out *bytes.Buffer) *logFile {
	l := newLogFile(out, 0)
	l.now = func() time.Time { return time.UnixMilli(1_700_000_000_123) }
	return l
}

const stamp = "2023-11-14T22:13:20.123Z "

func TestLogLines(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in   []string
		want string
	}{
		"lines":        {[]string{"a\nb\n"}, stamp + "a\n" + stamp + "b\n"},
		"pieces":       {[]string{"a", "b\nc"}, stamp + "ab\n" + stamp + "c"},
		"empty lines":  {[]string{"\n\n"}, stamp + "\n" + stamp + "\n"},
		"binary":       {[]string{"\x00\xff\r\n"}, stamp + "\x00\xff\r\n"},
		"long":         {[]string{strings.Repeat("x", lineLimit+1), "\n"}, stamp + strings.Repeat("x", lineLimit) + "\n" + stamp + "x\n"},
		"nothing said": {nil, ""},
	} {
		var out bytes.Buffer
		l := testLog(&out)
		for _, s := range tc.in {
			l.write([]byte(s))
		}
		l.flushLost()
		if diff := cmp.Diff(tc.want, out.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := strings.Join(tc.in, ""); len(got) < tailLimit && got != string(l.lastBytes()) {
			t.Errorf("%s: tail %q", name, l.lastBytes())
		}
	}
}

func TestLogTail(t *testing.T) {
	t.Parallel()
	l := testLog(&bytes.Buffer{})
	var all []byte
	for i := range 5000 {
		p := bytes.Repeat([]byte{byte(i)}, i%97)
		all = append(all, p...)
		l.write(p)
	}
	if !bytes.Equal(l.lastBytes(), all[len(all)-tailLimit:]) {
		t.Error("the tail is not the end of the stream")
	}
}

// fullDisk takes what fits.
type fullDisk struct {
	kept bytes.Buffer
	room int
}

func (d *fullDisk) Write(p []byte) (int, error) {
	n := min(d.room, len(p))
	d.room -= n
	_, _ = d.kept.Write(p[:n]) // never fails
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func TestLogOnFullDisk(t *testing.T) {
	t.Parallel()
	disk := &fullDisk{room: len(stamp) + 3}
	l := testLog(nil)
	l.out = disk
	l.write([]byte("abcdef"))
	l.write([]byte("ghi\n"))
	disk.room = 1 << 20
	l.write([]byte("jkl\n"))
	l.flushLost()
	want := stamp + "abc\n" + stamp + "[reglue: 32 bytes lost: no space left on device]\n" + stamp + "jkl\n"
	if diff := cmp.Diff(want, disk.kept.String()); diff != "" {
		t.Error(diff)
	}
}
