//go:build race

package flow

// raceEnabled makes the random tests smaller: the race detector slows them tenfold.
const raceEnabled = true
