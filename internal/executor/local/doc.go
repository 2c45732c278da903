// Package local runs Python shell jobs and the drivers of Spark jobs on this machine, as
// processes of the runner, so that they go on while the server restarts.
//
// An attempt goes through these phases; all but the last two are those of this
// process alone and are found again from the attempt's folder:
//
//	Start → waiting → preparing → asked → running → over
//	            ↑__________________|  (no room on the disk, no process to be had)
//
// Preparing copies the script and the extra files into the data folder under the
// hash of their content, installs what --additional-python-modules asks for, and
// makes sure that the interpreter's botocore obeys endpoint variables: an older
// one would take the job's calls to the real AWS.
//
// What a job gets is what Glue documents: its merged arguments in the order of
// their names, then --JOB_NAME, --JOB_ID, --JOB_RUN_ID and, in a workflow,
// --WORKFLOW_NAME and --WORKFLOW_RUN_ID, always as a key and a value; an empty
// value is an empty argument. Of the server's environment it sees a short list
// of harmless variables and nothing that starts with AWS_ or REGLUE_.
//
// One goroutine owns all state; others prepare and write, and hand it closures.
//
// Package spark says how a Spark job is run. Its workers, where it has no cluster, are
// processes of the same job. What Spark writes while it works lies in a scratch folder,
// which goes when the job run is over.
//
// The package may import executor, executor/spark, glue and runner.
package local
