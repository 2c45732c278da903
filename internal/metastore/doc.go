// Package metastore is the Data Catalog as a Hive Metastore: a server of the
// Metastore's Thrift protocol, so that Spark and other Hive clients have the catalog's
// databases, tables, partitions and functions as theirs. Each call becomes operations
// of the Glue API, so that what Hive clients make is what Glue clients see, and the
// other way round.
//
// It may import glue and catalog. The protocol's types, package hms, are generated from
// hive_metastore.thrift by the Thrift compiler.
package metastore

//go:generate thrift -strict -r --gen go:package_prefix=github.com/reglue/reglue/internal/metastore/,skip_remote --out . hive_metastore.thrift
//go:generate gofmt -w hms
