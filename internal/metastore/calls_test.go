package metastore_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/metastore/hms"
)

func database(s *server) {
	s.t.Helper()
	if err := s.CreateDatabase(s.t.Context(), &hms.Database{Name: "d"}); err != nil {
		s.t.Fatal(err)
	}
}

// TestExceptions holds that each call throws what Hive's clients expect.
func TestExceptions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx := t.Context()
	database(s)
	s.table("t")
	s.add("t", s.partition("t", "2024", "a"))
	second := func(_ any, err error) error { return err }
	elsewhere := s.partition("nosuch", "1", "a")
	other := s.partition("t", "1", "a")
	for name, c := range map[string]struct {
		got  error
		want any
	}{
		"get_database":             {second(s.GetDatabase(ctx, "nosuch")), &hms.NoSuchObjectException{}},
		"create_database":          {s.CreateDatabase(ctx, &hms.Database{Name: "D"}), &hms.AlreadyExistsException{}},
		"create_database, name":    {s.CreateDatabase(ctx, &hms.Database{Name: ""}), &hms.InvalidObjectException{}},
		"drop_database":            {s.DropDatabase(ctx, "nosuch", true, false), &hms.NoSuchObjectException{}},
		"drop_database, full":      {s.DropDatabase(ctx, "d", true, false), &hms.InvalidOperationException{}},
		"drop_database, default":   {s.DropDatabase(ctx, "default", true, true), &hms.MetaException{}},
		"get_table":                {second(s.GetTable(ctx, "d", "nosuch")), &hms.NoSuchObjectException{}},
		"get_table_req":            {second(s.GetTableReq(ctx, &hms.GetTableRequest{DbName: "nosuch", TblName: "t"})), &hms.NoSuchObjectException{}},
		"get_fields":               {second(s.GetFields(ctx, "d", "nosuch")), &hms.UnknownTableException{}},
		"create_table":             {s.CreateTable(ctx, &hms.Table{DbName: "d", TableName: "T", Sd: &hms.StorageDescriptor{}}), &hms.AlreadyExistsException{}},
		"create_table, database":   {s.CreateTable(ctx, &hms.Table{DbName: "nosuch", TableName: "t", Sd: &hms.StorageDescriptor{}}), &hms.NoSuchObjectException{}},
		"create_table, name":       {s.CreateTable(ctx, &hms.Table{DbName: "d", TableName: "", Sd: &hms.StorageDescriptor{}}), &hms.InvalidObjectException{}},
		"create_table, empty":      {s.CreateTable(ctx, &hms.Table{}), &hms.MetaException{}},
		"alter_table":              {s.AlterTable(ctx, "d", "nosuch", &hms.Table{}), &hms.InvalidOperationException{}},
		"alter_table, keys":        {s.AlterTable(ctx, "d", "t", &hms.Table{TableName: "t", DbName: "d"}), &hms.InvalidOperationException{}},
		"drop_table":               {s.DropTable(ctx, "d", "nosuch", true), &hms.NoSuchObjectException{}},
		"add_partitions_req":       {second(s.AddPartitionsReq(ctx, &hms.AddPartitionsRequest{DbName: "d", TblName: "t", Parts: []*hms.Partition{other, s.partition("t", "2024", "a")}})), &hms.AlreadyExistsException{}},
		"add_partition, table":     {second(s.AddPartition(ctx, elsewhere)), &hms.InvalidObjectException{}},
		"add_partition, values":    {second(s.AddPartition(ctx, s.partition("t", "1"))), &hms.InvalidObjectException{}},
		"alter_partition":          {s.AlterPartition(ctx, "d", "t", s.partition("t", "1", "nosuch")), &hms.InvalidOperationException{}},
		"rename_partition":         {s.RenamePartition(ctx, "d", "t", []string{"1", "nosuch"}, s.partition("t", "2", "b")), &hms.InvalidOperationException{}},
		"drop_partition":           {second(s.DropPartition(ctx, "d", "t", []string{"1", "nosuch"}, true)), &hms.NoSuchObjectException{}},
		"get_partition":            {second(s.GetPartition(ctx, "d", "t", []string{"1", "nosuch"})), &hms.NoSuchObjectException{}},
		"get_partition_by_name":    {second(s.GetPartitionByName(ctx, "d", "t", "nonsense")), &hms.NoSuchObjectException{}},
		"get_partitions":           {second(s.GetPartitions(ctx, "d", "nosuch", -1)), &hms.NoSuchObjectException{}},
		"get_partition_names":      {second(s.GetPartitionNames(ctx, "d", "nosuch", -1)), &hms.MetaException{}},
		"get_partitions_by_filter": {second(s.GetPartitionsByFilter(ctx, "d", "t", `nosuch = "a"`, -1)), &hms.MetaException{}},
		"get_function":             {second(s.GetFunction(ctx, "d", "nosuch")), &hms.NoSuchObjectException{}},
		"create_function":          {s.CreateFunction(ctx, &hms.Function{DbName: "nosuch", FunctionName: "f", OwnerType: hms.PrincipalType_USER}), &hms.NoSuchObjectException{}},
		"drop_function":            {s.DropFunction(ctx, "d", "nosuch"), &hms.NoSuchObjectException{}},
		"set_meta_conf":            {s.SetMetaConf(ctx, "a", "b"), &hms.MetaException{}},
	} {
		if reflect.TypeOf(c.got) != reflect.TypeOf(c.want) {
			t.Errorf("%s throws %T %v, want %T", name, c.got, c.got, c.want)
		}
	}
	if names, err := s.GetPartitionNames(ctx, "d", "t", -1); err != nil || !slices.Equal(names, []string{"year=2024/name=a"}) {
		t.Errorf("after an add that failed there are %q, %v", names, err)
	}
}

