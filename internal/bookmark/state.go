package bookmark

import (
	"encoding/json"
	"errors"
	"fmt"
)

// MaxState bounds the state of a job, in bytes: a request has to hold it.
const MaxState = 12 << 20

// State is what a job has read: the JSON that the awsglue package makes and reads.
type State struct {
	Contexts map[string]Context `json:"contexts"`
}

// Context is what was read under one transformation_ctx.
type Context struct {
	// Run is the job run that read something last.
	Run string `json:"run"`
	S3  *Files `json:"s3"`
	// JDBC are tables by name.
	JDBC map[string]Table `json:"jdbc"`
}

// Files says which files were read.
type Files struct {
	// Files is how many the last run read.
	Files int `json:"files"`
	// Newest is the latest time of one, in Unix milliseconds. All up to Floor count as read; Remembered ones
	// after it are kept one by one.
	Newest     *int64 `json:"newest"`
	Floor      *int64 `json:"floor"`
	Remembered int    `json:"remembered"`
}

// Table says how far a table was read.
type Table struct {
	Keys  []string          `json:"keys"`
	Order string            `json:"order"`
	Last  []json.RawMessage `json:"last"`
}

// Parse reads a state; the empty text is that of a job that has read nothing.
func Parse(text string) (*State, error) {
	s := &State{}
	if text == "" {
		return s, nil
	}
	if len(text) > MaxState {
		return nil, fmt.Errorf("it has %d bytes, more than %d: read fewer files at a time, or set maxFilesInBand", len(text), MaxState)
	}
	if err := json.Unmarshal([]byte(text), s); err != nil {
		return nil, err
	}
	if s.Contexts == nil {
		return nil, errors.New("it has no contexts")
	}
	return s, nil
}
