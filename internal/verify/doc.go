// Package verify holds any Glue endpoint against the contract of workflow runs
// and ResumeWorkflowRun: what AWS documents, and what this product decided where
// AWS does not say.
//
// A Check is one rule. It makes workflows, triggers and jobs of its own under a
// random prefix, runs, breaks, resumes and looks, over the AWS JSON protocol
// alone, and deletes what it made. It never reads or changes what it did not make.
// The rules are written down here a second time, apart from the code that
// carries them out, so the package imports the wire's shapes and nothing else.
package verify
