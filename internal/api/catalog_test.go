package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

const alreadyExists = "AlreadyExistsException"

// names are a member of the entries of a list.
func names(out map[string]any, list, member string) []string {
	all := []string{}
	for _, v := range out[list].([]any) {
		if m, ok := v.(map[string]any)[member].(string); ok {
			all = append(all, m)
		}
	}
	return all
}

func wantNames(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	wantNames(t, "at first", names(s.do("GetDatabases", `{}`), "DatabaseList", "Name"))
	s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'Sales_EU', 'Description': 'd'}, 'Tags': {'a': 'b'}}`)
	s.do("CreateDatabase", `{'CatalogId': '000000000000', 'DatabaseInput': {'Name': 'default'}}`)
	s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'link', 'TargetDatabase': {'CatalogId': '1', 'DatabaseName': 'x'}}}`)
	wantNames(t, "all", names(s.do("GetDatabases", `{}`), "DatabaseList", "Name"), "default", "link", "sales_eu")
	got := s.do("GetDatabase", `{'Name': 'SALES_eu'}`)["Database"].(map[string]any)
	if got["Name"] != "sales_eu" || got["Description"] != "d" || got["CatalogId"] != "000000000000" || got["CreateTime"] == nil {
		t.Error(got)
	}
	if tags := s.do("GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:database/Sales_EU'}`)["Tags"]; !cmp.Equal(tags, map[string]any{"a": "b"}) {
		t.Error(tags)
	}
	s.do("UpdateDatabase", `{'Name': 'Sales_eu', 'DatabaseInput': {'Name': 'sales_EU', 'LocationUri': 's3://b/'}}`)
	changed := s.do("GetDatabase", `{'Name': 'sales_eu'}`)["Database"].(map[string]any)
	if changed["Description"] != nil || changed["LocationUri"] != "s3://b/" || changed["CreateTime"] != got["CreateTime"] {
		t.Error(changed)
	}
	for filter, want := range map[string][]string{
		`'AttributesToGet': ['NAME', 'TARGET_DATABASE']`: {"default", "link", "sales_eu"},
		`'ResourceShareType': 'ALL'`:                     {"default", "link", "sales_eu"},
		`'ResourceShareType': 'FOREIGN'`:                 {},
	} {
		wantNames(t, filter, names(s.do("GetDatabases", `{`+filter+`}`), "DatabaseList", "Name"), want...)
	}
	if only := s.do("GetDatabases", `{'AttributesToGet': ['NAME']}`)["DatabaseList"]; !cmp.Equal(only.([]any)[2], any(map[string]any{"Name": "sales_eu"})) {
		t.Error(only)
	}
	s.do("DeleteDatabase", `{'Name': 'SALES_EU'}`)
	s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'sales_eu'}}`)
	if tags := s.do("GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:database/sales_eu'}`)["Tags"]; len(tags.(map[string]any)) != 0 {
		t.Errorf("a new database has the tags of the old one: %v", tags)
	}
}

// catalogServer has a database d with a table t, partitioned by year (int), month
// (string) and day (date).
func catalogServer(t *testing.T, set ...func(*settings)) *server {
	t.Helper()
	s := newServer(t, set...)
	s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'd'}}`)
	s.do("CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 't', `+calendarKeys+`}}`)
	return s
}

const calendarKeys = `'PartitionKeys': [{'Name': 'year', 'Type': 'int'}, {'Name': 'month', 'Type': 'string'}, {'Name': 'day', 'Type': 'date'}]`

