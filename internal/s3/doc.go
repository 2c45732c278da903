// Package s3 keeps objects as plain files in folders: it finds the file that a
// location such as s3://bucket/key names, and it answers the S3 protocol over
// the same folders, so that jobs read and write with boto3 or the AWS CLI what
// people see and edit with normal tools.
//
// A Map says which folder holds which bucket or prefix: the one that a rule
// such as s3://bucket/prefix=DIR names, else DATA/s3/BUCKET. What S3 knows of an
// object beyond its bytes (headers, MD5, parts of unfinished uploads) lies under
// DATA/s3-meta, never beside the files.
//
// The protocol's object, bucket and multipart calls are gofakes3's; this package
// is its backend, and a front before it that decodes and verifies bodies, checks
// signatures, lists, copies, and refuses with NotImplemented what is not built.
//
// A handler must not sit behind http.ServeMux, which rewrites paths that hold
// "//" or "..": keys are to arrive as they were sent.
//
// It may import nothing of this module.
package s3
