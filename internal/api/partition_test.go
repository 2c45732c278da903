package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// values are the partitions of an answer, each as its values joined by /.
func values(out map[string]any) []string {
	all := []string{}
	for _, p := range out["Partitions"].([]any) {
		var vs []string
		for _, v := range p.(map[string]any)["Values"].([]any) {
			vs = append(vs, v.(string))
		}
		all = append(all, strings.Join(vs, "/"))
	}
	return all
}

func partitionInput(value string) string {
	text, _ := json.Marshal(strings.Split(value, "/"))
	return fmt.Sprintf(`{"Values": %s, "StorageDescriptor": {"Location": "s3://b/%s", "Columns": [{"Name": "id", "Type": "int"}]}, "Parameters": {"at": "%s"}}`, text, value, value)
}

func (s *server) partitions(table string, all ...string) {
	s.t.Helper()
	for chunk := range slices.Chunk(all, 100) {
		var inputs []string
		for _, value := range chunk {
			inputs = append(inputs, partitionInput(value))
		}
		out := s.do("BatchCreatePartition", fmt.Sprintf(`{'DatabaseName': 'd', 'TableName': '%s', 'PartitionInputList': [%s]}`, table, strings.Join(inputs, ", ")))
		if errs := out["Errors"].([]any); len(errs) > 0 {
			s.t.Fatal(errs)
		}
	}
}

const ofTable = `'DatabaseName': 'd', 'TableName': 't'`

func TestPartitions(t *testing.T) {
	t.Parallel()
	s := catalogServer(t)
	s.partitions("T", "2023/12/2023-12-31", "2024/01/2024-01-02", "2024/01/2024-01-01")
	s.do("CreatePartition", `{`+ofTable+`, 'PartitionInput': {'Values': ['9', 'a/b', 'x'], 'LastAccessTime': 5, 'LastAnalyzedTime': 6.5}}`)
	s.refuses("CreatePartition", `{`+ofTable+`, 'PartitionInput': {'Values': ['9', 'a/b', 'x']}}`, alreadyExists, "Partition already exists.")
	wantNames(t, "in order", values(s.do("GetPartitions", `{`+ofTable+`}`)), "2023/12/2023-12-31", "2024/01/2024-01-01", "2024/01/2024-01-02", "9/a/b/x")

	first := `'PartitionValues': ['2023', '12', '2023-12-31']`
	got := s.do("GetPartition", `{`+ofTable+`, `+first+`}`)["Partition"].(map[string]any)
	created := got["CreationTime"]
	delete(got, "CreationTime")
	want := map[string]any{
		"Values": []any{"2023", "12", "2023-12-31"}, "DatabaseName": "d", "TableName": "t", "CatalogId": "000000000000",
		"Parameters": map[string]any{"at": "2023/12/2023-12-31"},
		"StorageDescriptor": map[string]any{"Location": "s3://b/2023/12/2023-12-31", "Columns": []any{map[string]any{"Name": "id", "Type": "int"}},
			"Compressed": false, "StoredAsSubDirectories": false, "NumberOfBuckets": json.Number("0")},
	}
	if diff := cmp.Diff(want, got); diff != "" || created == nil {
		t.Error(diff, created)
	}
	other := s.do("GetPartition", `{`+ofTable+`, 'PartitionValues': ['9', 'a/b', 'x']}`)["Partition"].(map[string]any)
	if other["LastAccessTime"] != json.Number("5.000") || other["LastAnalyzedTime"] != json.Number("6.500") || other["StorageDescriptor"] != nil {
		t.Error(other)
	}
	if p := s.do("GetPartitions", `{`+ofTable+`, 'ExcludeColumnSchema': true}`)["Partitions"].([]any)[0].(map[string]any)["StorageDescriptor"].(map[string]any); p["Columns"] != nil ||
		p["Location"] != "s3://b/2023/12/2023-12-31" {
		t.Error(p)
	}

	s.do("UpdatePartition", `{`+ofTable+`, 'PartitionValueList': ['2023', '12', '2023-12-31'], 'PartitionInput': {'Values': ['2023', '12', '2023-12-31'], 'Parameters': {'x': 'y'}}}`)
	got = s.do("GetPartition", `{`+ofTable+`, `+first+`}`)["Partition"].(map[string]any)
	if got["StorageDescriptor"] != nil || !cmp.Equal(got["Parameters"], any(map[string]any{"x": "y"})) || got["CreationTime"] != created {
		t.Error(got)
	}
	s.do("DeletePartition", `{`+ofTable+`, `+first+`}`)
	s.refuses("GetPartition", `{`+ofTable+`, `+first+`}`, enf, "Cannot find partition.")
}