func TestTables(t *testing.T) {
	t.Parallel()
	s := catalogServer(t)
	s.do("CreateTable", `{'DatabaseName': 'D', 'Name': 'ORDERS', 'TableInput': {'Name': 'Orders', 'TableType': 'EXTERNAL_TABLE', 'Retention': 3,
		'StorageDescriptor': {'Columns': [{'Name': 'id', 'Type': 'bigint'}], 'Location': 's3://b/orders/'}, 'Parameters': {'classification': 'csv'}}}`)
	got := s.do("GetTable", `{'DatabaseName': 'D', 'Name': 'oRDERS'}`)["Table"].(map[string]any)
	sd := got["StorageDescriptor"].(map[string]any)
	if got["Name"] != "orders" || got["DatabaseName"] != "d" || got["VersionId"] != "0" || got["CatalogId"] != "000000000000" ||
		got["IsRegisteredWithLakeFormation"] != false || sd["Compressed"] != false || got["PartitionKeys"] != nil {
		t.Error(got)
	}
	for i := range 3 {
		s.do("CreateTable", fmt.Sprintf(`{'DatabaseName': 'd', 'TableInput': {'Name': 'orders_%d', 'PartitionKeys': []}}`, i))
	}
	for expression, want := range map[string][]string{
		"":             {"orders", "orders_0", "orders_1", "orders_2", "t"},
		"orders":       {"orders"},
		"orders*":      {"orders", "orders_0", "orders_1", "orders_2"}, // as in Hive
		"*_1":          {"orders_1"},
		"*":            {"orders", "orders_0", "orders_1", "orders_2", "t"},
		".*_[01]":      {"orders_0", "orders_1"},
		"ORDERS_2|t":   {"orders_2", "t"},
		"order":        {},
		"[a-z]*":       {"orders", "t"},
		"(orders)?(t)": {"t"},
	} {
		wantNames(t, expression, names(s.do("GetTables", fmt.Sprintf(`{'DatabaseName': 'd', 'Expression': %q}`, expression)), "TableList", "Name"), want...)
	}
	if only := s.do("GetTables", `{'DatabaseName': 'd', 'AttributesToGet': ['NAME', 'TABLE_TYPE'], 'MaxResults': 1}`)["TableList"].([]any)[0].(map[string]any); only["TableType"] != "EXTERNAL_TABLE" ||
		only["Name"] != "orders" || only["StorageDescriptor"] != nil {
		t.Error(only)
	}
	s.do("DeleteTable", `{'DatabaseName': 'd', 'Name': 'Orders'}`)
	out := s.do("BatchDeleteTable", `{'DatabaseName': 'd', 'TablesToDelete': ['ORDERS_0', 'gone', 'orders_1']}`)
	want := []any{map[string]any{"TableName": "gone", "ErrorDetail": map[string]any{"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Table gone not found."}}}
	if diff := cmp.Diff(want, out["Errors"]); diff != "" {
		t.Error(diff)
	}
	wantNames(t, "left", names(s.do("GetTables", `{'DatabaseName': 'd'}`), "TableList", "Name"), "orders_2", "t")
}

