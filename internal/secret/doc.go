// Package secret keeps what must not be read by others: a Key encrypts what the
// store holds, and a File holds secrets that so need not be in the store at all.
//
// Neither ever puts a secret into an error.
package secret
