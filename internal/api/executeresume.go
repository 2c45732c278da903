package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/plan"
	"github.com/reglue/reglue/internal/store"
)

// executeResume resumes a run, if it is asked for only as the plan said.
func (a *API) executeResume(ctx context.Context, r *plan.ExecuteRequest) (*plan.ExecuteAnswer, error) {
	if a.readOnly {
		return nil, errReadOnly
	}
	if err := checkRecord(r); err != nil {
		return nil, err
	}
	call, body := callFrom(ctx, plan.OpExecute), fingerprint(r)
	answer, err := a.repeated(ctx, call, r.ClientToken, body)
	if answer != nil || err != nil {
		return answer, err
	}
	answer, err = a.executeOnce(ctx, call, body, r)
	if err != nil {
		// The same request may have been carried out meanwhile, and be the reason.
		if first, lookErr := a.repeated(ctx, call, r.ClientToken, body); first != nil && lookErr == nil {
			return first, nil
		}
	}
	return answer, err
}

func (a *API) executeOnce(ctx context.Context, call engine.Call, body string, r *plan.ExecuteRequest) (*plan.ExecuteAnswer, error) {
	w, req, err := a.resumeRequest(ctx, r)
	if err != nil {
		return nil, err
	}
	req.Token, req.Body = r.ClientToken, body
	for _, b := range r.Before {
		req.Before = append(req.Before, store.Before{Node: b.Node, Command: b.Command, At: b.At, Took: b.TookMs, Output: b.Output})
	}
	if r.PlanToken != "" {
		if err := a.hold(w, r, req); err != nil {
			return nil, err
		}
	}
	res, err := a.engine.ResumeWorkflowRun(ctx, call, req)
	if err != nil {
		return nil, err
	}
	return &plan.ExecuteAnswer{RunId: res.RunID, NodeIds: res.NodeIDs}, nil
}

// resumeRequest works out a resume as the engine takes it.
func (a *API) resumeRequest(ctx context.Context, r *plan.ExecuteRequest) (*worked, *engine.ResumeRequest, error) {
	w, err := a.workOut(ctx, &r.Request, r.ExpectHead)
	if err != nil {
		return nil, nil, err
	}
	return w, &engine.ResumeRequest{
		Workflow: r.Name, RunID: r.RunId, Request: w.request, By: r.By, Because: r.Because,
		Properties: r.Properties, Overrides: r.Overrides, AnyResume: r.AnyResume, ExpectHead: r.ExpectHead,
		Current: r.Definition == definitionCurrent,
		Check:   func(tx *store.Tx) error { return checkTaken(tx, w, r) },
		Rewind:  w.rewound(r.By), Rewound: w.answer.Plan.Rewound(),
	}, nil
}

// fingerprint stands for what a request asks for, whoever asks and whatever was run
// before.
func fingerprint(r *plan.ExecuteRequest) string {
	bare := *r
	bare.ClientToken, bare.By, bare.Before = "", "", nil
	text, err := json.Marshal(&bare)
	if err != nil {
		panic(fmt.Sprintf("api: a request that is no JSON: %v", err)) // it was read from it
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// repeated is the answer that a repeat of a call, or of its token, got before; nil
// when there was none.
func (a *API) repeated(ctx context.Context, call engine.Call, token, body string) (*plan.ExecuteAnswer, error) {
	if call.Invocation == "" && token == "" {
		return nil, nil
	}
	var answer *plan.ExecuteAnswer
	err := a.db.View(ctx, func(tx *store.Tx) error {
		res, ok, err := a.engine.Repeated(tx, call, token, body)
		if ok {
			answer = &plan.ExecuteAnswer{RunId: res.RunID, NodeIds: res.NodeIDs}
		}
		return err
	})
	return answer, err
}
