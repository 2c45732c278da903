-- The run to which a job run was moved while it ran; 0 when it belongs to the one that
-- started it.
ALTER TABLE job_runs ADD COLUMN moved_to BIGINT NOT NULL DEFAULT 0;
CREATE INDEX job_runs_moved ON job_runs (moved_to) WHERE moved_to <> 0;
