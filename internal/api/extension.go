package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/reglue/reglue/internal/bookmark"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/plan"
)

// extensions are operations that AWS Glue does not have.
var extensions = map[string]operation{
	plan.OpPlan:    extended((*API).planResume),
	plan.OpExecute: extended((*API).executeResume),
	plan.OpGet:     extended((*API).getResume),

	plan.OpExplain: extended((*API).explainRun),
	plan.OpFamily:  extended((*API).getFamily),

	plan.OpStartBulk:  extended((*API).startBulk),
	plan.OpGetBulk:    extended((*API).getBulk),
	plan.OpListBulks:  extended((*API).listBulks),
	plan.OpUpdateBulk: extended((*API).updateBulk),
	plan.OpRepairs:    extended((*API).listRepairs),

	bookmark.OpOpen:    extended((*API).openJobBookmark),
	bookmark.OpCommit:  extended((*API).commitJobBookmark),
	bookmark.OpHistory: extended((*API).getBookmarkHistory),
}

// extended makes an operation of a function whose request no model describes:
// every member must be known and of its type.
func extended[Request, Response any](f func(*API, context.Context, *Request) (Response, error)) operation {
	return func(a *API, ctx context.Context, op string, body []byte) (any, error) {
		request := new(Request)
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.DisallowUnknownFields()
		err := dec.Decode(request)
		if err == nil {
			_, err = dec.Token() // nothing may follow
			if err == nil {
				err = errors.New("more follows after the request")
			}
		}
		if !errors.Is(err, io.EOF) {
			return nil, glue.Errorf(glue.Validation, "%s: %s", op, strings.TrimPrefix(err.Error(), "json: "))
		}
		return f(a, ctx, request)
	}
}
