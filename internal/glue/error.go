package glue

import "fmt"

// Kind is one of the exceptions that Glue's operations declare; its text is the
// exception's name on the wire.
type Kind string

// The kinds of error that operations return.
const (
	InvalidInput           Kind = "InvalidInputException"
	InvalidState           Kind = "InvalidStateException"
	EntityNotFound         Kind = "EntityNotFoundException"
	AlreadyExists          Kind = "AlreadyExistsException"
	IdempotentMismatch     Kind = "IdempotentParameterMismatchException"
	ConcurrentModification Kind = "ConcurrentModificationException"
	ConcurrentRunsExceeded Kind = "ConcurrentRunsExceededException"
	IllegalWorkflowState   Kind = "IllegalWorkflowStateException"
	LimitExceeded          Kind = "ResourceNumberLimitExceededException"
	OperationTimeout       Kind = "OperationTimeoutException"
	Encryption             Kind = "GlueEncryptionException"
	UnknownOperation       Kind = "UnknownOperationException"
	Validation             Kind = "ValidationException"
	Internal               Kind = "InternalServiceException"
)

// Error is an error that a caller of an operation is meant to see.
type Error struct {
	Kind    Kind
	Message string
	// Err is the cause, for the log; it is not sent.
	Err error
}

// Errorf makes an Error of a kind.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return string(e.Kind) + ": " + e.Message }

func (e *Error) Unwrap() error { return e.Err }

// Is matches errors of the same kind, so that errors.Is(err, &Error{Kind: k})
// asks for the kind alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Message == ""
}