func TestBatchesOfPartitions(t *testing.T) {
	t.Parallel()
	s := catalogServer(t)
	s.partitions("t", "1/1/1", "2/2/2")
	codes := func(out map[string]any, member string) (all []string) {
		for _, e := range out["Errors"].([]any) {
			e := e.(map[string]any)
			all = append(all, fmt.Sprint(e[member], " ", e["ErrorDetail"].(map[string]any)["ErrorCode"]))
		}
		return all
	}
	out := s.do("BatchCreatePartition", `{`+ofTable+`, 'PartitionInputList': [{'Values': ['3', '3', '3']}, {'Values': ['1', '1', '1']}, {'Values': ['3', '3', '3']}]}`)
	wantNames(t, "created", codes(out, "PartitionValues"), "[1 1 1] AlreadyExistsException", "[3 3 3] AlreadyExistsException")
	out = s.do("BatchUpdatePartition", `{`+ofTable+`, 'Entries': [
		{'PartitionValueList': ['1', '1', '1'], 'PartitionInput': {'Parameters': {'a': 'b'}}},
		{'PartitionValueList': ['8', '8', '8'], 'PartitionInput': {}}, {'PartitionValueList': ['8'], 'PartitionInput': {}}]}`)
	wantNames(t, "updated", codes(out, "PartitionValueList"), "[8 8 8] EntityNotFoundException", "[8] InvalidInputException")
	out = s.do("BatchGetPartition", `{`+ofTable+`, 'PartitionsToGet': [{'Values': ['3', '3', '3']}, {'Values': ['8', '8', '8']}, {'Values': ['1', '1', '1']}]}`)
	wantNames(t, "got", values(out), "3/3/3", "1/1/1")
	if len(out["UnprocessedKeys"].([]any)) != 0 {
		t.Error(out)
	}
	if p := out["Partitions"].([]any)[1].(map[string]any); !cmp.Equal(p["Parameters"], any(map[string]any{"a": "b"})) {
		t.Error(p)
	}
	out = s.do("BatchDeletePartition", `{`+ofTable+`, 'PartitionsToDelete': [{'Values': ['1', '1', '1']}, {'Values': ['8', '8', '8']}]}`)
	wantNames(t, "deleted", codes(out, "PartitionValues"), "[8 8 8] EntityNotFoundException")
	wantNames(t, "left", values(s.do("GetPartitions", `{`+ofTable+`}`)), "2/2/2", "3/3/3")
}

// calendar are partitions of some years.
func calendar(years ...int) (all []string) {
	for _, year := range years {
		for month := 1; month <= 12; month++ {
			for day := 1; day <= 28; day++ {
				all = append(all, fmt.Sprintf("%d/%02d/%d-%02d-%02d", year, month, year, month, day))
			}
		}
	}
	return all
}

func TestGetPartitionsWithExpressions(t *testing.T) {
	t.Parallel()
	s := catalogServer(t)
	all := calendar(2023, 2024)
	s.partitions("t", all...)
	for expression, wants := range map[string]func(year, month, day string) bool{
		`year = 2024`:                                      func(y, _, _ string) bool { return y == "2024" },
		`month = "02" and day > "2024-02-20"`:              func(_, m, d string) bool { return m == "02" && d > "2024-02-20" },
		`year > 2023 or month in ("01", "03")`:             func(y, m, _ string) bool { return y == "2024" || m == "01" || m == "03" },
		`day like "2024%"`:                                 nil,
		`not (year = 2023 or month between "02" and "12")`: func(y, m, _ string) bool { return y == "2024" && m == "01" },
		`year is null`:                                     func(_, _, _ string) bool { return false },
		``:                                                 func(_, _, _ string) bool { return true },
	} {
		body, _ := json.Marshal(expression)
		filter := fmt.Sprintf(`%s, 'Expression': %s`, ofTable, body)
		if wants == nil {
			s.refuses("GetPartitions", `{`+filter+`}`, ii, "does not support LIKE")
			continue
		}
		want := []string{}
		for _, v := range all {
			p := strings.Split(v, "/")
			if wants(p[0], p[1], p[2]) {
				want = append(want, v)
			}
		}
		for _, size := range []int{1000, 33} {
			wantNames(t, expression, s.allPartitions(filter, size, nil), want...)
		}
		// Segments divide them.
		var parts []string
		for n := range 4 {
			parts = append(parts, s.allPartitions(fmt.Sprintf(`%s, 'Segment': {'SegmentNumber': %d, 'TotalSegments': 4}`, filter, n), 100, nil)...)
		}
		slices.Sort(parts)
		wantNames(t, "segments of "+expression, parts, want...)
	}
	s.partitions("t", "null/01/2024-01-01")
	s.refuses("GetPartitions", `{`+ofTable+`, 'Expression': 'year >= 0', 'MaxResults': 1000}`, "InvalidStateException", `"null" is not an integer`)
}

