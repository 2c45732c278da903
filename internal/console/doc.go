// Package console serves the web console: its built pages, and beside the AWS
// protocol what a page needs more: who is signed in, a stream of changes, and the
// logs of job runs.
//
// The pages are in web and are built into dist, which is embedded. They call the
// same operations as every client, at POST /.
package console
