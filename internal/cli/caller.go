package cli

import "context"

// Caller carries out one operation of the Glue API by name: over HTTP against a
// server or an AWS account, or within this process against the data folder. The
// structs are those of package glue; an error that the service answered is a
// *glue.Error.
type Caller interface {
	Call(ctx context.Context, op string, in, out any) error
}