// allPartitions reads all pages.
func (s *server) allPartitions(filter string, size int, between func(page int)) (all []string) {
	s.t.Helper()
	all = []string{}
	token := ""
	for n := 0; ; n++ {
		out := s.do("GetPartitions", fmt.Sprintf(`{%s, 'MaxResults': %d%s}`, filter, size, token))
		all = append(all, values(out)...)
		next, more := out["NextToken"].(string)
		if !more {
			return all
		}
		if between != nil {
			between(n)
		}
		token = fmt.Sprintf(`, 'NextToken': %q`, next)
	}
}

// Tokens stay good when partitions come and go; what comes behind is seen.
func TestPagesOfPartitionsUnderChanges(t *testing.T) {
	t.Parallel()
	for _, expression := range []string{``, `, 'Expression': 'year = 5 and month > \'a\''`} {
		s := catalogServer(t)
		var all []string
		for i := range 60 {
			all = append(all, fmt.Sprintf("5/b/%02d", i))
		}
		s.partitions("t", all...)
		filter := ofTable + strings.ReplaceAll(expression, `\'`, `"`)
		filter = strings.ReplaceAll(filter, `"a"`, `\"a\"`)
		got := s.allPartitions(filter, 10, func(n int) {
			s.partitions("t", fmt.Sprintf("5/az/%02d", n), fmt.Sprintf("5/c/%02d", n))                           // before and behind
			s.do("DeletePartition", fmt.Sprintf(`{%s, 'PartitionValues': ['5', 'b', '%02d']}`, ofTable, 10*n+9)) // the last one given
		})
		for i := range 6 {
			all = append(all, fmt.Sprintf("5/c/%02d", i))
		}
		wantNames(t, "pages "+expression, got, all...)
		out := s.do("GetPartitions", `{`+ofTable+`, 'MaxResults': 1}`)
		s.refuses("GetPartitions", fmt.Sprintf(`{%s, 'Expression': 'year = 5', 'NextToken': %q}`, ofTable, out["NextToken"]), ii, "NextToken is not one")
	}
}

// A table's keys may be changed while it has partitions.
func TestPartitionsAfterTheKeysChanged(t *testing.T) {
	t.Parallel()
	s := catalogServer(t)
	s.partitions("t", "2024/01/2024-01-01")
	s.do("UpdateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 't', 'PartitionKeys': [{'Name': 'year', 'Type': 'string'}]}}`)
	s.partitions("t", "2024", "2025")
	wantNames(t, "all", values(s.do("GetPartitions", `{`+ofTable+`}`)), "2024", "2024/01/2024-01-01", "2025")
	wantNames(t, "of a year", values(s.do("GetPartitions", `{`+ofTable+`, 'Expression': 'year like \"2024\"'}`)), "2024", "2024/01/2024-01-01")
	s.do("DeletePartition", `{`+ofTable+`, 'PartitionValues': ['2024', '01', '2024-01-01']}`)
}

func TestPartitionIndexes(t *testing.T) {
	t.Parallel()
	s := catalogServer(t)
	s.do("CreateTable", `{'DatabaseName': 'd', 'TableInput': {'Name': 'u', `+calendarKeys+`}, 'PartitionIndexes': [{'IndexName': 'B', 'Keys': ['day', 'year']}, {'IndexName': 'A', 'Keys': ['month']}]}`)
	list := func() string {
		return fmt.Sprint(s.do("GetPartitionIndexes", `{'DatabaseName': 'd', 'TableName': 'u'}`)["PartitionIndexDescriptorList"])
	}
	want := `[map[IndexName:A IndexStatus:ACTIVE Keys:[map[Name:month Type:string]]] map[IndexName:B IndexStatus:ACTIVE Keys:[map[Name:day Type:date] map[Name:year Type:int]]]]`
	if got := list(); got != want {
		t.Error(got)
	}
	s.refuses("CreatePartitionIndex", `{'DatabaseName': 'd', 'TableName': 'u', 'PartitionIndex': {'IndexName': 'A', 'Keys': ['day']}}`, alreadyExists, "Partition Index A already exists with the same name.")
	s.refuses("CreatePartitionIndex", `{'DatabaseName': 'd', 'TableName': 'u', 'PartitionIndex': {'IndexName': 'C', 'Keys': ['Day', 'year']}}`, alreadyExists, "Partition Index B already exists with the same keys.")
	s.do("DeletePartitionIndex", `{'DatabaseName': 'd', 'TableName': 'u', 'IndexName': 'B'}`)
	s.do("DeletePartitionIndex", `{'DatabaseName': 'd', 'TableName': 'u', 'IndexName': 'A'}`)
	if got := list(); got != "[]" {
		t.Error(got)
	}
}
