package api

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsglue "github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

const wholeStorage = `'StorageDescriptor': {'Columns': [{'Name': 'id', 'Type': 'int', 'Comment': 'c', 'Parameters': {'k': 'v'}}], 'Location': 's3://b/t/',
	'AdditionalLocations': ['s3://b/u/'], 'InputFormat': 'in', 'OutputFormat': 'out', 'Compressed': true, 'NumberOfBuckets': 4,
	'SerdeInfo': {'Name': 'n', 'SerializationLibrary': 'l', 'Parameters': {'a': 'b'}}, 'BucketColumns': ['id'], 'SortColumns': [{'Column': 'id', 'SortOrder': 1}],
	'Parameters': {'p': 'q'}, 'SkewedInfo': {'SkewedColumnNames': ['id'], 'SkewedColumnValues': ['1'], 'SkewedColumnValueLocationMaps': {'1': 'x'}},
	'StoredAsSubDirectories': true, 'SchemaReference': {'SchemaId': {'SchemaName': 's', 'RegistryName': 'r'}, 'SchemaVersionNumber': 3}}`

// Each member of what describes a database, a table and a partition comes back
// to the SDK for Go as it was sent.
func TestWireEchoesTheCatalog(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := goClient(s.listen(nil))
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	d := aws.String("d")
	database := fill[types.DatabaseInput](t, `{'Name': 'd', 'Description': 'x', 'LocationUri': 's3://b/', 'Parameters': {'a': 'b'},
		'CreateTableDefaultPermissions': [{'Principal': {'DataLakePrincipalIdentifier': 'p'}, 'Permissions': ['ALL', 'SELECT']}]}`, "TargetDatabase", "FederatedDatabase")
	_, err := c.CreateDatabase(ctx, &awsglue.CreateDatabaseInput{DatabaseInput: database})
	check(err)
	gotDatabase, err := c.GetDatabase(ctx, &awsglue.GetDatabaseInput{Name: d})
	check(err)
	checkEcho(t, database, gotDatabase.Database)
	link := fill[types.DatabaseInput](t, `{'Name': 'link', 'Description': 'x', 'LocationUri': 's3://b/', 'Parameters': {}, 'CreateTableDefaultPermissions': [],
		'TargetDatabase': {'CatalogId': '1', 'DatabaseName': 'x', 'Region': 'eu-west-1'}, 'FederatedDatabase': {'Identifier': 'i', 'ConnectionName': 'c', 'ConnectionType': 't'}}`)
	_, err = c.CreateDatabase(ctx, &awsglue.CreateDatabaseInput{DatabaseInput: link})
	check(err)
	gotDatabase, err = c.GetDatabase(ctx, &awsglue.GetDatabaseInput{Name: link.Name})
	check(err)
	checkEcho(t, link, gotDatabase.Database)

	input := `{'Name': 't', 'Description': 'x', 'Owner': 'o', 'Retention': 7, ` + wholeStorage + `, 'PartitionKeys': [{'Name': 'k', 'Type': 'string'}],
		'ViewOriginalText': 'v', 'ViewExpandedText': 'w', 'TableType': 'VIRTUAL_VIEW', 'Parameters': {'a': 'b'}, 'LastAccessTime': '2024-05-06T07:08:09Z', 'LastAnalyzedTime': '2023-01-02T03:04:05Z'}`
	table := fill[types.TableInput](t, input, "TargetTable", "ViewDefinition", "FederatedTable") // the last is newer than the model
	_, err = c.CreateTable(ctx, &awsglue.CreateTableInput{DatabaseName: d, TableInput: table})
	check(err)
	gotTable, err := c.GetTable(ctx, &awsglue.GetTableInput{DatabaseName: d, Name: table.Name})
	check(err)
	checkEcho(t, table, gotTable.Table)
	table.Description = aws.String("changed")
	table.TargetTable = &types.TableIdentifier{CatalogId: aws.String("1"), DatabaseName: aws.String("x"), Name: aws.String("y"), Region: aws.String("z")}
	table.ViewDefinition = fill[types.ViewDefinitionInput](t, `{'IsProtected': true, 'Definer': 'arn:aws:iam::000000000000:role/r', 'ViewVersionId': 3, 'ViewVersionToken': 'x',
		'RefreshSeconds': 60, 'LastRefreshType': 'FULL', 'SubObjects': ['arn:aws:glue:us-east-1:1:table/d/t'], 'SubObjectVersionIds': [4],
		'Representations': [{'Dialect': 'SPARK', 'DialectVersion': '3', 'ViewOriginalText': 'a', 'ViewExpandedText': 'b', 'ValidationConnection': 'c'}]}`,
		"IsManaged", "SparkPipelineInfo", "SubObjectsStatistics") // newer than the model
	_, err = c.UpdateTable(ctx, &awsglue.UpdateTableInput{DatabaseName: d, TableInput: table})
	check(err)
	gotTable, err = c.GetTable(ctx, &awsglue.GetTableInput{DatabaseName: d, Name: table.Name})
	check(err)
	checkEcho(t, table, gotTable.Table, "ViewDefinition") // another type comes back
	checkEcho(t, table.ViewDefinition, gotTable.Table.ViewDefinition, "Representations")
	checkEcho(t, &table.ViewDefinition.Representations[0], &gotTable.Table.ViewDefinition.Representations[0])
	table.TargetTable, table.ViewDefinition = nil, nil
	_, err = c.UpdateTable(ctx, &awsglue.UpdateTableInput{DatabaseName: d, TableInput: table})
	check(err)

	partition := fill[types.PartitionInput](t, `{'Values': ['v'], `+wholeStorage+`, 'Parameters': {'a': 'b'}, 'LastAccessTime': '2024-05-06T07:08:09Z', 'LastAnalyzedTime': '2023-01-02T03:04:05Z'}`)
	_, err = c.CreatePartition(ctx, &awsglue.CreatePartitionInput{DatabaseName: d, TableName: table.Name, PartitionInput: partition})
	check(err)
	for _, expression := range []string{"", "k = 'v'"} {
		got, err := c.GetPartitions(ctx, &awsglue.GetPartitionsInput{DatabaseName: d, TableName: table.Name, Expression: aws.String(expression)})
		check(err)
		checkEcho(t, partition, &got.Partitions[0])
	}
	var missing *types.EntityNotFoundException
	if _, err := c.GetPartition(ctx, &awsglue.GetPartitionInput{DatabaseName: d, TableName: table.Name, PartitionValues: []string{"x"}}); !errors.As(err, &missing) {
		t.Error(err)
	}
	var changed *types.ConcurrentModificationException
	if _, err := c.UpdateTable(ctx, &awsglue.UpdateTableInput{DatabaseName: d, TableInput: table, VersionId: aws.String("0")}); !errors.As(err, &changed) {
		t.Error(err)
	}
	pages := awsglue.NewGetPartitionsPaginator(c, &awsglue.GetPartitionsInput{DatabaseName: d, TableName: table.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if check(err); len(page.Partitions) != 1 {
			t.Errorf("%d partitions", len(page.Partitions))
		}
	}
}
