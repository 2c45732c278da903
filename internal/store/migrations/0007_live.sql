-- A list of more than two values is compared through a table that SQLite builds
-- anew for each row that is written; alternatives are not.
DROP INDEX job_runs_live;
CREATE INDEX job_runs_live ON job_runs (job, seq)
    WHERE state = 'WAITING' OR state = 'STARTING' OR state = 'RUNNING' OR state = 'STOPPING';
