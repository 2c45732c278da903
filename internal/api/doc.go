// Package api is the operations of the Glue API: a request comes in as JSON, is
// held against the model and the rules that the model does not know, and is
// carried out. Each resource has its file. Reads see one snapshot of the store;
// changes go through the engine, which makes them durable before they are
// answered.
//
// It may import glue, flow, cron, store and engine. It knows nothing of HTTP.
package api
