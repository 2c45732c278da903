package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// talk asks the user and reads the answers.
type talk struct {
	out   screen
	lines chan string
}

// newTalk reads lines from the standard input until it ends.
func newTalk(a *app) *talk {
	t := &talk{out: a.out, lines: make(chan string)}
	go func() {
		defer close(t.lines)
		for in := bufio.NewReader(a.Stdin); ; {
			line, err := in.ReadString('\n')
			if line != "" || err == nil {
				t.lines <- strings.TrimSpace(line)
			}
			if err != nil {
				return
			}
		}
	}()
	return t
}

// errLeft ends the demo: the user wants to leave it.
var errLeft = errors.New("left")

// leaving are the words that leave the demo, as the end of the input does.
var leaving = []string{"exit", "quit", "q", ":q"}

// ask returns the line that the user types.
func (t *talk) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(t.out, t.out.paint(cyan, question))
	select {
	case line, ok := <-t.lines:
		if !ok || slices.Contains(leaving, line) {
			return "", errLeft
		}
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// carryOut carries a command line out against the demo's own server.
func (s *story) carryOut(ctx context.Context, words []string) error {
	program := *s.Program
	program.Args = append(slices.Clone(words), "--data", s.flags.data)
	program.Env = slices.DeleteFunc(slices.Clone(s.Env), func(pair string) bool {
		return strings.HasPrefix(pair, "AWS_ENDPOINT_URL_GLUE=") // the demo has its own
	})
	program.Signals = nil // the demo itself watches for them
	program.Stdout = s.out.Writer
	program.Stdin = strings.NewReader("")
	program.open = func(context.Context, targetOptions) (*target, error) { return s.to, nil }
	sub := newApp(&program)
	return sub.root().ExecuteContext(ctx)
}

// demoCommands are those that make sense within the demo.
var demoCommands = []string{"resume", "runs", "show", "why", "logs", "graph"}

// commandWords reads a typed command line: the arguments of reglue, however it
// was called.
func commandWords(line string) ([]string, error) {
	words, err := splitWords(line)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	if len(words) >= 2 && words[0] == "go" && words[1] == "run" {
		words = words[min(3, len(words)):]
	} else if words[0] == "reglue" || strings.HasSuffix(words[0], "/reglue") {
		words = words[1:]
	}
	if len(words) == 0 || !slices.Contains(demoCommands, words[0]) {
		return nil, fmt.Errorf("here you can use reglue %s, press Enter alone to resume, or leave with exit", strings.Join(demoCommands, ", "))
	}
	return withoutData(words), nil
}

// withoutData takes --data off: the demo has its own.
func withoutData(words []string) []string {
	for i, w := range words {
		if w == "--data" && i+1 < len(words) {
			return slices.Delete(slices.Clone(words), i, i+2)
		}
		if strings.HasPrefix(w, "--data=") {
			return slices.Delete(slices.Clone(words), i, i+1)
		}
	}
	return words
}

func asksForPlan(words []string) bool {
	return slices.Contains(words, "--plan") || slices.Contains(words, "--help") || slices.Contains(words, "-h")
}

// splitWords splits a line as a shell does, with quotes and backslashes and
// nothing else.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, in := false, strings.NewReader(line)
	for quote := rune(0); ; {
		r, _, err := in.ReadRune()
		switch {
		case errors.Is(err, io.EOF) && quote != 0:
			return nil, errors.New("a quote is not closed")
		case errors.Is(err, io.EOF):
			if inWord {
				words = append(words, word.String())
			}
			return words, nil
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ' || r == '\t':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		case r == '\\':
			if r, _, err = in.ReadRune(); err == nil {
				word.WriteRune(r)
				inWord = true
			}
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
}