func TestTableVersions(t *testing.T) {
	t.Parallel()
	s := catalogServer(t)
	const of = `'DatabaseName': 'd', 'TableName': 't'`
	update := func(more string) {
		t.Helper()
		s.do("UpdateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'T', `+more)
	}
	update(`'Description': 'one'}}`)
	update(`'Description': 'two'}, 'SkipArchive': true}`) // one is not kept
	update(`'Description': 'three'}, 'VersionId': '2'}`)
	s.refuses("UpdateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 't'}, 'VersionId': '2'}`, "ConcurrentModificationException", "the table has version 3, not 2")
	versions := func() []string {
		t.Helper()
		return names(s.do("GetTableVersions", `{`+of+`}`), "TableVersions", "VersionId")
	}
	wantNames(t, "versions", versions(), "3", "2", "0")
	if got := s.do("GetTable", `{'DatabaseName': 'd', 'Name': 't'}`)["Table"].(map[string]any); got["Description"] != "three" || got["PartitionKeys"] != nil {
		t.Error(got)
	}
	for id, description := range map[string]any{"": "three", "3": "three", "2": "two", "0": nil} {
		ask := `{` + of + `}`
		if id != "" {
			ask = `{` + of + `, 'VersionId': '` + id + `'}`
		}
		got := s.do("GetTableVersion", ask)["TableVersion"].(map[string]any)
		if table := got["Table"].(map[string]any); table["Description"] != description || id != "" && (got["VersionId"] != id || table["VersionId"] != id) {
			t.Errorf("%s: %v", id, got)
		}
	}
	s.refuses("GetTableVersion", `{`+of+`, 'VersionId': '1'}`, enf, "Version 1 not found")
	s.refuses("DeleteTableVersion", `{`+of+`, 'VersionId': '1'}`, enf, "Version 1 not found")
	s.refuses("DeleteTableVersion", `{`+of+`, 'VersionId': '3'}`, ii, "is the present one")
	s.do("DeleteTableVersion", `{`+of+`, 'VersionId': '2'}`)
	wantNames(t, "versions", versions(), "3", "0")
	out := s.do("BatchDeleteTableVersion", `{`+of+`, 'VersionIds': ['0', '7', 'x', '3']}`)["Errors"].([]any)
	var codes []string
	for _, e := range out {
		codes = append(codes, fmt.Sprint(e.(map[string]any)["VersionId"], " ", e.(map[string]any)["ErrorDetail"].(map[string]any)["ErrorCode"]))
	}
	wantNames(t, "errors", codes, "7 EntityNotFoundException", "x InvalidInputException", "3 InvalidInputException")
	wantNames(t, "versions", versions(), "3")
}

func TestViews(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'd'}}`)
	view := func(dialects ...string) string {
		var all []string
		for _, d := range dialects {
			all = append(all, fmt.Sprintf(`{'Dialect': %q, 'DialectVersion': '1', 'ViewOriginalText': 'select 1'}`, d))
		}
		return `'DatabaseName': 'd', 'TableInput': {'Name': 'v', 'ViewDefinition': {'Representations': [` + strings.Join(all, ", ") + `]}}`
	}
	want := func(dialects ...string) {
		t.Helper()
		got := s.do("GetTable", `{'DatabaseName': 'd', 'Name': 'v'}`)["Table"].(map[string]any)
		wantNames(t, "dialects", names(got["ViewDefinition"].(map[string]any), "Representations", "Dialect"), dialects...)
		if got["IsMultiDialectView"] != true {
			t.Error(got)
		}
	}
	s.do("CreateTable", `{`+view("SPARK")+`}`)
	want("SPARK")
	s.do("UpdateTable", `{'ViewUpdateAction': 'ADD', `+view("ATHENA")+`}`)
	want("SPARK", "ATHENA")
	s.refuses("UpdateTable", `{'ViewUpdateAction': 'ADD', `+view("ATHENA")+`}`, alreadyExists, "has the dialect ATHENA")
	s.refuses("UpdateTable", `{'ViewUpdateAction': 'REPLACE', `+view("REDSHIFT")+`}`, enf, "has no dialect REDSHIFT")
	s.do("UpdateTable", `{'ViewUpdateAction': 'ADD_OR_REPLACE', `+view("ATHENA", "REDSHIFT")+`}`)
	want("SPARK", "ATHENA", "REDSHIFT")
	s.do("UpdateTable", `{'ViewUpdateAction': 'DROP', `+view("SPARK")+`}`)
	want("ATHENA", "REDSHIFT")
	s.do("UpdateTable", `{`+view("SPARK")+`}`)
	want("SPARK")
	s.refuses("UpdateTable", `{'ViewUpdateAction': 'DROP', 'DatabaseName': 'd', 'TableInput': {'Name': 'v'}}`, ii, "needs a ViewDefinition")
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	wantNames(t, "without a database", names(s.do("GetUserDefinedFunctions", `{'Pattern': '*'}`), "UserDefinedFunctions", "FunctionName"))
	for _, d := range []string{"a", "b"} {
		s.do("CreateDatabase", `{'DatabaseInput': {'Name': '`+d+`'}}`)
		for _, f := range []string{"lower_it", "Upper"} {
			s.do("CreateUserDefinedFunction", `{'DatabaseName': '`+d+`', 'FunctionInput': {'FunctionName': '`+f+`', 'ClassName': 'x.Y', 'OwnerName': 'o',
				'FunctionType': 'REGULAR_FUNCTION', 'OwnerType': 'USER', 'ResourceUris': [{'ResourceType': 'JAR', 'Uri': 's3://b/x.jar'}]}}`)
		}
	}
	const f = `'DatabaseName': 'A', 'FunctionName': 'Upper'`
	got := s.do("GetUserDefinedFunction", `{`+f+`}`)["UserDefinedFunction"].(map[string]any)
	delete(got, "CreateTime")
	want := map[string]any{"FunctionName": "Upper", "DatabaseName": "a", "ClassName": "x.Y", "OwnerName": "o", "FunctionType": "REGULAR_FUNCTION",
		"OwnerType": "USER", "ResourceUris": []any{map[string]any{"ResourceType": "JAR", "Uri": "s3://b/x.jar"}}, "CatalogId": "000000000000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	list := func(filter string) (all []string) {
		t.Helper()
		for token := ""; ; {
			out := s.do("GetUserDefinedFunctions", `{`+filter+`, 'MaxResults': 1`+token+`}`)
			for i, d := range names(out, "UserDefinedFunctions", "DatabaseName") {
				all = append(all, d+"."+names(out, "UserDefinedFunctions", "FunctionName")[i])
			}
			next, more := out["NextToken"].(string)
			if !more {
				return all
			}
			token = fmt.Sprintf(`, 'NextToken': %q`, next)
		}
	}
	wantNames(t, "all", list(`'Pattern': '.*'`), "a.Upper", "a.lower_it", "b.Upper", "b.lower_it")
	wantNames(t, "of one database", list(`'Pattern': '*', 'DatabaseName': 'b'`), "b.Upper", "b.lower_it")
	wantNames(t, "by name", list(`'Pattern': 'UP*'`), "a.Upper", "b.Upper")
	wantNames(t, "by type", list(`'Pattern': '*', 'FunctionType': 'AGGREGATE_FUNCTION'`))
	s.do("UpdateUserDefinedFunction", `{`+f+`, 'FunctionInput': {'ClassName': 'z'}}`)
	if got := s.do("GetUserDefinedFunction", `{`+f+`}`)["UserDefinedFunction"].(map[string]any); got["ClassName"] != "z" || got["OwnerName"] != nil {
		t.Error(got)
	}
	s.do("DeleteUserDefinedFunction", `{`+f+`}`)
	s.refuses("GetUserDefinedFunction", `{`+f+`}`, enf, "Function Upper not found")
	s.refuses("DeleteUserDefinedFunction", `{`+f+`}`, enf, "Function Upper not found")
	s.refuses("UpdateUserDefinedFunction", `{`+f+`, 'FunctionInput': {}}`, enf, "Function Upper not found")
	s.refuses("UpdateUserDefinedFunction", `{`+f+`, 'FunctionInput': {'FunctionName': 'x'}}`, ii, "can't be renamed")
	s.refuses("CreateUserDefinedFunction", `{'DatabaseName': 'b', 'FunctionInput': {'FunctionName': 'Upper'}}`, alreadyExists, "Function already exists")
	s.refuses("CreateUserDefinedFunction", `{'DatabaseName': 'b', 'FunctionInput': {}}`, ii, "FunctionName must be set")
	s.refuses("GetUserDefinedFunctions", `{'Pattern': '(', 'DatabaseName': 'b'}`, ii, "is no pattern of names")
	s.refuses("GetUserDefinedFunctions", `{'Pattern': '*', 'DatabaseName': 'none'}`, enf, "Database none not found")
}

func TestRefusedInCatalog(t *testing.T) {
	t.Parallel()
	s := catalogServer(t)
	s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'link', 'TargetDatabase': {'DatabaseName': 'd'}}}`)
	s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'far', 'FederatedDatabase': {'ConnectionName': 'c'}}}`)
	s.do("CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'link', 'TargetTable': {'DatabaseName': 'd', 'Name': 't'}}}`)
	const dt = `'DatabaseName': 'd', 'TableName': 't'`
	many := func(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+", ", n), ", ") }
	tests := []struct{ op, body, code, text string }{
		{"CreateDatabase", `{'DatabaseInput': {'Name': 'D'}}`, alreadyExists, "Database already exists."},
		{"CreateDatabase", `{'CatalogId': '1', 'DatabaseInput': {'Name': 'x'}}`, ii, "Catalog 1 not found"},
		{"CreateDatabase", `{'DatabaseInput': {'Name': 'x'}, 'Tags': {'aws:x': ''}}`, ii, "reserved"},
		{"CreateDatabase", `{'DatabaseInput': {}}`, ii, "at 'databaseInput.name'"},
		{"CreateDatabase", `{'DatabaseInput': {'Name': 'x', 'LocationUri': ''}}`, ii, "at 'databaseInput.locationUri'"},
		{"GetDatabase", `{'Name': 'NONE'}`, enf, "Database none not found."},
		{"GetDatabase", `{'CatalogId': '1', 'Name': 'd'}`, enf, "Catalog 1 not found"},
		{"GetDatabases", `{'AttributesToGet': []}`, ii, "must include NAME"},
		{"GetDatabases", `{'MaxResults': 101}`, ii, "less than or equal to 100"},
		{"UpdateDatabase", `{'Name': 'none', 'DatabaseInput': {'Name': 'none'}}`, enf, "Database none not found"},
		{"UpdateDatabase", `{'Name': 'd', 'DatabaseInput': {'Name': 'e'}}`, ii, "Database cannot be renamed"},
		{"DeleteDatabase", `{'Name': 'none'}`, enf, "Database none not found"},
		{"CreateTable", `{'DatabaseName': 'none', 'TableInput': {'Name': 'x'}}`, enf, "Database none not found"},
		{"CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'T'}}`, alreadyExists, "Table already exists."},
		{"CreateTable", `{'DatabaseName': 'd', 'Name': 'x'}`, ii, "TableInput must be set"},
		{"CreateTable", `{'DatabaseName': 'd', 'Name': 'x', 'TableInput': {'Name': 'y'}}`, ii, "a table has one name"},
		{"CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'x', 'PartitionKeys': [{'Name': 'k'}, {'Name': 'K'}]}}`, ii, "PartitionKeys has K twice"},
		{"CreateTable", `{'DatabaseName': 'link', 'TableInput': {'Name': 'x'}}`, ii, "refers to one elsewhere by its TargetDatabase"},
		{"CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'x', 'Retention': -1}}`, ii, "at 'tableInput.retention'"},
		{"CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'x'}, 'TransactionId': 'a'}`, ii, "TransactionId is not supported here"},
		{"CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'x'}, 'OpenTableFormatInput': {'IcebergInput': {'MetadataOperation': 'CREATE'}}}`, ii, "OpenTableFormatInput is not supported here"},
		{"CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'x', ` + calendarKeys + `}, 'PartitionIndexes': [{'IndexName': 'i', 'Keys': ['town']}]}`, ii, "Verify the indexKeys : [town]"},
		{"GetTable", `{'DatabaseName': 'd', 'Name': 'NONE'}`, enf, "Table none not found."},
		{"GetTable", `{'DatabaseName': 'd', 'Name': 't', 'QueryAsOfTime': 5}`, ii, "QueryAsOfTime is not supported here"},
		{"GetTables", `{'DatabaseName': 'none'}`, enf, "Database none not found"},
		{"GetTables", `{'DatabaseName': 'far'}`, ii, "refers to one elsewhere by its FederatedDatabase"},
		{"GetTables", `{'DatabaseName': 'd', 'Expression': '('}`, ii, "is no pattern of names"},
		{"GetTables", `{'DatabaseName': 'd', 'AttributesToGet': ['TABLE_TYPE']}`, ii, "must include NAME"},
		{"UpdateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'none'}}`, enf, "Table none not found"},
		{"UpdateTable", `{'DatabaseName': 'd'}`, ii, "TableInput must be set"},
		{"UpdateTable", `{'DatabaseName': 'd', 'Name': 'a', 'TableInput': {'Name': 'b'}}`, ii, "a table has one name"},
		{"DeleteTable", `{'DatabaseName': 'd', 'Name': 'none'}`, enf, "Table none not found"},
		{"BatchDeleteTable", `{'DatabaseName': 'd', 'TablesToDelete': [` + many(101, `'x'`) + `]}`, ii, "less than or equal to 100"},
		{"BatchDeleteTable", `{'DatabaseName': 'none', 'TablesToDelete': []}`, enf, "Database none not found"},
		{"GetTableVersion", `{` + dt + `, 'VersionId': 'x'}`, ii, "must be a whole number"},
		{"GetTableVersions", `{'DatabaseName': 'd', 'TableName': 'none'}`, enf, "Table none not found"},
		{"CreatePartition", `{` + dt + `, 'PartitionInput': {'Values': ['1']}}`, ii, "The number of partition keys do not match the number of partition values"},
		{"CreatePartition", `{` + dt + `, 'PartitionInput': {}}`, ii, "The number of partition keys do not match"},
		{"CreatePartition", `{` + dt + `, 'PartitionInput': {'Values': ['1', '', '']}}`, ii, "at 'partitionInput.values.2.member'"},
		{"CreatePartition", `{'DatabaseName': 'd', 'TableName': 'none', 'PartitionInput': {}}`, enf, "Table none not found"},
		{"CreatePartition", `{'DatabaseName': 'd', 'TableName': 'link', 'PartitionInput': {}}`, ii, "refers to one elsewhere by its TargetTable"},
		{"BatchCreatePartition", `{` + dt + `, 'PartitionInputList': [{'Values': ['1', '2', '3']}, {'Values': ['1']}]}`, ii, "The number of partition keys do not match"},
		{"BatchCreatePartition", `{` + dt + `, 'PartitionInputList': [` + many(101, `{}`) + `]}`, ii, "less than or equal to 100"},
		{"GetPartition", `{` + dt + `, 'PartitionValues': ['1', '2', '3']}`, enf, "Cannot find partition."},
		{"UpdatePartition", `{` + dt + `, 'PartitionValueList': ['1', '2', '3'], 'PartitionInput': {}}`, enf, "Cannot find partition."},
		{"UpdatePartition", `{` + dt + `, 'PartitionValueList': ['1', '2', '3'], 'PartitionInput': {'Values': ['1', '2', '4']}}`, ii, "can't be changed"},
		{"DeletePartition", `{` + dt + `, 'PartitionValues': ['1', '2', '3']}`, enf, "Cannot find partition."},
		{"BatchUpdatePartition", `{` + dt + `, 'Entries': []}`, ii, "greater than or equal to 1"},
		{"BatchDeletePartition", `{` + dt + `, 'PartitionsToDelete': [` + many(26, `{'Values': []}`) + `]}`, ii, "less than or equal to 25"},
		{"BatchGetPartition", `{` + dt + `, 'PartitionsToGet': [` + many(1001, `{'Values': []}`) + `]}`, ii, "less than or equal to 1000"},
		{"GetPartitions", `{` + dt + `, 'Expression': 'town = 1'}`, ii, "no partition key"},
		{"GetPartitions", `{` + dt + `, 'Segment': {'SegmentNumber': 2, 'TotalSegments': 2}}`, ii, "must be less than TotalSegments"},
		{"GetPartitions", `{` + dt + `, 'Segment': {'SegmentNumber': 0, 'TotalSegments': 11}}`, ii, "at 'segment.totalSegments'"},
		{"GetPartitions", `{` + dt + `, 'MaxResults': 1001}`, ii, "less than or equal to 1000"},
		{"CreatePartitionIndex", `{` + dt + `, 'PartitionIndex': {'IndexName': 'i', 'Keys': ['day', 'DAY']}}`, ii, "has the key DAY twice"},
		{"CreatePartitionIndex", `{` + dt + `, 'PartitionIndex': {'IndexName': 'i', 'Keys': []}}`, ii, "at 'partitionIndex.keys'"},
		{"DeletePartitionIndex", `{` + dt + `, 'IndexName': 'i'}`, enf, "Partition index i not found"},
		{"GetPartitionIndexes", `{` + dt + `, 'NextToken': 'x'}`, ii, "NextToken is not one"},
	}
	for _, tt := range tests {
		s.refuses(tt.op, tt.body, tt.code, tt.text)
	}
}

func TestCatalogQuotas(t *testing.T) {
	t.Parallel()
	s := catalogServer(t, func(set *settings) {
		set.api.Catalog = CatalogQuotas{Databases: 2, Tables: 2, Functions: 1, Partitions: 2, Versions: 1}
	})
	const full = "ResourceNumberLimitExceededException"
	s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'e'}}`)
	s.refuses("CreateDatabase", `{'DatabaseInput': {'Name': 'f'}}`, full, "limited to 2 databases")
	s.do("DeleteDatabase", `{'Name': 'e'}`)
	s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'e'}}`)

	s.do("CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'u'}}`)
	s.refuses("CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'v'}}`, full, "limited to 2 tables")
	s.do("CreateTable", `{'DatabaseName': 'e', 'TableInput': {'Name': 'v'}}`)
	s.do("UpdateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'u'}}`)
	s.refuses("UpdateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'u'}}`, full, "limited to 1 table versions")
	s.do("UpdateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'u'}, 'SkipArchive': true}`)

	s.do("CreateUserDefinedFunction", `{'DatabaseName': 'd', 'FunctionInput': {'FunctionName': 'f'}}`)
	s.refuses("CreateUserDefinedFunction", `{'DatabaseName': 'd', 'FunctionInput': {'FunctionName': 'g'}}`, full, "limited to 1 functions")

	out := s.do("BatchCreatePartition", `{'DatabaseName': 'd', 'TableName': 't', 'PartitionInputList': [
		{'Values': ['1', '1', '1']}, {'Values': ['2', '1', '1']}, {'Values': ['3', '1', '1']}]}`)["Errors"].([]any)
	if len(out) != 1 || out[0].(map[string]any)["ErrorDetail"].(map[string]any)["ErrorCode"] != full {
		t.Error(out)
	}
	s.refuses("CreatePartition", `{'DatabaseName': 'd', 'TableName': 't', 'PartitionInput': {'Values': ['4', '1', '1']}}`, full, "limited to 2 partitions")
	for i, keys := range []string{`'day', 'year'`, `'year', 'day'`, `'month'`} {
		s.do("CreatePartitionIndex", fmt.Sprintf(`{'DatabaseName': 'd', 'TableName': 't', 'PartitionIndex': {'IndexName': 'i%d', 'Keys': [%s]}}`, i, keys))
	}
	s.refuses("CreatePartitionIndex", `{'DatabaseName': 'd', 'TableName': 't', 'PartitionIndex': {'IndexName': 'x', 'Keys': ['day']}}`, full, "Maximum: 3")
}

// What is deleted leaves nothing, neither under a new name nor in the file.
func TestDeletedTablesLeaveNothing(t *testing.T) {
	t.Parallel()
	s := catalogServer(t)
	for i := range 30 {
		s.do("CreatePartition", fmt.Sprintf(`{'DatabaseName': 'd', 'TableName': 't', 'PartitionInput': {'Values': ['%d', '1', '1'], 'StorageDescriptor': {'Location': 'x'}}}`, i))
		s.do("UpdateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 't', `+calendarKeys+`}}`)
	}
	s.do("CreatePartitionIndex", `{'DatabaseName': 'd', 'TableName': 't', 'PartitionIndex': {'IndexName': 'i', 'Keys': ['day']}}`)
	s.do("CreateUserDefinedFunction", `{'DatabaseName': 'd', 'FunctionInput': {'FunctionName': 'f'}}`)
	var rec *store.TableRecord
	err := s.db.View(t.Context(), func(tx *store.Tx) (err error) {
		rec, err = findTable(tx, "d", "t")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.do("DeleteDatabase", `{'Name': 'd'}`)
	s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'd'}}`)
	wantNames(t, "tables", names(s.do("GetTables", `{'DatabaseName': 'd'}`), "TableList", "Name"))
	wantNames(t, "functions", names(s.do("GetUserDefinedFunctions", `{'Pattern': '*'}`), "UserDefinedFunctions", "FunctionName"))
	s.do("CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 't', `+calendarKeys+`}}`)
	if got := s.do("GetPartitions", `{'DatabaseName': 'd', 'TableName': 't'}`)["Partitions"].([]any); len(got) != 0 {
		t.Error(got)
	}
	err = s.engine.Update(t.Context(), func(tx *store.Tx, _ glue.Time) error {
		partitions, err := tx.Partitions(rec.ID).Count(100)
		if err != nil {
			return err
		}
		versions, err := tx.CountTableVersions(rec.ID, 100)
		if err != nil {
			return err
		}
		indexes, err := tx.PartitionIndexes(rec.ID)
		if err != nil {
			return err
		}
		more, err := tx.SweepCatalog(1)
		if partitions+versions+len(indexes) > 0 || more {
			t.Errorf("left: %d partitions, %d versions, %d indexes, more %v", partitions, versions, len(indexes), more)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// What was answered survives a restart, and ids go on.
func TestCatalogSurvivesRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var before, after []any
	look := func(s *server) []any {
		return []any{
			s.do("GetDatabases", `{}`), s.do("GetTables", `{'DatabaseName': 'd'}`), s.do("GetTableVersions", `{`+ofTable+`}`),
			s.do("GetPartitions", `{`+ofTable+`}`), s.do("GetPartitionIndexes", `{`+ofTable+`}`), s.do("GetUserDefinedFunctions", `{'Pattern': '*'}`),
			s.do("GetTags", `{'ResourceArn': 'arn:aws:glue:us-east-1:1:database/d'}`),
		}
	}
	t.Run("before", func(t *testing.T) {
		s := openServer(t, dir)
		s.do("CreateDatabase", `{'DatabaseInput': {'Name': 'd'}, 'Tags': {'a': 'b'}}`)
		s.do("CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 't', `+calendarKeys+`}, 'PartitionIndexes': [{'IndexName': 'i', 'Keys': ['day']}]}`)
		s.do("UpdateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 't', `+calendarKeys+`}}`)
		s.partitions("t", calendar(2024)...)
		s.do("CreateUserDefinedFunction", `{'DatabaseName': 'd', 'FunctionInput': {'FunctionName': 'f'}}`)
		before = look(s)
	})
	t.Run("after", func(t *testing.T) {
		s := openServer(t, dir)
		after = look(s)
		s.do("CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'u', `+calendarKeys+`}}`)
		if got := s.do("GetPartitions", `{'DatabaseName': 'd', 'TableName': 'u'}`)["Partitions"].([]any); len(got) > 0 {
			t.Errorf("a new table has %d partitions", len(got))
		}
	})
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
}
