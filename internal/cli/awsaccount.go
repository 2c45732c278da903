package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// serviceID is Glue's name in AWS configuration files and variables.
const serviceID = "Glue"

// credentialsTimeout is how long finding credentials for a plain endpoint may
// take; it is asked for them only if there are any.
const credentialsTimeout = 5 * time.Second

// newAWSCaller calls Glue in the account of a profile: at AWS_ENDPOINT_URL_GLUE
// or the profile's own endpoint, else at that of the region.
func newAWSCaller(ctx context.Context, profile, region string) (Caller, error) {
	cfg, err := profileConfig(ctx, profile, region)
	if err != nil {
		return nil, err
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("AWS profile %s has no usable credentials: %w", profile, err)
	}
	endpoint, err := configuredEndpoint(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if endpoint == "" {
		endpoint = regionEndpoint(cfg.Region)
	}
	return newHTTPCaller(endpoint, cfg.Credentials, cfg.Region), nil
}

func profileConfig(ctx context.Context, profile, region string) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile), config.WithRegion(region))
	if err != nil {
		return cfg, fmt.Errorf("AWS profile %s: %w", profile, err)
	}
	if cfg.Region == "" {
		return cfg, fmt.Errorf("AWS profile %s names no region: add --region, or region = … to the profile", profile)
	}
	return cfg, nil
}

// accountAndRegion are those of a profile, for a template's pseudo parameters. The
// account is asked for if it is needed.
func accountAndRegion(ctx context.Context, profile, region string, needsAccount bool) (account, in string, err error) {
	cfg, err := profileConfig(ctx, profile, region)
	if err != nil || !needsAccount {
		return "", cfg.Region, err
	}
	id, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", "", fmt.Errorf("the template uses AWS::AccountId, and the account of AWS profile %s can't be asked for: %w", profile, err)
	}
	return aws.ToString(id.Account), cfg.Region, nil
}

// newEndpointCaller calls Glue at an endpoint, signed with the credentials of
// the environment or the default profile if there are any.
func newEndpointCaller(ctx context.Context, endpoint, region string) (Caller, error) {
	if !strings.HasPrefix(endpoint, "http://") && !strings.HasPrefix(endpoint, "https://") {
		return nil, fmt.Errorf("the endpoint must be a URL such as http://127.0.0.1:4780, not %q", endpoint)
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	if err != nil {
		return nil, fmt.Errorf("AWS settings: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = defaultRegion
	}
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	creds := cfg.Credentials
	if _, err := creds.Retrieve(ctx); err != nil {
		creds = nil // a server that wants a signature says so
	}
	return newHTTPCaller(endpoint, creds, cfg.Region), nil
}

// configuredEndpoint is the endpoint of Glue that the environment or the profile
// names, as the SDKs look it up; empty when there is none.
func configuredEndpoint(ctx context.Context, cfg aws.Config) (string, error) {
	if ignore, _, err := config.GetIgnoreConfiguredEndpoints(ctx, cfg.ConfigSources); err != nil || ignore {
		return "", err
	}
	for _, source := range cfg.ConfigSources {
		p, ok := source.(interface {
			GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
		})
		if !ok {
			continue
		}
		if endpoint, found, err := p.GetServiceBaseEndpoint(ctx, serviceID); err != nil || found {
			return endpoint, err
		}
	}
	return aws.ToString(cfg.BaseEndpoint), nil
}

// partitions are the domains of AWS regions by the beginning of their names; the
// rest are in amazonaws.com.
var partitions = []struct{ prefix, domain string }{
	{"cn-", "amazonaws.com.cn"},
	{"us-iso-", "c2s.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov"},
	{"us-isof-", "csp.hci.ic.gov"},
	{"eu-isoe-", "cloud.adc-e.uk"},
	{"eusc-", "amazonaws.eu"},
}

func regionEndpoint(region string) string {
	domain := "amazonaws.com"
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			domain = p.domain
		}
	}
	return "https://glue." + region + "." + domain
}
