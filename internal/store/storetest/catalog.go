package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

func putDatabase(t *testing.T, db *store.DB, name string) *store.DatabaseRecord {
	t.Helper()
	d := &store.DatabaseRecord{Database: glue.Database{Name: name, Description: "of " + name}}
	commit(t, db, func(tx *store.Tx) error { return tx.PutDatabase(d) })
	return d
}

func putTable(t *testing.T, db *store.DB, database int64, name string) *store.TableRecord {
	t.Helper()
	r := &store.TableRecord{Database: database, Table: glue.Table{Name: name, VersionId: "0"}}
	commit(t, db, func(tx *store.Tx) error { return tx.PutTable(r) })
	return r
}

func testDatabases(t *testing.T, s *suite) {
	db := s.db(t)
	a, b := putDatabase(t, db, "a"), putDatabase(t, db, "b")
	if a.ID == b.ID || a.ID == 0 {
		t.Fatalf("ids %d and %d", a.ID, b.ID)
	}
	want(t, db, "a", a, func(tx *store.Tx) (*store.DatabaseRecord, error) { return tx.Database("a") })
	want(t, db, "none", nil, func(tx *store.Tx) (*store.DatabaseRecord, error) { return tx.Database("A") })
	want(t, db, "after a", []store.DatabaseRecord{*b}, func(tx *store.Tx) ([]store.DatabaseRecord, error) { return tx.Databases("a", 9) })
	want(t, db, "names", []string{"a", "b"}, func(tx *store.Tx) ([]string, error) { return tx.DatabaseNames("", 9) })
	a.Database.Description = "changed"
	commit(t, db,
		func(tx *store.Tx) error { return tx.PutDatabase(a) },
		func(tx *store.Tx) error {
			return tx.PutTags(db.Scope().ARN("database", "a"), map[string]string{"k": "v"})
		})
	want(t, db, "changed", a, func(tx *store.Tx) (*store.DatabaseRecord, error) { return tx.Database("a") })
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteDatabase(a) })
	again := putDatabase(t, db, "a")
	if again.ID == a.ID {
		t.Error("an id was given twice")
	}
	want(t, db, "tags of a new database", nil, func(tx *store.Tx) (map[string]string, error) { return tx.Tags(db.Scope().ARN("database", "a")) })
}

func testTables(t *testing.T, s *suite) {
	db := s.db(t)
	a, b := putDatabase(t, db, "a"), putDatabase(t, db, "b")
	one, two := putTable(t, db, a.ID, "one"), putTable(t, db, a.ID, "two")
	putTable(t, db, b.ID, "one")
	want(t, db, "one", one, func(tx *store.Tx) (*store.TableRecord, error) { return tx.Table(a.ID, "one") })
	want(t, db, "none", nil, func(tx *store.Tx) (*store.TableRecord, error) { return tx.Table(b.ID, "two") })
	want(t, db, "after one", []store.TableRecord{*two}, func(tx *store.Tx) ([]store.TableRecord, error) { return tx.Tables(a.ID, "one", 9) })
	want(t, db, "names", []string{"one", "two"}, func(tx *store.Tx) ([]string, error) { return tx.TableNames(a.ID, "", 9) })
	want(t, db, "count", 2, func(tx *store.Tx) (int, error) { return tx.CountTables(a.ID, 9) })
	want(t, db, "count to a limit", 1, func(tx *store.Tx) (int, error) { return tx.CountTables(a.ID, 1) })

	old := *one
	for range 3 {
		commit(t, db, func(tx *store.Tx) error {
			if err := tx.ArchiveTable(one); err != nil {
				return err
			}
			one.Version++
			one.Table.VersionId = fmt.Sprint(one.Version)
			return tx.PutTable(one)
		})
	}
	want(t, db, "the present version", one, func(tx *store.Tx) (*store.TableRecord, error) { return tx.Table(a.ID, "one") })
	old.Database = 0 // not kept with a version
	want(t, db, "the first version", &old, func(tx *store.Tx) (*store.TableRecord, error) { return tx.TableVersion(one.ID, 0) })
	numbers := func(tx *store.Tx) (out []int64, err error) {
		all, err := tx.TableVersions(one.ID, 2, 9)
		for _, v := range all {
			out = append(out, v.Version)
		}
		return out, err
	}
	want(t, db, "before the third", []int64{1, 0}, numbers)
	commit(t, db, func(tx *store.Tx) error { return tx.DeleteTableVersion(one.ID, 1) })
	want(t, db, "without the second", []int64{0}, numbers)
	want(t, db, "count of versions", 2, func(tx *store.Tx) (int, error) { return tx.CountTableVersions(one.ID, 9) })
}

func partition(location string, columns ...string) glue.Partition {
	p := glue.Partition{Parameters: map[string]string{"at": location}, CreationTime: 5, StorageDescriptor: &glue.StorageDescriptor{
		Location: location, InputFormat: "in", Parameters: map[string]string{"rows": location}, AdditionalLocations: []string{location},
		SkewedInfo: &glue.SkewedInfo{SkewedColumnNames: []string{"a"}}, SerdeInfo: &glue.SerDeInfo{Name: "n"},
	}}
	for _, c := range columns {
		p.StorageDescriptor.Columns = append(p.StorageDescriptor.Columns, glue.Column{Name: c})
	}
	return p
}

