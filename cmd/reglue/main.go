// Command reglue runs, repairs and resumes AWS Glue workflows. Everything it
// does is in internal/cli; here are signals and the exit code.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/reglue/reglue/internal/cli"
	"github.com/reglue/reglue/internal/runner"
)

func main() {
	if runner.IsRunner(os.Args) {
		os.Exit(runner.Main(os.Args[2:]))
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	program := &cli.Program{
		Args: os.Args[1:], Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Signals: signals,
	}
	os.Exit(program.Main(context.Background()))
}
