// Package catalog is what the Data Catalog knows of partitions beyond storing
// them: the keys under which a table's partitions are sorted, and the expressions
// of GetPartitions. An expression is parsed (Parse), and tells which stretches of
// the sorted keys can hold what it wants (Filter.Ranges), so that Scan reads
// little more than that. It is pure.
//
// It may import glue.
package catalog
