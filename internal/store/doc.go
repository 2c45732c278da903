// Package store keeps definitions, runs and job runs: all SQL, migrations and
// paging. Writes are made by one writer that commits many members at once;
// reads run beside it on a snapshot. A store returns concrete types; it knows no
// rules beyond keys and order.
//
// It may import glue and flow.
package store