// TestBothWays holds what a Hive client writes against what Glue's clients see, and the
// other way round.
func TestBothWays(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx := t.Context()
	database(s)
	s.table("H")
	got := s.glue("GetTable", `{"DatabaseName": "d", "Name": "h"}`)["Table"].(map[string]any)
	sd := got["StorageDescriptor"].(map[string]any)
	if want := []any{map[string]any{"Name": "id", "Type": "int", "Comment": "c"}}; !cmp.Equal(sd["Columns"], want) {
		t.Errorf("columns: %v", cmp.Diff(want, sd["Columns"]))
	}
	folder := filepath.Join(s.warehouse, "d.db/h")
	if sd["Location"] != "file://"+folder || got["Parameters"].(map[string]any)["transient_lastDdlTime"] == "" {
		t.Errorf("the table is %v", got)
	}
	if _, err := os.Stat(folder); err != nil {
		t.Error("the folder of a new table is missing:", err)
	}

	s.glue("CreateTable", `{"DatabaseName": "d", "TableInput": {"Name": "g", "Description": "kept",
		"StorageDescriptor": {"Columns": [{"Name": "a", "Type": "int", "Parameters": {"p": "q"}}], "Location": "s3://b/g",
			"AdditionalLocations": ["s3://b/more"], "SortColumns": [{"Column": "a", "SortOrder": 1}]}}}`)
	g, err := s.GetTable(ctx, "D", "G")
	if err != nil {
		t.Fatal(err)
	}
	if g.TableType != "EXTERNAL_TABLE" || g.Owner != nil || g.ViewOriginalText != nil || g.Sd.Cols[0].Comment != nil || g.Sd.SortCols[0].Order != 1 {
		t.Errorf("Hive's form of Glue's table is %v", g)
	}
	g.Parameters = map[string]string{"new": "1"}
	g.Sd.Cols = append(g.Sd.Cols, &hms.FieldSchema{Name: "B", Type: "string"})
	if err := s.AlterTableWithEnvironmentContext(ctx, "d", "g", g, nil); err != nil {
		t.Fatal(err)
	}
	got = s.glue("GetTable", `{"DatabaseName": "d", "Name": "g"}`)["Table"].(map[string]any)
	sd = got["StorageDescriptor"].(map[string]any)
	want := []any{map[string]any{"Name": "a", "Type": "int", "Parameters": map[string]any{"p": "q"}}, map[string]any{"Name": "b", "Type": "string"}}
	if !cmp.Equal(sd["Columns"], want) || got["Description"] != "kept" || !cmp.Equal(sd["AdditionalLocations"], []any{"s3://b/more"}) {
		t.Errorf("an alteration lost something: %v", got)
	}
	if v := s.glue("GetTableVersions", `{"DatabaseName": "d", "TableName": "g"}`)["TableVersions"].([]any); len(v) != 2 {
		t.Errorf("%d versions, want 2", len(v))
	}
}

