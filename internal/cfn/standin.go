package cfn

import (
	"cmp"
	"slices"
	"strings"
)

// identity says how AWS names resources of a type that is not created here, so
// that what refers to them still gets a sensible value.
type identity struct {
	name  []string          // the property that holds the name
	ref   string            // what Ref gives; "" is the name
	attrs map[string]string // what GetAtt gives
	lower bool              // generated names are lower case
}

// In the values of identities, NAME, ACCOUNT, REGION, PARTITION and SUFFIX are
// filled in.
const roleARN = "arn:PARTITION:iam::ACCOUNT:role/NAME"

// identities are the types that templates with Glue workflows commonly refer to.
var identities = map[string]identity{
	"AWS::IAM::Role":          {name: []string{"RoleName"}, attrs: map[string]string{"Arn": roleARN}},
	"AWS::IAM::Policy":        {name: []string{"PolicyName"}},
	"AWS::IAM::ManagedPolicy": {name: []string{"ManagedPolicyName"}, ref: "arn:PARTITION:iam::ACCOUNT:policy/NAME"},
	"AWS::S3::Bucket": {name: []string{"BucketName"}, lower: true, attrs: map[string]string{
		"Arn":                "arn:PARTITION:s3:::NAME",
		"DomainName":         "NAME.s3.SUFFIX",
		"RegionalDomainName": "NAME.s3.REGION.SUFFIX",
	}},
	"AWS::Glue::Crawler":    {name: []string{"Name"}},
	"AWS::Glue::Classifier": {name: []string{"Name"}},
	"AWS::SNS::Topic": {name: []string{"TopicName"}, ref: "arn:PARTITION:sns:REGION:ACCOUNT:NAME", attrs: map[string]string{
		"TopicArn": "arn:PARTITION:sns:REGION:ACCOUNT:NAME", "TopicName": "NAME",
	}},
	"AWS::SQS::Queue": {name: []string{"QueueName"}, ref: "https://sqs.REGION.SUFFIX/ACCOUNT/NAME", attrs: map[string]string{
		"Arn": "arn:PARTITION:sqs:REGION:ACCOUNT:NAME", "QueueName": "NAME", "QueueUrl": "https://sqs.REGION.SUFFIX/ACCOUNT/NAME",
	}},
	"AWS::Lambda::Function": {name: []string{"FunctionName"}, attrs: map[string]string{"Arn": "arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME"}},
	"AWS::Logs::LogGroup":   {name: []string{"LogGroupName"}, attrs: map[string]string{"Arn": "arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME:*"}},
	"AWS::DynamoDB::Table":  {name: []string{"TableName"}, attrs: map[string]string{"Arn": "arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME"}},
	"AWS::KMS::Key":         {attrs: map[string]string{"Arn": "arn:PARTITION:kms:REGION:ACCOUNT:key/NAME", "KeyId": "NAME"}},
	"AWS::SSM::Parameter":   {name: []string{"Name"}},
	"AWS::SecretsManager::Secret": {
		name: []string{"Name"}, ref: "arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME", attrs: map[string]string{"Id": "arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME"},
	},
}

// standIn returns the value that refers to a resource which is not created here:
// its Ref, or an attribute.
func (e *evaluator) standIn(r *resource, attribute string, at *node, path string) (*node, error) {
	known, ok := identities[r.typ]
	name, err := e.standInName(r, known)
	if err != nil {
		return nil, err
	}
	form := cmp.Or(known.ref, "NAME")
	if attribute != "" {
		if form, ok = known.attrs[attribute]; !ok && attribute == "Arn" {
			form = e.genericARN(r.typ)
		}
		form = cmp.Or(form, r.id+"."+attribute)
	}
	text := e.fill(form, name)
	if !ok {
		what := "Ref"
		if attribute != "" {
			what = "the attribute " + attribute
		}
		e.warnf(at.line, path, "%s of %s (%s) is not known here: %q stands in for it", what, r.id, r.typ, text)
	}
	return textNode(at.line, text), nil
}

// standInName returns the name that the resource would have.
func (e *evaluator) standInName(r *resource, known identity) (string, error) {
	if at := slices.Index(e.naming, r.id); at >= 0 {
		return "", e.faultf(r.line, r.path(), "the names of these resources depend on each other in a circle: %s", circle(e.naming[at:]))
	}
	e.naming = append(e.naming, r.id)
	defer func() { e.naming = e.naming[:len(e.naming)-1] }()
	if len(known.name) > 0 {
		if given, err := e.property(r, known.name...); err != nil || given != "" {
			return given, err
		}
	}
	switch {
	case r.typ == "AWS::IAM::Role":
		return r.id, nil
	case known.lower:
		return strings.ToLower(e.opt.StackName + "-" + r.id), nil
	}
	return e.opt.StackName + "-" + r.id, nil
}

// genericARN guesses the ARN of a type that is not in the table.
func (e *evaluator) genericARN(typ string) string {
	service := strings.Split(typ, "::")
	if len(service) < 3 {
		return ""
	}
	return "arn:PARTITION:" + strings.ToLower(service[1]) + ":REGION:ACCOUNT:NAME"
}

func (e *evaluator) fill(form, name string) string {
	return strings.NewReplacer("NAME", name, "ACCOUNT", e.opt.Account, "REGION", e.opt.Region,
		"PARTITION", e.pseudo["AWS::Partition"].text, "SUFFIX", e.pseudo["AWS::URLSuffix"].text).Replace(form)
}
