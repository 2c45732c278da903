package store

const (
	sqlMeta    = `SELECT value FROM meta WHERE name = $1`
	sqlSetMeta = `INSERT INTO meta (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`
)

// Meta reads a small value that the folder keeps.
func (tx *Tx) Meta(key string) (string, bool, error) {
	return value[string](tx, sqlMeta, key)
}

// SetMeta keeps a small value in the folder.
func (tx *Tx) SetMeta(key, value string) error {
	return tx.exec(sqlSetMeta, key, value)
}