// testPartitions also holds that what partitions share is kept as long as one of
// them needs it.
func testPartitions(t *testing.T, s *suite) {
	db := s.db(t)
	table := putTable(t, db, putDatabase(t, db, "d").ID, "t").ID
	sent := map[string]glue.Partition{
		"a\x01": partition("1", "x"), "a\x01b\x01": partition("2", "x"), "c\x01": partition("3", "x", "y"), "é\x01": {Parameters: map[string]string{"k": "v"}},
	}
	keys := []string{"a\x01", "a\x01b\x01", "c\x01", "é\x01"}
	put := func(all ...string) {
		t.Helper()
		commit(t, db, func(tx *store.Tx) error {
			p := tx.Partitions(table)
			for _, key := range all {
				rec, err := p.Get(key)
				if err != nil {
					return err
				}
				if rec == nil {
					rec = &store.PartitionRecord{Key: key}
				}
				rec.Partition = sent[key]
				if err := p.Put(rec); err != nil {
					return err
				}
			}
			return nil
		})
	}
	put(keys...)
	whole := func() {
		t.Helper()
		var records []store.PartitionRecord
		for _, key := range keys {
			records = append(records, store.PartitionRecord{Key: key, Partition: sent[key]})
		}
		got := get(t, db, func(tx *store.Tx) ([]store.PartitionRecord, error) { return tx.Partitions(table).From("", 99) })
		if diff := cmp.Diff(records, got, cmpopts.IgnoreUnexported(store.PartitionRecord{})); diff != "" {
			t.Error(diff)
		}
	}
	whole()
	for _, tt := range []struct {
		from, before string
		limit        int
		want         []string
	}{
		{"", "", 9, keys}, {"", "", 2, keys[:2]}, {"a\x01\x01", "", 9, keys[1:]}, {"a\x01b\x01", "é", 9, keys[1:3]}, {"d", "e", 9, nil},
	} {
		want(t, db, fmt.Sprintf("keys of %+v", tt), tt.want, func(tx *store.Tx) ([]string, error) { return tx.Partitions(table).Keys(tt.from, tt.before, tt.limit) })
	}
	want(t, db, "count", 3, func(tx *store.Tx) (int, error) { return tx.Partitions(table).Count(3) })
	want(t, db, "of another table", nil, func(tx *store.Tx) (*store.PartitionRecord, error) { return tx.Partitions(table + 1).Get("c\x01") })

	sent["c\x01"] = partition("4", "z") // the only one with its columns
	put("c\x01")
	whole()
	sent["c\x01"] = glue.Partition{}
	put("c\x01")
	whole()
	sent["c\x01"] = partition("5", "x")
	put("c\x01")
	whole()
	for len(keys) > 0 {
		commit(t, db, func(tx *store.Tx) error {
			p := tx.Partitions(table)
			rec, err := p.Get(keys[0])
			if err != nil {
				return err
			}
			return p.Delete(rec)
		})
		keys = slices.Clone(keys[1:])
		whole()
	}
}

func testSweep(t *testing.T, s *suite) {
	db := s.db(t)
	d := putDatabase(t, db, "d")
	var tables []*store.TableRecord
	for i := range 5 {
		r := putTable(t, db, d.ID, fmt.Sprint(i))
		tables = append(tables, r)
		commit(t, db, func(tx *store.Tx) error {
			p := tx.Partitions(r.ID)
			for key := range 7 {
				if err := p.Put(&store.PartitionRecord{Key: fmt.Sprint(key), Partition: partition("x", fmt.Sprint(key))}); err != nil {
					return err
				}
			}
			return tx.PutPartitionIndex(r.ID, &glue.PartitionIndex{IndexName: "i"})
		})
	}
	kept := putTable(t, db, putDatabase(t, db, "kept").ID, "t")
	commit(t, db,
		func(tx *store.Tx) error {
			return tx.Partitions(kept.ID).Put(&store.PartitionRecord{Key: "k", Partition: partition("x")})
		},
		func(tx *store.Tx) error { return tx.PutFunction(d.ID, &glue.UserDefinedFunction{FunctionName: "f"}) },
		func(tx *store.Tx) error { return tx.DeleteTable(tables[0].ID) },
		func(tx *store.Tx) error { return tx.DeleteDatabase(d) })
	for n := 0; ; n++ {
		more := false
		commit(t, db, func(tx *store.Tx) (err error) {
			more, err = tx.SweepCatalog(2)
			return err
		})
		if !more {
			break
		}
		if n > 200 {
			t.Fatal("it does not come to an end")
		}
	}
	left := func(tx *store.Tx) (n int, err error) {
		for _, r := range tables {
			count, err := tx.Partitions(r.ID).Count(9)
			if err != nil {
				return 0, err
			}
			indexes, err := tx.PartitionIndexes(r.ID)
			if err != nil {
				return 0, err
			}
			n += count + len(indexes)
		}
		names, err := tx.TableNames(d.ID, "", 9)
		functions, errFunctions := tx.Functions(d.ID, "", 9)
		if err == nil {
			err = errFunctions
		}
		return n + len(names) + len(functions), err
	}
	want(t, db, "what is left", 0, left)
	want(t, db, "what was not deleted", 1, func(tx *store.Tx) (int, error) { return tx.Partitions(kept.ID).Count(9) })
}
