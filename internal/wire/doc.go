// Package wire speaks AWS JSON 1.1 over HTTP: requests in, answers and error
// bodies out, SigV4, limits, and the guards that keep web pages from driving a
// server on loopback. It knows nothing of Glue and imports nothing of this
// module: what an operation does and how an error is called come in as
// functions.
//
// A request passes, in this order: path and method, Host and Origin, content
// type, the Authorization header or the session's cookie, the body's limit, the
// signature, the target. Only then is Handler.Call asked.
package wire
