package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/reglue/reglue/internal/awsglue"
	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/executor/local"
	"github.com/reglue/reglue/internal/executor/spark"
	"github.com/reglue/reglue/internal/metastore"
	"github.com/reglue/reglue/internal/runner"
	"github.com/reglue/reglue/internal/s3"
	"github.com/reglue/reglue/internal/store"
)

// executor runs the server's jobs.
func (s *server) executor() (*local.Executor, error) {
	python, err := awsglue.Install(filepath.Join(s.opt.Data, "awsglue"))
	if err != nil {
		return nil, err
	}
	sparks := s.opt.Spark
	if s.opened == nil || !slices.Contains(s.opened.names, "s3") {
		sparks.TempDir = s.tempDir
	}
	if at := s.metastoreAddress(); at != "" {
		sparks.Metastore, sparks.Warehouse = "thrift://"+at, s.warehouse()
		if s.opt.Auth == authSigV4 {
			sparks.MetastoreConf = metastore.CoreSite("")
		}
	}
	return local.New(local.Options{
		DataDir: s.opt.Data, Python: s.opt.Python, MaxJobs: s.opt.MaxLocalJobs, StopGrace: s.opt.StopGrace,
		Files: s.files, PythonPath: []string{python}, Log: s.opt.Log, Env: s.jobEnv, SessionEnv: s.sessionEnv, Check: s.checkJob, Spark: sparks,
	})
}

// checkJob refuses a job run whose connections are not there.
func (s *server) checkJob(spec executor.Spec) error {
	return s.db.View(context.Background(), func(tx *store.Tx) error {
		for _, name := range spec.Connections {
			c, err := tx.Connection(name)
			if err != nil {
				return err
			}
			if c == nil {
				return fmt.Errorf("the connection %s, which the job names, does not exist: create it, or take it out of the job's Connections", name)
			}
		}
		return nil
	})
}

// tempDir is where Spark jobs that name no --TempDir keep temporary objects: in a
// bucket with the name that Glue gives it.
func (s *server) tempDir() (string, error) {
	scope := s.db.Scope()
	bucket := "aws-glue-temporary-" + scope.Account + "-" + scope.Region
	return "s3://" + bucket + "/", s.files.MakeBucket(bucket)
}

// The purposes of tokens.
const (
	forGlue = "glue"
	forS3   = "s3"
)

// jobEndpoint is where a job run reaches this server's Glue protocol.
func (s *server) jobEndpoint(jobRunID string) string {
	return s.Endpoint + "/job/" + jobRunID + "/" + s.tokens.of(forGlue, jobRunID)
}

// jobEnv gives a job throw-away credentials and the built-in S3: jobs are sealed
// unless the operator opens them.
func (s *server) jobEnv(spec executor.Spec) map[string]string {
	region := s.db.Scope().Region
	env := map[string]string{
		"AWS_ENDPOINT_URL":      s.Endpoint + sealedPath,
		"AWS_ENDPOINT_URL_S3":   s.Endpoint,
		"AWS_REGION":            region,
		"AWS_DEFAULT_REGION":    region,
		"AWS_ACCESS_KEY_ID":     spec.JobRunID,
		"AWS_SECRET_ACCESS_KEY": s.tokens.of(forS3, spec.JobRunID),
	}
	if s.opened != nil {
		more, err := s.opened.env(context.Background())
		if err != nil {
			s.opt.Log.Error("a job runs sealed", "job_run_id", spec.JobRunID, "error", err)
		}
		maps.Copy(env, more)
	}
	return env
}

// sessionEnv gives a Spark that outlives its jobs the built-in S3 for as long as their
// workflow run lives.
func (s *server) sessionEnv(workflowRunID string) map[string]string {
	if s.opened != nil && slices.Contains(s.opened.names, "s3") {
		return nil
	}
	return map[string]string{
		"AWS_ACCESS_KEY_ID":     workflowRunID,
		"AWS_SECRET_ACCESS_KEY": s.tokens.of(forS3, workflowRunID),
	}
}

// sessions are the live job runs that use a Spark of a workflow run, which may have
// been superseded since.
func (s *server) sessions(workflowRunID string) (jobRuns []string, live bool) {
	err := s.db.View(context.Background(), func(tx *store.Tx) error {
		ids := []string{workflowRunID}
		for len(ids) > 0 {
			id := ids[0]
			more, err := tx.ResumesOf(id)
			if err != nil {
				return err
			}
			ids = append(ids[1:], more...)
			seqs, err := tx.RunSeqs([]string{id})
			if err != nil {
				return err
			}
			run, err := tx.RunBySeq(seqs[id])
			if err != nil || run == nil || !run.Completed.IsZero() {
				continue
			}
			live = true
			found, err := tx.JobRunsOf(run.Seq)
			if err != nil {
				return err
			}
			for _, jr := range found {
				if _, err := os.Stat(filepath.Join(runner.JobDir(s.opt.Data, jr.ID), spark.SessionMark)); err == nil && jr.State.Live() {
					jobRuns = append(jobRuns, jr.ID)
				}
			}
		}
		return nil
	})
	return jobRuns, live && err == nil
}

// live reports whether a job run is not over; its tokens are void afterwards.
func (s *server) live(jobRunID string) bool {
	ok := false
	err := s.db.View(context.Background(), func(tx *store.Tx) error {
		jr, err := tx.JobRun(jobRunID)
		ok = jr != nil && jr.State.Live()
		return err
	})
	return err == nil && ok
}

// jobFiles are the files of jobs as the operations see them.
type jobFiles struct {
	*s3.Map
	pin     func(location string) (string, error)
	written func(jobRunID string) ([]string, int)
}

// Pin implements api.Files.
func (f jobFiles) Pin(location string) (string, error) { return f.pin(location) }

// Written implements api.Files.
func (f jobFiles) Written(jobRunID string) ([]string, int) { return f.written(jobRunID) }
