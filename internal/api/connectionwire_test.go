package api

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsglue "github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

// Each member of connections and security configurations comes back to the SDK
// for Go as it was sent, and errors are of its types.
func TestWireEchoesConnections(t *testing.T) {
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
	in := fill[types.ConnectionInput](t, `{'Name': 'c', 'Description': 'x', 'ConnectionType': 'JDBC', 'MatchCriteria': ['m'],
		'ConnectionProperties': {'HOST': 'h', 'PORT': '5432', 'JDBC_ENGINE': 'postgresql', 'USERNAME': 'u', 'PASSWORD': 'p'},
		'SparkProperties': {'a': 'b', 'password': 'p'}, 'AthenaProperties': {'c': 'd'}, 'PythonProperties': {'e': 'f'},
		'PhysicalConnectionRequirements': {'SubnetId': 's', 'SecurityGroupIdList': ['g'], 'AvailabilityZone': 'z'},
		'AuthenticationConfiguration': {'AuthenticationType': 'OAUTH2', 'SecretArn': 'arn:aws:secretsmanager:us-east-1:1:secret:s', 'KmsKeyArn': 'arn:aws:kms:us-east-1:1:key/k',
			'OAuth2Properties': {'OAuth2GrantType': 'CLIENT_CREDENTIALS', 'TokenUrl': 'https://h/t', 'TokenUrlParametersMap': {'g': 'h'},
				'OAuth2ClientApplication': {'UserManagedClientApplicationClientId': 'i', 'AWSManagedClientApplicationReference': 'r'}}},
		'ValidateForComputeEnvironments': ['SPARK']}`, "ValidateCredentials")
	created, err := c.CreateConnection(ctx, &awsglue.CreateConnectionInput{ConnectionInput: in, Tags: map[string]string{"k": "v"}})
	check(err)
	if created.CreateConnectionStatus != types.ConnectionStatusReady {
		t.Error(created.CreateConnectionStatus)
	}
	got, err := c.GetConnection(ctx, &awsglue.GetConnectionInput{Name: in.Name})
	check(err)
	checkEcho(t, in, got.Connection, "ValidateForComputeEnvironments", "AuthenticationConfiguration") // of other names or types
	checkEcho(t, in.AuthenticationConfiguration, got.Connection.AuthenticationConfiguration, "OAuth2Properties")
	checkEcho(t, in.AuthenticationConfiguration.OAuth2Properties, got.Connection.AuthenticationConfiguration.OAuth2Properties)
	if aws.ToInt32(got.Connection.ConnectionSchemaVersion) != 2 || got.Connection.CompatibleComputeEnvironments[0] != types.ComputeEnvironmentSpark ||
		got.Connection.CreationTime == nil || got.Connection.LastUpdatedTime == nil {
		t.Errorf("%+v", got.Connection)
	}
	tags, err := c.GetTags(ctx, &awsglue.GetTagsInput{ResourceArn: aws.String("arn:aws:glue:us-east-1:1:connection/c")})
	check(err)
	if tags.Tags["k"] != "v" {
		t.Error(tags.Tags)
	}
	pages := awsglue.NewGetConnectionsPaginator(c, &awsglue.GetConnectionsInput{HidePassword: true})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		check(err)
		if len(page.ConnectionList) != 1 || page.ConnectionList[0].ConnectionProperties["PASSWORD"] != "" {
			t.Errorf("%+v", page.ConnectionList)
		}
	}
	var (
		missing *types.EntityNotFoundException
		there   *types.AlreadyExistsException
		bad     *types.InvalidInputException
	)
	if _, err := c.GetConnection(ctx, &awsglue.GetConnectionInput{Name: aws.String("none")}); !errors.As(err, &missing) {
		t.Error(err)
	}
	if _, err := c.CreateConnection(ctx, &awsglue.CreateConnectionInput{ConnectionInput: in}); !errors.As(err, &there) {
		t.Error(err)
	}
	if _, err := c.TestConnection(ctx, &awsglue.TestConnectionInput{}); !errors.As(err, &bad) {
		t.Error(err)
	}

	const key = `'KmsKeyArn': 'arn:aws:kms:us-east-1:1:key/k'`
	encryption := fill[types.EncryptionConfiguration](t, `{'S3Encryption': [{'S3EncryptionMode': 'SSE-KMS', `+key+`}], 'CloudWatchEncryption': {'CloudWatchEncryptionMode': 'SSE-KMS', `+key+`},
		'JobBookmarksEncryption': {'JobBookmarksEncryptionMode': 'CSE-KMS', `+key+`}, 'DataQualityEncryption': {'DataQualityEncryptionMode': 'DISABLED', `+key+`}}`)
	made, err := c.CreateSecurityConfiguration(ctx, &awsglue.CreateSecurityConfigurationInput{Name: in.Name, EncryptionConfiguration: encryption})
	check(err)
	held, err := c.GetSecurityConfiguration(ctx, &awsglue.GetSecurityConfigurationInput{Name: in.Name})
	check(err)
	checkEcho(t, encryption, held.SecurityConfiguration.EncryptionConfiguration)
	if aws.ToString(made.Name) != "c" || made.CreatedTimestamp == nil || !made.CreatedTimestamp.Equal(*held.SecurityConfiguration.CreatedTimeStamp) {
		t.Errorf("%+v %+v", made, held.SecurityConfiguration)
	}
}
