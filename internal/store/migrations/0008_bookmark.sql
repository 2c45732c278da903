-- What the bookmark of a job is and was. The newest version counts; a version is
-- never given twice while the job lives. The body comes last: reading the rest
-- then reads no part of it.
CREATE TABLE bookmarks (
    id         INTEGER NOT NULL PRIMARY KEY,
    job        TEXT    NOT NULL,
    version    BIGINT  NOT NULL,
    cause      TEXT    NOT NULL,
    run_number BIGINT  NOT NULL,
    attempt    BIGINT  NOT NULL,
    run_id     TEXT    NOT NULL,
    previous   TEXT    NOT NULL,
    caller     TEXT    NOT NULL,
    rewound_to BIGINT  NOT NULL,
    at         BIGINT  NOT NULL,
    size       BIGINT  NOT NULL,
    body       TEXT    NOT NULL
);
CREATE UNIQUE INDEX bookmarks_version ON bookmarks (job, version);

-- The job run that read a job's bookmark last, to keep it anew.
CREATE TABLE bookmark_readers (
    job       TEXT     NOT NULL PRIMARY KEY,
    run_id    TEXT     NOT NULL,
    attempt   BIGINT   NOT NULL,
    committed SMALLINT NOT NULL
) WITHOUT ROWID;
