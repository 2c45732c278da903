package cfn

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reglue/reglue/internal/glue"
)

const lake = `
Resources:
  Lake:
    Type: AWS::Glue::Database
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseInput: {Name: Sales_Lake, Description: raw, Parameters: {owner: data}}
  Unnamed:
    Type: AWS::Glue::Database
    Properties: {CatalogId: !Ref AWS::AccountId}
  Orders:
    Type: AWS::Glue::Table
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref Lake
      TableInput:
        Name: Orders
        TableType: EXTERNAL_TABLE
        Parameters: {classification: csv, skip.header.line.count: 1}
        PartitionKeys: [{Name: year, Type: int}]
        StorageDescriptor:
          Columns: [{Name: id, Type: bigint, Comment: the key}]
          Location: s3://lake/orders/
          SerdeInfo: {SerializationLibrary: org.apache.hadoop.hive.serde2.OpenCSVSerde, Parameters: {separatorChar: ","}}
  OrdersToo:
    Type: AWS::Glue::Table
    Properties: {CatalogId: !Ref AWS::AccountId, DatabaseName: !Ref Unnamed, TableInput: {Name: orders}}
  Year:
    Type: AWS::Glue::Partition
    DependsOn: Orders
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref Lake
      TableName: !Ref Orders
      PartitionInput: {Values: ["2024"], StorageDescriptor: {Location: s3://lake/orders/2024/}}
  Load:
    Type: AWS::Glue::Job
    Properties:
      Name: load
      Role: r
      Command: {Name: pythonshell, ScriptLocation: s3://b/a.py}
      DefaultArguments: {--table: !Sub "${Lake}.${Orders}"}
`

func parseLake(t *testing.T, edits ...string) *Template {
	t.Helper()
	src := strings.NewReplacer(edits...).Replace(lake)
	tmpl, warnings, err := Parse([]byte(src), "lake.yaml", Options{StackName: "My-Stack", Account: "123456789012"})
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	return tmpl
}

func TestCatalogTemplates(t *testing.T) {
	t.Parallel()
	tmpl := parseLake(t)
	got := fmt.Sprint(tmpl.Databases[0].DatabaseInput.Name, " ", tmpl.Databases[1].DatabaseInput.Name, " ", tableName(&tmpl.Tables[0]), " ",
		tableName(&tmpl.Tables[1]), " ", partitionName(&tmpl.Partitions[0]), " ", tmpl.Jobs[0].DefaultArguments["--table"])
	if want := "sales_lake my-stack-unnamed sales_lake.orders my-stack-unnamed.orders sales_lake.orders/2024 sales_lake.orders"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if tmpl.Databases[0].CatalogId != "" || tmpl.Tables[0].TableInput.Parameters["skip.header.line.count"] != "1" {
		t.Errorf("%+v %+v", tmpl.Databases[0], tmpl.Tables[0].TableInput)
	}
	if id := tmpl.LogicalID(KindTable, "my-stack-unnamed.orders"); id != "OrdersToo" {
		t.Errorf("the table is %q", id)
	}
	if other := parseLake(t, "CatalogId: !Ref AWS::AccountId", "CatalogId: '1'"); other.Tables[0].CatalogId != "1" {
		t.Error("another account's catalog is not kept")
	}
	text, err := Export(tmpl)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"CatalogId: !Ref AWS::AccountId", "DatabaseName: !Ref Lake", "DependsOn: Orders"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	again, warnings, err := Parse(text, "again.yaml", Options{Account: "123456789012"})
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	for _, pair := range [][2]any{{tmpl.Databases, again.Databases}, {tmpl.Tables, again.Tables}, {tmpl.Partitions, again.Partitions}} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("differs after export and parse:\n%s\n%s", diff, text)
		}
	}
}

func TestCatalogTemplatesRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ from, to, want string }{
		{"Name: orders}}", "Name: orders, Retention: x}}", `expected a number, got "x"`},
		{"DatabaseName: !Ref Unnamed, ", "", "CreateTable would refuse this table"},
		{"DatabaseName: !Ref Unnamed", "DatabaseName: SALES_lake", "is a table named \"sales_lake.orders\" too"},
		{"PartitionInput: {Values", "PartitionInput: {Values: [''], Was", "CreatePartition would refuse this partition"},
	} {
		_, _, err := Parse([]byte(strings.Replace(lake, tt.from, tt.to, 1)), "lake.yaml", Options{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want …%s", tt.to, err, tt.want)
		}
	}
}

// heldCatalog answers as a catalog does; what is not in it goes to the other.
type heldCatalog struct {
	*fakeGlue
	held map[string]any
}

func (h *heldCatalog) Call(ctx context.Context, op string, in, out any) error {
	var key string
	var create any
	switch in := in.(type) {
	case *glue.GetDatabaseRequest:
		key = in.Name
	case *glue.GetTableRequest:
		key = in.DatabaseName + "." + in.Name
	case *glue.GetPartitionRequest:
		key = in.DatabaseName + "." + in.TableName + "/" + strings.Join(in.PartitionValues, "/")
	case *glue.CreateDatabaseRequest:
		key, create = in.DatabaseInput.Name, map[string]any{"Database": in.DatabaseInput}
	case *glue.UpdateDatabaseRequest:
		key, create = in.Name, map[string]any{"Database": in.DatabaseInput}
	case *glue.CreateTableRequest:
		key, create = tableName(in), map[string]any{"Table": in.TableInput}
	case *glue.UpdateTableRequest:
		key, create = in.DatabaseName+"."+in.TableInput.Name, map[string]any{"Table": in.TableInput}
	case *glue.CreatePartitionRequest:
		key, create = partitionName(in), map[string]any{"Partition": in.PartitionInput}
	case *glue.UpdatePartitionRequest:
		key, create = in.DatabaseName+"."+in.TableName+"/"+strings.Join(in.PartitionValueList, "/"), map[string]any{"Partition": in.PartitionInput}
	default:
		return h.fakeGlue.Call(ctx, op, in, out)
	}
	body, err := json.Marshal(in)
	if err == nil {
		err = glue.Validate(op, body)
	}
	if err != nil {
		return err
	}
	if create != nil {
		h.calls = append(h.calls, op+" "+key)
		if _, there := h.held[key]; there != strings.HasPrefix(op, "Update") {
			return fmt.Errorf("%s %s: there is it %v", op, key, there)
		}
		h.held[key] = create
		return nil
	}
	if h.held[key] == nil {
		return notFound("it", key)
	}
	return recast(h.held[key], out)
}

func TestApplyCatalog(t *testing.T) {
	t.Parallel()
	h := &heldCatalog{newFakeGlue(), map[string]any{}}
	apply(t, h, parseLake(t))
	want := []string{
		"CreateDatabase sales_lake", "CreateDatabase my-stack-unnamed", "CreateTable sales_lake.orders", "CreateTable my-stack-unnamed.orders",
		"CreatePartition sales_lake.orders/2024", "CreateJob load",
	}
	if diff := cmp.Diff(want, h.changes()); diff != "" {
		t.Error(diff)
	}
	for _, r := range apply(t, h, parseLake(t)) {
		if r.Action != Unchanged {
			t.Errorf("applied again: %+v", r)
		}
	}
	if got := h.changes(); len(got) > 0 {
		t.Errorf("applied again: %v", got)
	}
	var fields []string
	for _, r := range apply(t, h, parseLake(t, "Description: raw", "Description: cooked", "Comment: the key", "Comment: a key", "orders/2024/", "orders/y2024/")) {
		fields = append(fields, r.Fields...)
	}
	if diff := cmp.Diff([]string{"Description", "StorageDescriptor.Columns[0].Comment", "StorageDescriptor.Location"}, fields); diff != "" {
		t.Error(diff)
	}
	want = []string{"UpdateDatabase sales_lake", "UpdateTable sales_lake.orders", "UpdatePartition sales_lake.orders/2024"}
	if diff := cmp.Diff(want, h.changes()); diff != "" {
		t.Error(diff)
	}
}
