package plan

import "github.com/reglue/reglue/internal/glue"

// Outcome is what a run came to. The status alone does not tell: AWS calls a run
// COMPLETED whatever became of its nodes.
type Outcome struct {
	Status       glue.WorkflowRunStatus `json:"status"`
	Total        int                    `json:"total"`
	Succeeded    int                    `json:"succeeded"`
	Failed       int                    `json:"failed"`
	Stopped      int                    `json:"stopped"`
	Running      int                    `json:"running"`
	NeverStarted int                    `json:"neverStarted"`
	// SupersededBy is the run that took over what ran in this one.
	SupersededBy string `json:"supersededBy,omitempty"`
}

// OutcomeOf reads the statistics of a run.
func OutcomeOf(run *glue.WorkflowRun) Outcome {
	o := Outcome{Status: run.Status, SupersededBy: glue.SupersededBy(run.ErrorMessage)}
	s := run.Statistics
	if s == nil {
		return o
	}
	o.Total = int(s.TotalActions)
	o.Succeeded = int(s.SucceededActions)
	o.Failed = int(s.FailedActions + s.TimeoutActions + s.ErroredActions)
	o.Stopped = int(s.StoppedActions)
	o.Running = int(s.RunningActions + s.WaitingActions)
	o.NeverStarted = max(0, o.Total-o.Succeeded-o.Failed-o.Stopped-o.Running)
	return o
}
