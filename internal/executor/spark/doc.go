// Package spark says how a Spark job of Glue is run by spark-submit: it finds and
// checks the runtime (a Spark, the Python and the Java that run it), installs one,
// knows what stands in for which GlueVersion, turns worker types into memory and
// cores, and builds the command line, the environment and the settings of Spark for
// a job run. It starts no job itself: the local executor does.
//
// What a job asks for goes before what the operator sets, and that before what this
// package sets. Secrets are on no command line and in no file: S3 keys reach Spark by
// the environment.
//
// The package may import executor, and of runner the name of a variable.
package spark
