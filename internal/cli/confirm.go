package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// confirm asks before a change of a real AWS account. Other targets are the
// user's own and are not asked about.
func (a *app) confirm(t *target, what string) error {
	if t.Kind != targetAWS || a.flags.yes {
		return nil
	}
	where := "AWS account of profile " + a.flags.profile
	if !a.interactive() {
		return fmt.Errorf("%s in the %s: add --yes to confirm, since no terminal is there to ask on", what, where)
	}
	return a.ask(what + " in the " + where + "?")
}

// ask asks a question that only yes answers.
func (a *app) ask(question string) error {
	fmt.Fprintf(a.Stderr, "%s [y/N] ", question)
	answer, err := bufio.NewReader(a.Stdin).ReadString('\n')
	if err != nil && answer == "" {
		return errors.New("no answer: nothing was changed")
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("not confirmed: nothing was changed")
}

// interactive reports whether somebody sits before a terminal that can answer.
func (a *app) interactive() bool {
	f, ok := a.Stdin.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && a.err.terminal
}
