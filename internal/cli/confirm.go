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

// ask asks a question that only yes answers. An interrupt is a no.
func (a *app) ask(question string) error {
	lines := wrap(question+" [y/N]", a.err.width())
	fmt.Fprint(a.Stderr, strings.Join(lines, "\n")+" ")
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() { // which a terminal may hold up until the program ends
		text, err := bufio.NewReader(a.Stdin).ReadString('\n')
		read <- line{text, err}
	}()
	var answer line
	select {
	case answer = <-read:
	case <-a.Signals:
		return errors.New("interrupted: nothing was changed")
	}
	if answer.err != nil && answer.text == "" {
		return errors.New("no answer: nothing was changed")
	}
	switch strings.ToLower(strings.TrimSpace(answer.text)) {
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
