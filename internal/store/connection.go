package store

import "github.com/reglue/reglue/internal/glue"

// ConnectionRecord is a connection as kept.
type ConnectionRecord struct {
	// Connection holds nothing secret.
	Connection glue.Connection
	// Sealed are the secrets by where they belong, encrypted.
	Sealed map[string]string
}

const (
	sqlConnection      = `SELECT body, sealed FROM connections WHERE name = $1`
	sqlConnections     = `SELECT body, sealed FROM connections WHERE name > $1 ORDER BY name LIMIT $2`
	sqlConnectionNames = `SELECT name FROM connections WHERE name > $1 ORDER BY name LIMIT $2`
	sqlSealed          = `SELECT 1 FROM connections WHERE sealed <> '' LIMIT 1`
	sqlPutConnection   = `INSERT INTO connections (name, body, sealed) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET body = excluded.body, sealed = excluded.sealed`
	sqlDeleteConnection = `DELETE FROM connections WHERE name = $1`

	sqlSecurityConfiguration      = `SELECT body FROM security_configurations WHERE name = $1`
	sqlSecurityConfigurations     = `SELECT body FROM security_configurations WHERE name > $1 ORDER BY name LIMIT $2`
	sqlSecurityConfigurationNames = `SELECT name FROM security_configurations WHERE name > $1 ORDER BY name LIMIT $2`
	sqlPutSecurityConfiguration   = `INSERT INTO security_configurations (name, body) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET body = excluded.body`
	sqlDeleteSecurityConfiguration = `DELETE FROM security_configurations WHERE name = $1`
)

const kindConnection = "connection"

// metaEncryption is where the catalog's encryption settings are kept.
const metaEncryption = "catalog_encryption"

// Connection reads a connection, nil when there is none.
func (tx *Tx) Connection(name string) (*ConnectionRecord, error) {
	return one(tx, scanConnection, sqlConnection, name)
}

// Connections are the connections after the given name, in byte order of their
// names.
func (tx *Tx) Connections(after string, limit int) ([]ConnectionRecord, error) {
	return list(tx, scanConnection, sqlConnections, after, int64(limit))
}

// ConnectionNames are the names of what Connections returns.
func (tx *Tx) ConnectionNames(after string, limit int) ([]string, error) {
	return list(tx, scanOne[string], sqlConnectionNames, after, int64(limit))
}

// AnySealed reports whether some connection has secrets.
func (tx *Tx) AnySealed() (bool, error) {
	_, any, err := value[int64](tx, sqlSealed)
	return any, err
}

// PutConnection creates or replaces a connection.
func (tx *Tx) PutConnection(r *ConnectionRecord) error {
	body, err := toJSON(r.Connection, false)
	if err != nil {
		return err
	}
	sealed := ""
	if len(r.Sealed) > 0 {
		if sealed, err = toJSON(r.Sealed, false); err != nil {
			return err
		}
	}
	return tx.exec(sqlPutConnection, r.Connection.Name, body, sealed)
}

// DeleteConnection removes a connection, if it is there, and its tags.
func (tx *Tx) DeleteConnection(name string) error {
	if err := tx.exec(sqlDeleteConnection, name); err != nil {
		return err
	}
	return tx.deleteTags(tx.db.scope.ARN(kindConnection, name))
}

func scanConnection(s scanner) (r ConnectionRecord, err error) {
	var body, sealed string
	if err := s.Scan(&body, &sealed); err != nil {
		return r, err
	}
	if r.Connection, err = fromJSON[glue.Connection](body); err != nil || sealed == "" {
		return r, err
	}
	r.Sealed, err = fromJSON[map[string]string](sealed)
	return r, err
}

// SecurityConfiguration reads a security configuration, nil when there is none.
func (tx *Tx) SecurityConfiguration(name string) (*glue.SecurityConfiguration, error) {
	return one(tx, scanSecurityConfiguration, sqlSecurityConfiguration, name)
}

// SecurityConfigurations are those after the given name, in byte order of their
// names.
func (tx *Tx) SecurityConfigurations(after string, limit int) ([]glue.SecurityConfiguration, error) {
	return list(tx, scanSecurityConfiguration, sqlSecurityConfigurations, after, int64(limit))
}

// SecurityConfigurationNames are the names of what SecurityConfigurations returns.
func (tx *Tx) SecurityConfigurationNames(after string, limit int) ([]string, error) {
	return list(tx, scanOne[string], sqlSecurityConfigurationNames, after, int64(limit))
}

// PutSecurityConfiguration creates or replaces a security configuration.
func (tx *Tx) PutSecurityConfiguration(c *glue.SecurityConfiguration) error {
	body, err := toJSON(c, false)
	if err != nil {
		return err
	}
	return tx.exec(sqlPutSecurityConfiguration, c.Name, body)
}

// DeleteSecurityConfiguration removes a security configuration, if it is there.
func (tx *Tx) DeleteSecurityConfiguration(name string) error {
	return tx.exec(sqlDeleteSecurityConfiguration, name)
}

func scanSecurityConfiguration(s scanner) (c glue.SecurityConfiguration, err error) {
	var body string
	if err := s.Scan(&body); err != nil {
		return c, err
	}
	return fromJSON[glue.SecurityConfiguration](body)
}

// EncryptionSettings are those of the Data Catalog, zero until they are put.
func (tx *Tx) EncryptionSettings() (glue.DataCatalogEncryptionSettings, error) {
	text, ok, err := tx.Meta(metaEncryption)
	if err != nil || !ok {
		return glue.DataCatalogEncryptionSettings{}, err
	}
	return fromJSON[glue.DataCatalogEncryptionSettings](text)
}

// PutEncryptionSettings replaces the settings of the Data Catalog.
func (tx *Tx) PutEncryptionSettings(s *glue.DataCatalogEncryptionSettings) error {
	text, err := toJSON(s, false)
	if err != nil {
		return err
	}
	return tx.SetMeta(metaEncryption, text)
}
