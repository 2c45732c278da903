-- Times are Unix milliseconds, structures are JSON text that is never queried
-- inside, '' stands for none. The key of a run or job run is a hash of its id:
-- ids are long and random, and a dense index of hashes is half the cost of an
-- insert. The id itself is compared in the row.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- The last number given in each sequence; numbers are never given twice.
CREATE TABLE sequences (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
) WITHOUT ROWID;

INSERT INTO sequences (name, value) VALUES
    ('definition', 0), ('trigger', 0), ('run', 0), ('job_run', 0), ('trigger_count', 0);

CREATE TABLE definitions (
    id   INTEGER NOT NULL PRIMARY KEY,
    kind TEXT    NOT NULL,
    hash TEXT    NOT NULL,
    body TEXT    NOT NULL
);
CREATE UNIQUE INDEX definitions_hash ON definitions (hash);

CREATE TABLE workflows (
    name                TEXT   NOT NULL PRIMARY KEY,
    description         TEXT   NOT NULL,
    properties          TEXT   NOT NULL,
    max_concurrent_runs BIGINT,
    created             BIGINT NOT NULL,
    modified            BIGINT NOT NULL,
    definition          BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE triggers (
    name     TEXT     NOT NULL PRIMARY KEY,
    seq      BIGINT   NOT NULL,
    workflow TEXT     NOT NULL,
    starts   SMALLINT NOT NULL,
    body     TEXT     NOT NULL
);
CREATE INDEX triggers_workflow ON triggers (workflow, seq);
CREATE INDEX triggers_start ON triggers (workflow) WHERE starts = 1;

CREATE TABLE trigger_jobs (
    job          TEXT NOT NULL,
    trigger_name TEXT NOT NULL REFERENCES triggers (name) ON DELETE CASCADE,
    PRIMARY KEY (job, trigger_name)
) WITHOUT ROWID;
CREATE INDEX trigger_jobs_trigger ON trigger_jobs (trigger_name);

CREATE TABLE jobs (
    name       TEXT   NOT NULL PRIMARY KEY,
    definition BIGINT NOT NULL REFERENCES definitions (id)
) WITHOUT ROWID;

CREATE TABLE tags (
    arn   TEXT NOT NULL,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, name)
) WITHOUT ROWID;
CREATE INDEX tags_value ON tags (name, value, arn);

-- hidden: 0 shown, 1 its workflow was deleted, 2 past retention.
CREATE TABLE runs (
    seq        INTEGER  NOT NULL PRIMARY KEY,
    key        BIGINT   NOT NULL,
    id         TEXT     NOT NULL,
    workflow   TEXT     NOT NULL,
    status     TEXT     NOT NULL,
    started    BIGINT   NOT NULL,
    completed  BIGINT   NOT NULL,
    previous   TEXT     NOT NULL,
    origin     TEXT     NOT NULL,
    roots      TEXT     NOT NULL,
    sources    TEXT     NOT NULL,
    definition BIGINT   NOT NULL,
    statistics TEXT     NOT NULL,
    error      TEXT     NOT NULL,
    event      TEXT     NOT NULL,
    rev        BIGINT   NOT NULL,
    clock      BIGINT   NOT NULL,
    hidden     SMALLINT NOT NULL,
    properties TEXT     NOT NULL,
    states     BLOB
);
CREATE INDEX runs_key ON runs (key);
CREATE INDEX runs_workflow ON runs (workflow, seq);
CREATE INDEX runs_live ON runs (workflow) WHERE status IN ('RUNNING', 'STOPPING');
CREATE INDEX runs_previous ON runs (previous) WHERE previous <> '';
CREATE INDEX runs_hidden ON runs (hidden) WHERE hidden <> 0;

-- The runs that a resumed run needs: those it carries from, and its previous.
CREATE TABLE run_sources (
    source TEXT   NOT NULL,
    run    BIGINT NOT NULL,
    PRIMARY KEY (source, run)
) WITHOUT ROWID;
CREATE INDEX run_sources_run ON run_sources (run);

-- The rows of one run lie together. Outside of a workflow run is 0, action -1
-- and start the seq.
CREATE TABLE job_runs (
    run          BIGINT   NOT NULL,
    action       BIGINT   NOT NULL,
    start        BIGINT   NOT NULL,
    seq          BIGINT   NOT NULL,
    key          BIGINT   NOT NULL,
    id           TEXT     NOT NULL,
    job          TEXT     NOT NULL,
    retry        BIGINT   NOT NULL,
    root         SMALLINT NOT NULL,
    state        TEXT     NOT NULL,
    definition   BIGINT   NOT NULL,
    previous     TEXT     NOT NULL,
    trigger_name TEXT     NOT NULL,
    started      BIGINT   NOT NULL,
    modified     BIGINT   NOT NULL,
    completed    BIGINT   NOT NULL,
    ran          BIGINT   NOT NULL,
    message      TEXT     NOT NULL,
    detail       TEXT     NOT NULL,
    rev          BIGINT   NOT NULL,
    hidden       SMALLINT NOT NULL,
    request      TEXT     NOT NULL,
    files        TEXT     NOT NULL,
    predecessors TEXT     NOT NULL,
    PRIMARY KEY (run, action, start)
) WITHOUT ROWID;
CREATE INDEX job_runs_key ON job_runs (key);
CREATE INDEX job_runs_job ON job_runs (job, seq);
CREATE INDEX job_runs_live ON job_runs (job, seq)
    WHERE state IN ('WAITING', 'STARTING', 'RUNNING', 'STOPPING');

CREATE TABLE invocations (
    caller    TEXT   NOT NULL,
    operation TEXT   NOT NULL,
    id        TEXT   NOT NULL,
    body      TEXT   NOT NULL,
    answer    TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (caller, operation, id)
) WITHOUT ROWID;
CREATE INDEX invocations_at ON invocations (at);
