// Package store keeps definitions, runs and job runs: all SQL, migrations and
// paging, on SQLite in one file, reglue.db. Writes are made by one writer that
// commits many members at once (Commit), each undone alone when it fails; views
// read beside it on one consistent snapshot (View). A store returns concrete
// types; it knows no rules beyond keys, order and what must be kept.
//
// What is not there is nil or zero, not an error. Lists go by keyset, names in
// byte order, so that a page token survives inserts. Rows are numbered from
// sequences that never give a number twice. The SQL stands as constants beside
// the code that scans its rows, in a text that PostgreSQL understands too;
// storetest holds the suite that every store must pass.
//
// It may import glue, flow and failpoint.
package store
