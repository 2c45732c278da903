package cli

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// Jobs are sealed: their clients reach this server's Glue and S3, and every
// other service answers with an error that names the flag which opens it.

// sealedPath answers for the services that are closed.
const sealedPath = "/sealed"

// awsService is a service that --allow-aws can open: the suffix of its endpoint
// variable, from the SDKs' settings reference, and its host name.
type awsService struct{ variable, host string }

var awsServices = map[string]awsService{
	"athena":         {"ATHENA", "athena"},
	"bedrock":        {"BEDROCK_RUNTIME", "bedrock-runtime"},
	"cloudwatch":     {"CLOUDWATCH", "monitoring"},
	"dynamodb":       {"DYNAMODB", "dynamodb"},
	"events":         {"EVENTBRIDGE", "events"},
	"firehose":       {"FIREHOSE", "firehose"},
	"kinesis":        {"KINESIS", "kinesis"},
	"kms":            {"KMS", "kms"},
	"lambda":         {"LAMBDA", "lambda"},
	"logs":           {"CLOUDWATCH_LOGS", "logs"},
	"rds-data":       {"RDS_DATA", "rds-data"},
	"redshift-data":  {"REDSHIFT_DATA", "redshift-data"},
	"s3":             {"S3", "s3"},
	"secretsmanager": {"SECRETS_MANAGER", "secretsmanager"},
	"sns":            {"SNS", "sns"},
	"sqs":            {"SQS", "sqs"},
	"ssm":            {"SSM", "ssm"},
	"stepfunctions":  {"SFN", "states"},
	"sts":            {"STS", "sts"},
}

// openedServices are the services that jobs may really reach.
type openedServices struct {
	names  []string
	region string
	creds  aws.CredentialsProvider
}

// openServices checks the names and finds the server's own credentials.
func openServices(ctx context.Context, names []string, region string) (*openedServices, error) {
	if len(names) == 0 {
		return nil, nil
	}
	if err := knownServices(names); err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("--allow-aws: %w", err)
	}
	if cfg.Region != "" {
		region = cfg.Region
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("--allow-aws gives jobs the server's credentials, and it has none: %w", err)
	}
	return &openedServices{names: names, region: region, creds: cfg.Credentials}, nil
}

func knownServices(names []string) error {
	for _, n := range names {
		if _, ok := awsServices[n]; !ok {
			return fmt.Errorf("--allow-aws does not know %q; it knows %s",
				n, strings.Join(slices.Sorted(maps.Keys(awsServices)), ", "))
		}
	}
	return nil
}

// env is what the opened services add to a job's environment.
func (o *openedServices) env(ctx context.Context) (map[string]string, error) {
	c, err := o.creds.Retrieve(ctx)
	if err != nil {
		return nil, errors.New("--allow-aws: the server's credentials can't be refreshed")
	}
	m := map[string]string{
		"AWS_ACCESS_KEY_ID": c.AccessKeyID, "AWS_SECRET_ACCESS_KEY": c.SecretAccessKey,
		"AWS_REGION": o.region, "AWS_DEFAULT_REGION": o.region,
	}
	if c.SessionToken != "" {
		m["AWS_SESSION_TOKEN"] = c.SessionToken
	}
	for _, n := range o.names {
		s := awsServices[n]
		m["AWS_ENDPOINT_URL_"+s.variable] = "https://" + s.host + "." + o.region + "." + awsDomain(o.region)
	}
	return m, nil
}

// awsDomain is the domain of a region's endpoints.
func awsDomain(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// sealed answers a call to a closed service, in the form that the service's
// clients read: JSON or XML.
func sealed(w http.ResponseWriter, r *http.Request) {
	service := signedService(r)
	message := fmt.Sprintf("jobs run by reglue are sealed: a call to %s does not leave this machine. "+
		"To open it, start the server with --allow-aws %s", service, flagName(service))
	const code = "AccessDeniedException"
	if strings.Contains(r.Header.Get("Content-Type"), "json") || r.Header.Get("X-Amz-Target") != "" {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
		return
	}
	type xmlError struct {
		XMLName xml.Name `xml:"ErrorResponse"`
		Code    string   `xml:"Error>Code"`
		Message string   `xml:"Error>Message"`
	}
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-ErrorType", code)
	w.WriteHeader(http.StatusForbidden)
	_ = xml.NewEncoder(w).Encode(xmlError{Code: code, Message: message})
}

// signedService is the service that a request is signed for.
func signedService(r *http.Request) string {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	scope, _, _ = strings.Cut(scope, ",")
	parts := strings.Split(scope, "/")
	if len(parts) < 5 {
		return "an AWS service"
	}
	return parts[len(parts)-2]
}

// flagName is the name by which --allow-aws knows a signing name.
func flagName(service string) string {
	for name, s := range awsServices {
		if s.host == service || name == service {
			return name
		}
	}
	return service
}
