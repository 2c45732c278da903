// Package plan describes a resume before it happens: what becomes of each node and
// why, how long it will take, what it rests on, and what speaks against it. It
// chooses nodes by what is known of a run, and seals what a plan rests on in a
// token. It is pure: facts come from the server's store, or from an AWS account.
//
// It may import glue and flow.
package plan
