// Package reglue holds only the test that keeps ARCHITECTURE.md true. The
// program is cmd/reglue.
package reglue
