// Package storetest holds the suite that every store must pass: what is kept,
// in which order it is listed, what a failed member leaves, what a restart
// finds. It knows no database, only the store's methods.
//
// It may import store, flow and glue.
package storetest