func names(all []*hms.Partition) []string {
	out := []string{}
	for _, p := range all {
		out = append(out, strings.Join(p.Values, "/"))
	}
	return out
}

// TestFindingPartitions holds the ways to ask for partitions.
func TestFindingPartitions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx := t.Context()
	database(s)
	s.table("t")
	s.add("t", s.partition("t", "2023", "a"), s.partition("t", "2024", "it's"), s.partition("t", "2024", "a_b"),
		s.partition("t", "2024", "2024-01-02"), s.partition("t", "2025", "x/y z"), s.partition("t", "__HIVE_DEFAULT_PARTITION__", "a"))
	for filter, want := range map[string][]string{
		``:                                    {"2023/a", "2024/2024-01-02", "2024/a_b", "2024/it's", "2025/x/y z", "__HIVE_DEFAULT_PARTITION__/a"},
		`year = 2024 and name = "it's"`:       {"2024/it's"},
		`(year > 2023 and year < 2025)`:       {"2024/2024-01-02", "2024/a_b", "2024/it's"},
		`((year = 2023 or year = 2025))`:      {"2023/a", "2025/x/y z"},
		`year != 2024`:                        {"2023/a", "2025/x/y z"},
		`2024 <= year and year <=> 2025`:      {"2025/x/y z"},
		`name = 2024-01-02`:                   {"2024/2024-01-02"},
		`name = date '2024-01-02'`:            {"2024/2024-01-02"},
		`name like "a.*" and year > 0`:        {"2023/a", "2024/a_b"},
		`name = "2024-01-02"`:                 {"2024/2024-01-02"},
		`name != "abc-efghi" and year = 2023`: {"2023/a"},
		`name like ".*y z"`:                   {"2025/x/y z"},
		`name like ".*(.*"`:                   {"2023/a", "2024/2024-01-02", "2024/a_b", "2024/it's", "2025/x/y z", "__HIVE_DEFAULT_PARTITION__/a"},
		`year = 2024 and (` + strings.Repeat(`name = "n" or `, 200) + `name = 'a_b')`: {"2024/a_b"},
	} {
		all, err := s.GetPartitionsByFilter(ctx, "d", "t", filter, -1)
		if diff := cmp.Diff(want, names(all)); err != nil || diff != "" {
			t.Errorf("filter %.60s: %v %s", filter, err, diff)
		}
		if n, err := s.GetNumPartitionsByFilter(ctx, "d", "t", filter); err != nil || int(n) != len(want) {
			t.Errorf("filter %.60s: counts %d, %v", filter, n, err)
		}
	}
	if some, err := s.GetPartitionsByFilter(ctx, "d", "t", "year = 2024", 2); err != nil || len(some) != 2 {
		t.Errorf("of at most 2 there are %q, %v", names(some), err)
	}
	if part, err := s.GetPartitionsPs(ctx, "d", "t", []string{"", "a"}, -1); err != nil || !slices.Equal(names(part), []string{"2023/a", "__HIVE_DEFAULT_PARTITION__/a"}) {
		t.Errorf("with a value of the second key: %q, %v", names(part), err)
	}
	if all, err := s.GetPartitionNamesPs(ctx, "d", "t", []string{"2025"}, -1); err != nil || !slices.Equal(all, []string{"year=2025/name=x%2Fy z"}) {
		t.Errorf("names: %q, %v", all, err)
	}
	p, err := s.GetPartitionByName(ctx, "d", "t", "year=2025/name=x%2Fy z")
	if err != nil || !strings.HasSuffix(*p.Sd.Location, "/d.db/t/year=2025/name=x%2Fy z") {
		t.Errorf("by name: %v, %v", p, err)
	}
	if some, err := s.GetPartitionsByNames(ctx, "d", "t", []string{"year=2023/name=a", "year=1/name=b"}); err != nil || len(some) != 1 {
		t.Errorf("by names: %q, %v", names(some), err)
	}
}

