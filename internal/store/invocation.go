package store

import "github.com/reglue/reglue/internal/glue"

const (
	sqlInvocation = `SELECT caller, operation, id, body, answer, at FROM invocations
		WHERE caller = $1 AND operation = $2 AND id = $3`
	sqlPutInvocation = `INSERT INTO invocations (caller, operation, id, body, answer, at)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (caller, operation, id) DO UPDATE
			SET body = excluded.body, answer = excluded.answer, at = excluded.at`
	sqlForgetInvocations = `DELETE FROM invocations WHERE at < $1`
)

// Invocation reads the answer to an earlier call, nil when there was none.
func (tx *Tx) Invocation(caller, operation, id string) (*Invocation, error) {
	return one(tx, scanInvocation, sqlInvocation, caller, operation, id)
}

// PutInvocation keeps the answer to a call.
func (tx *Tx) PutInvocation(v *Invocation) error {
	return tx.exec(sqlPutInvocation, v.Caller, v.Operation, v.ID, v.Body, string(v.Answer), int64(v.At))
}

// ForgetInvocations removes the answers from before a time.
func (tx *Tx) ForgetInvocations(before glue.Time) error {
	return tx.exec(sqlForgetInvocations, int64(before))
}

func scanInvocation(s scanner) (v Invocation, err error) {
	return v, s.Scan(&v.Caller, &v.Operation, &v.ID, &v.Body, &v.Answer, (*int64)(&v.At))
}
