// Package awsglue holds the Python packages that jobs can import without installing
// anything, written from the public AWS Glue documentation: awsglue, with
// getResolvedOptions for every job, and the DynamicFrame, its transforms and the
// GlueContext for Spark jobs; awsgluedq, with data quality rules; and awsglueml, whose
// transforms are refused by name. Modules that need Spark fail on import where pyspark is
// missing, with a message that says so. docs/awsglue.md, written by the Python
// tests, lists every documented call.
//
// awsglue.utils keeps to the syntax of Python 3.6, the oldest that AWS Glue offers
// for python shell jobs; everything else to that of 3.9.
//
// It may import nothing of this module.
package awsglue