// TestFiles holds whose files go with what is dropped and renamed.
func TestFiles(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ctx := t.Context()
	database(s)
	there := func(path string) bool { _, err := os.Stat(path); return err == nil }
	file := func(dir string) string {
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "f"), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	outside := file(filepath.Join(s.data, "outside"))
	for name, c := range map[string]struct {
		typ, location string
		goes          bool
	}{
		"managed":  {"MANAGED_TABLE", filepath.Join(s.warehouse, "d.db/managed"), true},
		"escaping": {"MANAGED_TABLE", s.warehouse + "/../outside", false},
		"external": {"EXTERNAL_TABLE", filepath.Join(s.warehouse, "d.db/external"), false},
		"foreign":  {"MANAGED_TABLE", outside, false},
		"all":      {"MANAGED_TABLE", s.warehouse, false},
	} {
		file(c.location)
		table := &hms.Table{DbName: "d", TableName: name, TableType: c.typ, Sd: &hms.StorageDescriptor{Location: new("file:" + c.location)}}
		if err := errors.Join(s.CreateTable(ctx, table), s.DropTable(ctx, "d", name, true)); err != nil {
			t.Error(name, err)
		}
		if there(filepath.Join(c.location, "f")) == c.goes {
			t.Errorf("%s: the files go: %v, want %v", name, !c.goes, c.goes)
		}
	}
	kept := file(filepath.Join(s.warehouse, "d.db/kept"))
	s.table("kept")
	if err := s.DropTable(ctx, "d", "kept", false); err != nil || !there(kept) {
		t.Error("without deleteData the files went:", err)
	}

	table := s.table("old")
	s.add("old", s.partition("old", "1", "a"))
	table.TableName = "new"
	table.Sd.Location = new("file://" + filepath.Join(s.warehouse, "d.db/old"))
	if err := s.AlterTable(ctx, "d", "old", table); err != nil {
		t.Fatal(err)
	}
	p, err := s.GetPartition(ctx, "d", "new", []string{"1", "a"})
	if err != nil || *p.Sd.Location != "file://"+filepath.Join(s.warehouse, "d.db/new/year=1/name=a") || !there(strings.TrimPrefix(*p.Sd.Location, "file://")) {
		t.Errorf("the partition of a renamed table is %v, %v", p, err)
	}
	s.table("third")
	table.TableName = "third"
	var refused *hms.InvalidOperationException
	if err := s.AlterTable(ctx, "d", "new", table); !errors.As(err, &refused) || !there(filepath.Join(s.warehouse, "d.db/new")) {
		t.Errorf("a rename to a name that is taken: %v", err)
	}
}

// TestUnknownMethod holds that a client is told, and may go on.
func TestUnknownMethod(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, err := s.Client_().Call(t.Context(), "get_role_names", hms.NewThriftHiveMetastoreGetAllDatabasesArgs(), hms.NewThriftHiveMetastoreGetAllDatabasesResult())
	var told thrift.TApplicationException
	if !errors.As(err, &told) || told.TypeId() != thrift.UNKNOWN_METHOD || !strings.Contains(err.Error(), "get_role_names") {
		t.Errorf("an unknown method: %v", err)
	}
	if _, err := s.GetAllDatabases(t.Context()); err != nil {
		t.Error("afterwards:", err)
	}
}
