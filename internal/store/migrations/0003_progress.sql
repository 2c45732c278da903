-- What each step of a live run changes. The run's own row may be long, since it
-- holds its properties and what was resumed, and an update writes all of a row.
CREATE TABLE run_progress (
    run        INTEGER NOT NULL PRIMARY KEY,
    statistics TEXT    NOT NULL,
    rev        BIGINT  NOT NULL,
    clock      BIGINT  NOT NULL
);
