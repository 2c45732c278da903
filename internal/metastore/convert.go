package metastore

import (
	"strconv"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/metastore/hms"
)

// The types of tables, in both worlds.
const (
	managedTable  = "MANAGED_TABLE"
	externalTable = "EXTERNAL_TABLE"
	virtualView   = "VIRTUAL_VIEW"
)

// ddlTime is a parameter that the Hive Metastore gives to tables and partitions.
const ddlTime = "transient_lastDdlTime"

func null(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func seconds(t glue.Time) int32 { return int32(t / 1000) } //nolint:gosec // until 2038, as Hive's own
func moment(s int32) glue.Time  { return glue.Time(s) * 1000 }

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// toColumns are columns as Hive has them.
func toColumns(all []glue.Column) []*hms.FieldSchema {
	out := make([]*hms.FieldSchema, len(all))
	for i, c := range all {
		out[i] = &hms.FieldSchema{Name: c.Name, Type: c.Type, Comment: null(c.Comment)}
	}
	return out
}

// fromColumns are columns as Glue has them: with names in lower case, as the Hive
// Metastore keeps them. What Hive does not know of a column stays as it was.
func fromColumns(all []*hms.FieldSchema, old []glue.Column) []glue.Column {
	out := make([]glue.Column, len(all))
	for i, c := range all {
		out[i] = glue.Column{Name: strings.ToLower(c.Name), Type: c.Type, Comment: deref(c.Comment)}
		for _, o := range old {
			if o.Name == out[i].Name {
				out[i].Parameters = o.Parameters
			}
		}
	}
	return out
}

func toStorage(sd *glue.StorageDescriptor) *hms.StorageDescriptor {
	if sd == nil {
		sd = &glue.StorageDescriptor{}
	}
	return &hms.StorageDescriptor{
		Cols: toColumns(sd.Columns), Location: null(sd.Location), InputFormat: null(sd.InputFormat), OutputFormat: null(sd.OutputFormat),
		Compressed: sd.Compressed, NumBuckets: sd.NumberOfBuckets, SerdeInfo: toSerDe(sd.SerdeInfo), BucketCols: sd.BucketColumns,
		SortCols: toOrders(sd.SortColumns), Parameters: sd.Parameters, StoredAsSubDirectories: &sd.StoredAsSubDirectories,
	}
}

func toSerDe(s *glue.SerDeInfo) *hms.SerDeInfo {
	if s == nil {
		return &hms.SerDeInfo{}
	}
	return &hms.SerDeInfo{Name: null(s.Name), SerializationLib: null(s.SerializationLibrary), Parameters: s.Parameters}
}

func toOrders(all []glue.Order) []*hms.Order {
	out := make([]*hms.Order, len(all))
	for i, o := range all {
		out[i] = &hms.Order{Col: o.Column, Order: deref(o.SortOrder)}
	}
	return out
}

// fromStorage takes what Hive says of a storage; what it can't say stays as it was.
func fromStorage(sd *hms.StorageDescriptor, old *glue.StorageDescriptor) *glue.StorageDescriptor {
	if sd == nil {
		return old
	}
	out := &glue.StorageDescriptor{}
	if old != nil {
		out.AdditionalLocations, out.SkewedInfo, out.SchemaReference = old.AdditionalLocations, old.SkewedInfo, old.SchemaReference
		out.Columns = old.Columns
	}
	out.Columns = fromColumns(sd.Cols, out.Columns)
	out.Location, out.InputFormat, out.OutputFormat = deref(sd.Location), deref(sd.InputFormat), deref(sd.OutputFormat)
	out.Compressed, out.NumberOfBuckets, out.BucketColumns = sd.Compressed, sd.NumBuckets, sd.BucketCols
	out.Parameters, out.StoredAsSubDirectories = sd.Parameters, deref(sd.StoredAsSubDirectories)
	if s := sd.SerdeInfo; s != nil {
		out.SerdeInfo = &glue.SerDeInfo{Name: deref(s.Name), SerializationLibrary: deref(s.SerializationLib), Parameters: s.Parameters}
	}
	for _, o := range sd.SortCols {
		out.SortColumns = append(out.SortColumns, glue.Order{Column: o.Col, SortOrder: &o.Order})
	}
	return out
}

// toTable is a table as Hive has it. A table that says neither is external: nobody
// deletes its files.
func toTable(t *glue.Table) *hms.Table {
	out := &hms.Table{
		TableName: t.Name, DbName: t.DatabaseName, Owner: null(t.Owner), CreateTime: seconds(t.CreateTime),
		LastAccessTime: seconds(t.LastAccessTime), Retention: t.Retention, Sd: toStorage(t.StorageDescriptor),
		PartitionKeys: toColumns(t.PartitionKeys), Parameters: t.Parameters,
		ViewOriginalText: null(t.ViewOriginalText), ViewExpandedText: null(t.ViewExpandedText), TableType: t.TableType,
	}
	if out.TableType == "" {
		out.TableType = externalTable
	}
	return out
}

// fromTable is the input that makes a table what Hive says; what Hive can't say stays
// as it was.
func fromTable(t *hms.Table, old *glue.Table) *glue.TableInput {
	if old == nil {
		old = &glue.Table{}
	}
	in := &glue.TableInput{
		Name: strings.ToLower(t.TableName), Description: old.Description, Owner: deref(t.Owner), LastAccessTime: moment(t.LastAccessTime),
		LastAnalyzedTime: old.LastAnalyzedTime, Retention: &t.Retention, StorageDescriptor: fromStorage(t.Sd, old.StorageDescriptor),
		PartitionKeys: fromColumns(t.PartitionKeys, old.PartitionKeys), ViewOriginalText: deref(t.ViewOriginalText),
		ViewExpandedText: deref(t.ViewExpandedText), TableType: t.TableType, Parameters: withTime(t.Parameters), TargetTable: old.TargetTable,
	}
	switch {
	case strings.EqualFold(in.Parameters["EXTERNAL"], "true"):
		in.TableType = externalTable
	case in.TableType == externalTable && in.Parameters["EXTERNAL"] != "":
		in.TableType = managedTable
	case in.TableType == "":
		in.TableType = managedTable
	}
	return in
}

// withTime adds the parameter that says when the definition was changed.
func withTime(parameters map[string]string) map[string]string {
	if parameters == nil {
		parameters = map[string]string{}
	}
	if parameters[ddlTime] == "" {
		parameters[ddlTime] = strconv.FormatInt(time.Now().Unix(), 10)
	}
	return parameters
}

func toPartition(p *glue.Partition) *hms.Partition {
	return &hms.Partition{
		Values: p.Values, DbName: p.DatabaseName, TableName: p.TableName, CreateTime: seconds(p.CreationTime),
		LastAccessTime: seconds(p.LastAccessTime), Sd: toStorage(p.StorageDescriptor), Parameters: p.Parameters,
	}
}

func fromPartition(p *hms.Partition, old *glue.StorageDescriptor) glue.PartitionInput {
	return glue.PartitionInput{
		Values: p.Values, LastAccessTime: moment(p.LastAccessTime), StorageDescriptor: fromStorage(p.Sd, old), Parameters: withTime(p.Parameters),
	}
}

func toDatabase(d *glue.Database) *hms.Database {
	return &hms.Database{
		Name: d.Name, Description: null(d.Description), LocationUri: null(d.LocationUri), Parameters: d.Parameters,
	}
}

func toFunction(f *glue.UserDefinedFunction) *hms.Function {
	out := &hms.Function{
		FunctionName: f.FunctionName, DbName: f.DatabaseName, ClassName: f.ClassName, OwnerName: f.OwnerName,
		OwnerType: hms.PrincipalType_USER, CreateTime: seconds(f.CreateTime), FunctionType: hms.FunctionType_JAVA,
	}
	if t, err := hms.PrincipalTypeFromString(string(f.OwnerType)); err == nil {
		out.OwnerType = t
	}
	for _, r := range f.ResourceUris {
		if t, err := hms.ResourceTypeFromString(string(r.ResourceType)); err == nil {
			out.ResourceUris = append(out.ResourceUris, &hms.ResourceUri{ResourceType: t, URI: r.Uri})
		}
	}
	return out
}

func fromFunction(f *hms.Function) *glue.UserDefinedFunctionInput {
	in := &glue.UserDefinedFunctionInput{FunctionName: strings.ToLower(f.FunctionName), ClassName: f.ClassName, OwnerName: f.OwnerName}
	if f.OwnerType != 0 {
		in.OwnerType = glue.PrincipalType(f.OwnerType.String())
	}
	for _, r := range f.ResourceUris {
		in.ResourceUris = append(in.ResourceUris, glue.ResourceUri{ResourceType: glue.ResourceType(r.ResourceType.String()), Uri: r.URI})
	}
	return in
}
