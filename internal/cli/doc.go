// Package cli is the command line, and the only place where the concrete parts
// meet: flags, settings, the logger, the server and the commands that talk to
// it. It may import all packages.
package cli
