package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"github.com/reglue/reglue/internal/glue"
)

// The codes of errors that no Glue operation declares.
const (
	codeSerialization           = "SerializationException"
	accessDenied      glue.Kind = "AccessDeniedException"
)

var errReadOnly = glue.Errorf(accessDenied,
	"The data folder is open for reading only, as no server owns it: start one with `reglue serve` to change something")

// statuses are the HTTP statuses of the kinds of error; those not named have
// 400, as all exceptions of Glue but one.
var statuses = map[glue.Kind]int{glue.Internal: http.StatusInternalServerError}

// Error says how an error of Call is sent: its HTTP status, its code and its
// message. An error that is not meant for callers is logged under an id, and
// the caller gets the id alone.
func (a *API) Error(err error) (status int, code, message string) {
	var (
		meant  *glue.Error
		unread *glue.SerializationError
	)
	switch {
	case errors.As(err, &meant):
		status, known := statuses[meant.Kind]
		if !known {
			status = http.StatusBadRequest
		}
		return status, string(meant.Kind), meant.Message
	case errors.As(err, &unread):
		return http.StatusBadRequest, codeSerialization, unread.Message
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusBadRequest, string(glue.OperationTimeout), "The request could not be answered in time; nothing was changed"
	}
	id := uuid.NewString()
	a.opt.Log.Error("internal error", "error_id", id, "error", err)
	return http.StatusInternalServerError, string(glue.Internal), "An internal error; the server's log has it under error id " + id
}

func invalid(format string, args ...any) error {
	return glue.Errorf(glue.InvalidInput, format, args...)
}

// missing is the answer for a workflow or run that is not there.
func missing() error { return glue.Errorf(glue.EntityNotFound, "Entity not found") }

func missingNamed(kind, name string) error {
	return glue.Errorf(glue.EntityNotFound, "%s with name: %s not found.", kind, name)
}

// firstOf carries out checks until one fails.
func firstOf[T any](v T, checks ...func(T) error) error {
	for _, check := range checks {
		if err := check(v); err != nil {
			return err
		}
	}
	return nil
}
