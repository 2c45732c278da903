//go:build !linux && !darwin

package store

// checkFilesystem knows no network file systems on this system.
func checkFilesystem(dir string) error { return refuseNetwork(dir, "") }
