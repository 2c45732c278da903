-- A resume that is to happen: of a bulk operation, or, with no bulk, an automatic
-- repair. state: PENDING, DONE, FAILED, CANCELLED, SKIPPED.
CREATE TABLE planned (
    id       TEXT   NOT NULL PRIMARY KEY,
    bulk     TEXT   NOT NULL,
    workflow TEXT   NOT NULL,
    run      TEXT   NOT NULL,
    origin   TEXT   NOT NULL,
    request  TEXT   NOT NULL,
    due      BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    tries    BIGINT NOT NULL,
    new_run  TEXT   NOT NULL,
    error    TEXT   NOT NULL,
    asked_by TEXT   NOT NULL,
    created  BIGINT NOT NULL,
    ended    BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX planned_due ON planned (bulk, due) WHERE state = 'PENDING';
CREATE INDEX planned_bulk ON planned (bulk, id);
CREATE INDEX planned_repairs ON planned (created, id) WHERE bulk = '';
CREATE INDEX planned_run ON planned (run);
CREATE INDEX planned_origin ON planned (origin);
CREATE INDEX planned_ended ON planned (ended);

-- Many resumes asked for at once. state: RUNNING, PAUSED, DONE, CANCELLED.
-- Between two starts lie pause milliseconds; the next one is not before next_at.
CREATE TABLE bulks (
    id        TEXT   NOT NULL PRIMARY KEY,
    state     TEXT   NOT NULL,
    pause     BIGINT NOT NULL,
    next_at   BIGINT NOT NULL,
    asked_by  TEXT   NOT NULL,
    condition TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    ended     BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX bulks_running ON bulks (id) WHERE state = 'RUNNING';
CREATE INDEX bulks_created ON bulks (created, id);
