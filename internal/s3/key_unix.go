//go:build !windows

package s3

// forbidden are characters that file names of this system cannot have, beside
// the slash and NUL.
const forbidden = ""
