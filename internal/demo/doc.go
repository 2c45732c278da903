// Package demo holds the content of the demo: a workflow as a CloudFormation
// template, its scripts, and a week of real flights and weather (data/README.md
// names source and licence). One value of the flights is spoiled when the files
// are laid out, so that a job really fails on it, and Repair puts it right.
//
// It only writes and reads files; running the workflow is the caller's part. It
// may import nothing of this module.
package demo
