// Package awsglue holds the Python package awsglue that python shell jobs can
// import without installing anything: awsglue.utils.getResolvedOptions, written
// from the public AWS Glue documentation. The modules that need Spark are there
// only to fail on import with a message that says so.
//
// The Python files keep to the syntax of Python 3.6, the oldest that AWS Glue
// offers for python shell jobs.
//
// It may import nothing of this module.
package awsglue
