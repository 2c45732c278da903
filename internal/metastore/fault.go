package metastore

import (
	"errors"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/metastore/hms"
)

// Hive's exceptions.
func meta(msg string) error         { return &hms.MetaException{Message: msg} }
func noSuch(msg string) error       { return &hms.NoSuchObjectException{Message: msg} }
func already(msg string) error      { return &hms.AlreadyExistsException{Message: msg} }
func badObject(msg string) error    { return &hms.InvalidObjectException{Message: msg} }
func badOperation(msg string) error { return &hms.InvalidOperationException{Message: msg} }
func unknownTable(msg string) error { return &hms.UnknownTableException{Message: msg} }

// faults are the exceptions that a call has for kinds of errors; a call that has none
// for a kind throws MetaException.
type faults struct{ missing, exists, invalid func(msg string) error }

// fault is an error of the API as the call throws it.
func (s *session) fault(err error, as faults) error {
	if err == nil {
		return nil
	}
	var throw func(string) error
	_, code, msg := s.api.Error(err)
	switch glue.Kind(code) {
	case glue.EntityNotFound:
		throw = as.missing
	case glue.AlreadyExists:
		throw = as.exists
	case glue.InvalidInput, glue.Validation:
		throw = as.invalid
	default:
		msg = code + ": " + msg
	}
	if throw == nil {
		throw = meta
	}
	return throw(msg)
}

// isKind reports whether an error is one of the API of that kind.
func isKind(err error, kind glue.Kind) bool { return errors.Is(err, &glue.Error{Kind: kind}) }
