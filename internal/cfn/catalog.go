package cfn

import (
	"cmp"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// nameProperties are where a resource's name may stand, by kind; others have
// Name. A partition has none: its name is only what refers to it gets.
var nameProperties = map[Kind][][]string{
	KindDatabase:   {{"DatabaseInput", "Name"}, {"DatabaseName"}},
	KindTable:      {{"TableInput", "Name"}, {"Name"}},
	KindPartition:  {},
	KindConnection: {{"ConnectionInput", "Name"}},
}

// folded is a name as the kind has it: those of databases and tables are of lower
// case.
func (k Kind) folded(name string) string {
	if k == KindDatabase || k == KindTable {
		return strings.ToLower(name)
	}
	return name
}

// inCatalog reports whether resources of a kind are in the Data Catalog.
func (k Kind) inCatalog() bool {
	_, ok := nameProperties[k]
	return ok
}

// givenName evaluates the name that a resource gives itself, empty for none.
func (e *evaluator) givenName(r *resource) (string, error) {
	kind := kinds[r.typ]
	if !kind.inCatalog() {
		return e.property(r, "Name")
	}
	for _, keys := range nameProperties[kind] {
		if name, err := e.property(r, keys...); name != "" || err != nil {
			return kind.folded(name), err
		}
	}
	return "", nil
}

// catalogRequest turns evaluated properties into the request that creates a
// database, a table, a partition or a connection. The account's own catalog needs no id.
func (e *evaluator) catalogRequest(r *resource, properties *node) (any, error) {
	if id := properties.get("CatalogId"); id != nil && id.text == e.opt.Account {
		properties.remove("CatalogId")
	}
	switch kinds[r.typ] {
	case KindDatabase:
		properties.remove("DatabaseName")
		properties.inner("DatabaseInput", r.line).set("Name", textNode(r.line, r.name))
		out := &glue.CreateDatabaseRequest{}
		return out, e.decode(r, "CreateDatabase", properties, out)
	case KindTable:
		properties.remove("Name")
		properties.inner("TableInput", r.line).set("Name", textNode(r.line, r.name))
		out := &glue.CreateTableRequest{}
		return out, e.decode(r, "CreateTable", properties, out)
	case KindConnection:
		return e.connectionRequest(r, properties)
	default:
		out := &glue.CreatePartitionRequest{}
		return out, e.decode(r, "CreatePartition", properties, out)
	}
}

// remove takes a key out of a mapping.
func (n *node) remove(key string) {
	for i := range n.fields {
		if n.fields[i].key == key {
			n.fields = append(n.fields[:i:i], n.fields[i+1:]...)
			return
		}
	}
}

// inner is the mapping under a key, made when it is not there.
func (n *node) inner(key string, line int) *node {
	in := n.get(key)
	if in == nil || in.kind == null {
		in = &node{kind: mapping, line: line}
		n.set(key, in)
	}
	return in
}

// The names of what is in the Data Catalog, as results and messages tell them.

func tableName(r *glue.CreateTableRequest) string {
	return strings.ToLower(r.DatabaseName) + "." + r.TableInput.Name
}

func partitionName(r *glue.CreatePartitionRequest) string {
	return strings.ToLower(r.DatabaseName+"."+r.TableName) + "/" + strings.Join(r.PartitionInput.Values, "/")
}

// requestName is the name under which a template's resource is known.
func requestName(r *resource, request any) string {
	switch request := request.(type) {
	case *glue.CreateTableRequest:
		return tableName(request)
	case *glue.CreatePartitionRequest:
		return partitionName(request)
	}
	return r.name
}

// catalog compares what the template has in the Data Catalog.
func (d *differ) catalog() error {
	for i := range d.t.Databases {
		if err := d.database(&d.t.Databases[i]); err != nil {
			return about(KindDatabase, d.t.Databases[i].DatabaseInput.Name, err)
		}
	}
	for i := range d.t.Tables {
		if err := d.table(&d.t.Tables[i]); err != nil {
			return about(KindTable, tableName(&d.t.Tables[i]), err)
		}
	}
	for i := range d.t.Partitions {
		if err := d.partition(&d.t.Partitions[i]); err != nil {
			return about(KindPartition, partitionName(&d.t.Partitions[i]), err)
		}
	}
	for i := range d.t.Connections {
		if err := d.connection(&d.t.Connections[i]); err != nil {
			return about(KindConnection, d.t.Connections[i].ConnectionInput.Name, err)
		}
	}
	return nil
}

func (d *differ) database(want *glue.CreateDatabaseRequest) error {
	in := want.DatabaseInput
	change := Change{Result: Result{Kind: KindDatabase, Name: in.Name, Action: Created}}
	var got glue.GetDatabaseResponse
	exists, err := d.get("GetDatabase", &glue.GetDatabaseRequest{CatalogId: want.CatalogId, Name: in.Name}, &got)
	if err != nil {
		return err
	}
	if !exists || got.Database == nil {
		return d.add(change, call{op: "CreateDatabase", in: want})
	}
	update := call{op: "UpdateDatabase", in: &glue.UpdateDatabaseRequest{CatalogId: want.CatalogId, Name: in.Name, DatabaseInput: in}}
	if err := d.against(&change, got.Database, &glue.DatabaseInput{}, in, update); err != nil {
		return err
	}
	if err := d.tags(&change, want.Tags); err != nil {
		return err
	}
	return d.add(change.settled())
}

func (d *differ) table(want *glue.CreateTableRequest) error {
	in := want.TableInput
	change := Change{Result: Result{Kind: KindTable, Name: tableName(want), Action: Created}}
	var got glue.GetTableResponse
	ask := &glue.GetTableRequest{CatalogId: want.CatalogId, DatabaseName: want.DatabaseName, Name: in.Name}
	exists, err := d.get("GetTable", ask, &got)
	if err != nil {
		return err
	}
	if !exists || got.Table == nil {
		return d.add(change, call{op: "CreateTable", in: want})
	}
	update := call{op: "UpdateTable", in: &glue.UpdateTableRequest{CatalogId: want.CatalogId, DatabaseName: want.DatabaseName, TableInput: in}}
	if err := d.against(&change, got.Table, &glue.TableInput{}, in, update); err != nil {
		return err
	}
	return d.add(change.settled())
}

func (d *differ) partition(want *glue.CreatePartitionRequest) error {
	in := want.PartitionInput
	change := Change{Result: Result{Kind: KindPartition, Name: partitionName(want), Action: Created}}
	var got glue.GetPartitionResponse
	ask := &glue.GetPartitionRequest{CatalogId: want.CatalogId, DatabaseName: want.DatabaseName, TableName: want.TableName, PartitionValues: in.Values}
	exists, err := d.get("GetPartition", ask, &got)
	if err != nil {
		return err
	}
	if !exists || got.Partition == nil {
		return d.add(change, call{op: "CreatePartition", in: want})
	}
	update := call{op: "UpdatePartition", in: &glue.UpdatePartitionRequest{
		CatalogId: want.CatalogId, DatabaseName: want.DatabaseName, TableName: want.TableName,
		PartitionValueList: in.Values, PartitionInput: in,
	}}
	if err := d.against(&change, got.Partition, &glue.PartitionInput{}, in, update); err != nil {
		return err
	}
	return d.add(change.settled())
}

// impliedInCatalog are the members that a server fills in by itself.
var impliedInCatalog = map[string][]string{
	"Retention": {"0"},
	"CreateTableDefaultPermissions.Permissions":                           nil,
	"CreateTableDefaultPermissions.Principal.DataLakePrincipalIdentifier": nil,
}

// against compares what a server holds, as the input that would describe it, with
// what the template wants, and adds the update when they differ.
func (d *differ) against(change *Change, held, now, then any, update call) error {
	err := recast(held, now)
	if err == nil {
		change.Fields, err = differing(now, then, impliedInCatalog)
	}
	if len(change.Fields) > 0 {
		change.calls = append(change.calls, update)
	}
	return err
}

func (d *differ) add(change Change, calls ...call) error {
	change.calls = append(change.calls, calls...)
	d.changes = append(d.changes, change)
	return nil
}

// exportCatalog writes what a template has in the Data Catalog, with the CatalogId
// that CloudFormation requires.
func (x *exporter) exportCatalog(t *Template, put func(kind Kind, name string, request any)) {
	own := func(id string) string { return cmp.Or(id, ownCatalog) }
	for _, r := range t.Databases {
		r.CatalogId = own(r.CatalogId)
		put(KindDatabase, r.DatabaseInput.Name, r)
	}
	for _, r := range t.Tables {
		r.CatalogId = own(r.CatalogId)
		put(KindTable, tableName(&r), r)
	}
	for _, r := range t.Partitions {
		r.CatalogId = own(r.CatalogId)
		put(KindPartition, partitionName(&r), r)
	}
	for _, r := range t.Connections {
		r.CatalogId = own(r.CatalogId)
		put(KindConnection, r.ConnectionInput.Name, r)
	}
}

// ownCatalog stands for the account's id until it is written as a reference.
const ownCatalog = "AWS::AccountId"
