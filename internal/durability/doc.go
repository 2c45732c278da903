// Package durability kills the product and looks what is left. It holds tests
// only: they build the real program, run real processes under it, kill server
// and runner at named points and at random ones, and count what ran by the lines
// that the jobs themselves append to a journal, never by the database.
//
// The tests read /proc, so they run on Linux alone; some need strace, or root to
// mount a small disk. -seed repeats the choices of a random run, -kills lengthens
// it.
//
// It may import glue and failpoint: what it knows of the rest, it knows as a
// client.
package durability
