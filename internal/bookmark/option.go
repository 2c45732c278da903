package bookmark

import "github.com/reglue/reglue/internal/glue"

// The argument that turns bookmarks on, and its values.
const (
	Argument = "--job-bookmark-option"
	Enable   = "job-bookmark-enable"
	Pause    = "job-bookmark-pause"
)

// Kept reports whether a run of the job with these arguments keeps what it reads.
func Kept(job *glue.Job, arguments map[string]string) bool {
	return Has(job) && arguments[Argument] == Enable
}

// Has reports whether the job is of a kind that has bookmarks: Spark jobs are.
func Has(job *glue.Job) bool {
	return job != nil && (job.CommandName() == glue.CommandETL || job.CommandName() == glue.CommandStreaming)
}
