package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// hint is a command that the user may want next, and what for.
type hint struct{ what, command string }

// hints writes commands to try next.
func (a *app) hints(hints ...hint) {
	var t table
	t.indent = 2
	for _, h := range hints {
		t.add(cell{h.what + ":", dim}, cell{h.command, plain})
	}
	// A command that is cut can't be copied.
	s := a.out
	s.terminal = false
	t.write(s)
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quote makes a word fit for a shell.
func quote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// programName is how a user calls this program: by its name, or as 'go run' does.
var programName = sync.OnceValue(func() string {
	exe, err := os.Executable()
	if err == nil && strings.Contains(exe, string(filepath.Separator)+"go-build") && strings.HasPrefix(filepath.Base(exe), "reglue") {
		return "go run ./cmd/reglue"
	}
	return "reglue"
})

// command is a command line of reglue that talks to what this one talks to.
func (a *app) command(args ...string) string {
	words := []string{programName()}
	for _, arg := range args {
		words = append(words, quote(arg))
	}
	switch {
	case a.flags.profile != "":
		words = append(words, "--aws-profile", quote(a.flags.profile))
		if a.flags.region != "" {
			words = append(words, "--region", quote(a.flags.region))
		}
	case a.flags.endpoint != "" && a.flags.endpoint != a.getenv("AWS_ENDPOINT_URL_GLUE"):
		words = append(words, "--endpoint", quote(a.flags.endpoint))
	case a.flags.endpoint == "" && (a.flags.folder || a.flags.data != a.folderByDefault()):
		words = append(words, "--data", quote(a.flags.data))
	}
	if len(args) > 0 && args[0] == "resume" {
		// The jobs need the settings of the run that is resumed.
		for _, arg := range a.server.args() {
			words = append(words, quote(arg))
		}
	}
	return strings.Join(words, " ")
}

// folderByDefault is the data folder without --data.
func (a *app) folderByDefault() string {
	if data := a.getenv("REGLUE_DATA"); data != "" {
		return data
	}
	return defaultData
}

// plural is a count with its noun.
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
