package storetest

import (
	"testing"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func testConnections(t *testing.T, s *suite) {
	db := s.db(t)
	sealed := func(tx *store.Tx) (bool, error) { return tx.AnySealed() }
	a := &store.ConnectionRecord{Connection: glue.Connection{Name: "a", ConnectionType: "JDBC"}}
	b := &store.ConnectionRecord{Connection: glue.Connection{Name: "b"}, Sealed: map[string]string{"PASSWORD": "v1.x.y"}}
	commit(t, db, func(tx *store.Tx) error { return tx.PutConnection(a) })
	want(t, db, "secrets at first", false, sealed)
	commit(t, db, func(tx *store.Tx) error { return tx.PutConnection(b) })
	want(t, db, "secrets", true, sealed)
	want(t, db, "a", a, func(tx *store.Tx) (*store.ConnectionRecord, error) { return tx.Connection("a") })
	want(t, db, "none", nil, func(tx *store.Tx) (*store.ConnectionRecord, error) { return tx.Connection("A") })
	want(t, db, "after a", []store.ConnectionRecord{*b}, func(tx *store.Tx) ([]store.ConnectionRecord, error) { return tx.Connections("a", 9) })
	want(t, db, "names", []string{"a", "b"}, func(tx *store.Tx) ([]string, error) { return tx.ConnectionNames("", 9) })
	b.Sealed, b.Connection.Description = nil, "changed"
	commit(t, db,
		func(tx *store.Tx) error { return tx.PutConnection(b) },
		func(tx *store.Tx) error {
			return tx.PutTags(db.Scope().ARN("connection", "a"), map[string]string{"k": "v"})
		})
	want(t, db, "changed", b, func(tx *store.Tx) (*store.ConnectionRecord, error) { return tx.Connection("b") })
	want(t, db, "no secrets", false, sealed)
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteConnection("a") }, func(tx *store.Tx) error { return tx.DeleteConnection("a") })
	want(t, db, "left", []string{"b"}, func(tx *store.Tx) ([]string, error) { return tx.ConnectionNames("", 9) })
	want(t, db, "tags", nil, func(tx *store.Tx) (map[string]string, error) { return tx.Tags(db.Scope().ARN("connection", "a")) })
}

func testSecurityConfigurations(t *testing.T, s *suite) {
	db := s.db(t)
	a := &glue.SecurityConfiguration{Name: "a", EncryptionConfiguration: &glue.EncryptionConfiguration{S3Encryption: []glue.S3Encryption{{S3EncryptionMode: "SSE-S3"}}}}
	b := &glue.SecurityConfiguration{Name: "b"}
	commit(t, db, func(tx *store.Tx) error { return tx.PutSecurityConfiguration(b) }, func(tx *store.Tx) error { return tx.PutSecurityConfiguration(a) })
	want(t, db, "a", a, func(tx *store.Tx) (*glue.SecurityConfiguration, error) { return tx.SecurityConfiguration("a") })
	want(t, db, "none", nil, func(tx *store.Tx) (*glue.SecurityConfiguration, error) { return tx.SecurityConfiguration("A") })
	want(t, db, "after a", []glue.SecurityConfiguration{*b}, func(tx *store.Tx) ([]glue.SecurityConfiguration, error) {
		return tx.SecurityConfigurations("a", 9)
	})
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteSecurityConfiguration("a") })
	want(t, db, "names", []string{"b"}, func(tx *store.Tx) ([]string, error) { return tx.SecurityConfigurationNames("", 9) })

	settings := func(tx *store.Tx) (glue.DataCatalogEncryptionSettings, error) { return tx.EncryptionSettings() }
	want(t, db, "settings at first", glue.DataCatalogEncryptionSettings{}, settings)
	put := glue.DataCatalogEncryptionSettings{EncryptionAtRest: &glue.EncryptionAtRest{CatalogEncryptionMode: "SSE-KMS"}}
	commit(t, db, func(tx *store.Tx) error { return tx.PutEncryptionSettings(&put) })
	want(t, db, "settings", put, settings)
}
