-- What a resume asked for beyond the nodes to repeat.
ALTER TABLE runs ADD COLUMN resume TEXT NOT NULL DEFAULT '';
