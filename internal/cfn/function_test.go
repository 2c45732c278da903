package cfn

import (
	"fmt"
	"strings"
	"testing"
)

// frame is a template around one expression, the value of an argument.
const (
	yamlFrame = `
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Env: {Type: String, Default: dev}
  Size: {Type: Number, Default: 2}
  Zones: {Type: CommaDelimitedList, Default: "a, b,c"}
  Numbers: {Type: List<Number>, Default: "1,2"}
  Empty: {Type: String, Default: ""}
  Secret: {Type: String, NoEcho: true, Default: hush}
Mappings:
  Plans:
    dev: {Bucket: dev-data, Ids: [x, y], Workers: 2}
    prod: {Bucket: prod-data, Ids: [z], Workers: 10}
Conditions:
  IsDev: !Equals [!Ref Env, dev]
  IsProd: !Equals [!Ref Env, prod]
  Both: !And [!Condition IsDev, !Not [!Condition IsProd]]
  Either: !Or [Condition: IsProd, !Equals ["1", 1]]
Resources:
  Data: {Type: AWS::S3::Bucket}
  Named: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "${Env}-bucket"}}
  Role: {Type: AWS::IAM::Role}
  OwnRole: {Type: AWS::IAM::Role, Properties: {RoleName: glue-runner}}
  Topic: {Type: AWS::SNS::Topic}
  Db: {Type: AWS::Glue::Database, Properties: {DatabaseInput: {Name: sales}}}
  Other: {Type: AWS::Glue::Job, Properties: {Name: other job, Role: r, Command: {Name: pythonshell}}}
  Unnamed: {Type: AWS::Glue::Job, Properties: {Role: r, Command: {Name: pythonshell}}}
  Flow: {Type: AWS::Glue::Workflow}
  Tested:
    Type: AWS::Glue::Job
    Properties:
      Role: r
      Command: {Name: pythonshell}
      DefaultArguments:
        "--v": %s
`
	testStack = "my-stack"
)

func testOptions() Options {
	return Options{StackName: testStack, Account: "123456789012", Region: "eu-west-1", Imports: map[string]string{"shared-role": "imported"}}
}

// argument parses a template and returns the tested job's argument.
func argument(t *testing.T, src string) (string, bool, []Warning, error) {
	t.Helper()
	tmpl, warnings, err := Parse([]byte(src), "t.yaml", testOptions())
	if err != nil {
		return "", false, warnings, err
	}
	for _, j := range tmpl.Jobs {
		if tmpl.LogicalID(KindJob, j.Name) == "Tested" {
			v, ok := j.DefaultArguments["--v"]
			return v, ok, warnings, nil
		}
	}
	t.Fatal("the job Tested is not in the template")
	return "", false, nil, nil
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		short, long string // YAML with tags, and JSON
		want        string
	}{
		{"plain", `text`, `"text"`, "text"},
		{"number as text", `3.0`, `3.0`, "3.0"},
		{"leading zeros stay", `007`, `"007"`, "007"},
		{"boolean as text", `true`, `true`, "true"},
		{"Ref String", `!Ref Env`, `{"Ref": "Env"}`, "dev"},
		{"Ref Number", `!Ref Size`, `{"Ref": "Size"}`, "2"},
		{"Ref empty", `!Ref Empty`, `{"Ref": "Empty"}`, ""},
		{"Ref NoEcho", `!Ref Secret`, `{"Ref": "Secret"}`, "hush"},
		{"Ref job by Name", `!Ref Other`, `{"Ref": "Other"}`, "other job"},
		{"Ref job without Name", `!Ref Unnamed`, `{"Ref": "Unnamed"}`, "my-stack-Unnamed"},
		{"Ref workflow without Name", `!Ref Flow`, `{"Ref": "Flow"}`, "my-stack-Flow"},
		{"Ref bucket without name", `!Ref Data`, `{"Ref": "Data"}`, "my-stack-data"},
		{"Ref bucket with name", `!Ref Named`, `{"Ref": "Named"}`, "dev-bucket"},
		{"Ref role", `!Ref Role`, `{"Ref": "Role"}`, "Role"},
		{"Ref database", `!Ref Db`, `{"Ref": "Db"}`, "sales"},
		{"Ref topic", `!Ref Topic`, `{"Ref": "Topic"}`, "arn:aws:sns:eu-west-1:123456789012:my-stack-Topic"},
		{"GetAtt role", `!GetAtt Role.Arn`, `{"Fn::GetAtt": "Role.Arn"}`, "arn:aws:iam::123456789012:role/Role"},
		{"GetAtt list", `!GetAtt [OwnRole, Arn]`, `{"Fn::GetAtt": ["OwnRole", "Arn"]}`, "arn:aws:iam::123456789012:role/glue-runner"},
		{"GetAtt bucket", `!GetAtt Named.Arn`, `{"Fn::GetAtt": ["Named", "Arn"]}`, "arn:aws:s3:::dev-bucket"},
		{"GetAtt bucket domain", `!GetAtt Data.RegionalDomainName`, `{"Fn::GetAtt": ["Data", "RegionalDomainName"]}`, "my-stack-data.s3.eu-west-1.amazonaws.com"},
		{"region", `!Ref AWS::Region`, `{"Ref": "AWS::Region"}`, "eu-west-1"},
		{"account", `!Ref "AWS::AccountId"`, `{"Ref": "AWS::AccountId"}`, "123456789012"},
		{"partition", `!Ref AWS::Partition`, `{"Ref": "AWS::Partition"}`, "aws"},
		{"stack", `!Ref AWS::StackName`, `{"Ref": "AWS::StackName"}`, "my-stack"},
		{"suffix", `!Ref AWS::URLSuffix`, `{"Ref": "AWS::URLSuffix"}`, "amazonaws.com"},
		{"Sub parameter", `!Sub "s3://${Env}-x/${Size}"`, `{"Fn::Sub": "s3://${Env}-x/${Size}"}`, "s3://dev-x/2"},
		{"Sub pseudo", `!Sub "${AWS::StackName}.${AWS::Region}"`, `{"Fn::Sub": "${AWS::StackName}.${AWS::Region}"}`, "my-stack.eu-west-1"},
		{"Sub attribute", `!Sub "${Role.Arn}!"`, `{"Fn::Sub": "${Role.Arn}!"}`, "arn:aws:iam::123456789012:role/Role!"},
		{"Sub resource", `!Sub "${Named}/${Other}"`, `{"Fn::Sub": "${Named}/${Other}"}`, "dev-bucket/other job"},
		{"Sub literal", `!Sub "${!Env} $Env $${Env} ${"`, `{"Fn::Sub": "${!Env} $Env $${Env} ${"}`, "${Env} $Env $dev ${"},
		{"Sub own names", `!Sub ["${A}-${Env}-${B}", {A: 1, B: !Ref Size}]`, `{"Fn::Sub": ["${A}-${Env}-${B}", {"A": 1, "B": {"Ref": "Size"}}]}`, "1-dev-2"},
		{"Sub own name wins", `!Sub ["${Env}", {Env: mine}]`, `{"Fn::Sub": ["${Env}", {"Env": "mine"}]}`, "mine"},
		{"Sub list", `!Sub "${Zones}"`, `{"Fn::Sub": "${Zones}"}`, "a,b,c"},
		{"Sub nothing", `!Sub plain`, `{"Fn::Sub": "plain"}`, "plain"},
		{"Join", `!Join ["-", [a, !Ref Env, 1]]`, `{"Fn::Join": ["-", ["a", {"Ref": "Env"}, 1]]}`, "a-dev-1"},
		{"Join empty delimiter", `!Join ["", [a, b]]`, `{"Fn::Join": ["", ["a", "b"]]}`, "ab"},
		{"Join list parameter", `!Join ["/", !Ref Zones]`, `{"Fn::Join": ["/", {"Ref": "Zones"}]}`, "a/b/c"},
		{"Join without NoValue", `!Join [",", [a, !Ref AWS::NoValue, b]]`, `{"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}, "b"]]}`, "a,b"},
		{"Join nothing", `!Join [",", []]`, `{"Fn::Join": [",", []]}`, ""},
		{"Select", `!Select [1, [a, b]]`, `{"Fn::Select": [1, ["a", "b"]]}`, "b"},
		{"Select text index", `!Select ["0", !Ref Numbers]`, `{"Fn::Select": ["0", {"Ref": "Numbers"}]}`, "1"},
		{"Select of Split", `!Select [2, !Split ["/", "a/b/c"]]`, `{"Fn::Select": [2, {"Fn::Split": ["/", "a/b/c"]}]}`, "c"},
		{"Join of Split", `!Join ["+", !Split [",", !Sub "x,${Env}"]]`, `{"Fn::Join": ["+", {"Fn::Split": [",", {"Fn::Sub": "x,${Env}"}]}]}`, "x+dev"},
		{"If true", `!If [IsDev, yes-dev, no]`, `{"Fn::If": ["IsDev", "yes-dev", "no"]}`, "yes-dev"},
		{"If false", `!If [IsProd, a, !Ref Size]`, `{"Fn::If": ["IsProd", "a", {"Ref": "Size"}]}`, "2"},
		{"If And Not", `!If [Both, a, b]`, `{"Fn::If": ["Both", "a", "b"]}`, "a"},
		{"If Or Equals of number and text", `!If [Either, a, b]`, `{"Fn::If": ["Either", "a", "b"]}`, "a"},
		{"If looks at the taken branch alone", `!If [IsDev, a, !Ref Nowhere]`, `{"Fn::If": ["IsDev", "a", {"Ref": "Nowhere"}]}`, "a"},
		{"FindInMap", `!FindInMap [Plans, !Ref Env, Bucket]`, `{"Fn::FindInMap": ["Plans", {"Ref": "Env"}, "Bucket"]}`, "dev-data"},
		{"FindInMap list", `!Join [":", !FindInMap [Plans, dev, Ids]]`, `{"Fn::Join": [":", {"Fn::FindInMap": ["Plans", "dev", "Ids"]}]}`, "x:y"},
		{"FindInMap number", `!FindInMap [Plans, prod, Workers]`, `{"Fn::FindInMap": ["Plans", "prod", "Workers"]}`, "10"},
		{"FindInMap default", `!FindInMap [Plans, test, Bucket, {DefaultValue: none}]`, `{"Fn::FindInMap": ["Plans", "test", "Bucket", {"DefaultValue": "none"}]}`, "none"},
		{"Base64", `!Base64 héllo`, `{"Fn::Base64": "héllo"}`, "aMOpbGxv"},
		{"ImportValue", `!ImportValue shared-role`, `{"Fn::ImportValue": "shared-role"}`, "imported"},
		{"ToJsonString", `!ToJsonString {a: [1, "2", !Ref Env], b: true}`, `{"Fn::ToJsonString": {"a": [1, "2", {"Ref": "Env"}], "b": true}}`, `{"a":[1,"2","dev"],"b":true}`},
		{"Length", `!Length [a, b, c]`, `{"Fn::Length": ["a", "b", "c"]}`, "3"},
		{"long form in YAML", `{"Fn::Join": ["", [{Ref: Env}, {"Fn::Sub": "${Size}"}]]}`, `"dev2"`, "dev2"},
		{"short within long", `{"Fn::Join": ["", !Split ["-", !Ref Env]]}`, `"dev"`, "dev"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for form, expr := range map[string]string{"YAML": c.short, "JSON": c.long} {
				got, ok, _, err := argument(t, fmt.Sprintf(yamlFrame, expr))
				if err != nil || !ok || got != c.want {
					t.Errorf("%s: got %q, %v, %v, want %q", form, got, ok, err, c.want)
				}
			}
		})
	}
}

func TestFunctionErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, expr, want string }{
		{"unknown name", `!Ref Nowhere`, `"Nowhere" is no parameter or resource of this template`},
		{"case", `!Ref env`, `did you mean "Env"?`},
		{"Sub unknown", `!Sub "${Nowhere}"`, `"Nowhere" is no parameter`},
		{"Sub shell", `!Sub "${a-b}"`, `write ${!a-b} to keep the text`},
		{"Sub list of mapping", `!Sub [x]`, `Fn::Sub takes a list of 2 arguments, got a list of 1`},
		{"GetAtt of a job", `!GetAtt Other.Arn`, `AWS::Glue::Job has no attribute "Arn"`},
		{"GetAtt without attribute", `!GetAtt Role`, `needs Resource.Attribute`},
		{"GetAtt of a parameter", `!GetAtt Env.Arn`, `"Env" is no resource`},
		{"Join of text", `!Join [",", abc]`, `Fn::Join needs a list here, got a value`},
		{"Join of lists", `!Join [",", [[a]]]`, `one of its items is a list`},
		{"Join one argument", `!Join [","]`, `Fn::Join takes a list of 2 arguments, got a list of 1`},
		{"Select beyond", `!Select [3, [a, b]]`, `asks for item 3 of a list of 2`},
		{"Select negative", `!Select [-1, [a, b]]`, `asks for item -1`},
		{"Select word", `!Select [one, [a, b]]`, `needs a whole number`},
		{"Split empty", `!Split ["", abc]`, `a delimiter that is not empty`},
		{"If unknown", `!If [Nope, a, b]`, `the condition "Nope" is not defined`},
		{"If two", `!If [IsDev, a]`, `Fn::If takes a list of 3 arguments`},
		{"FindInMap map", `!FindInMap [Nope, a, b]`, `there is no mapping "Nope" under Mappings`},
		{"FindInMap key", `!FindInMap [Plans, test, Bucket]`, `there is no "test" in the mapping "Plans"`},
		{"FindInMap second key", `!FindInMap [Plans, dev, Color]`, `there is no "Color" in Plans.dev`},
		{"list for text", `[a, b]`, `expected a value, got a list`},
		{"mapping for text", `{a: b}`, `expected a value, got a mapping`},
		{"function among keys", `{"Fn::Sub": x, other: y}`, `Fn::Sub must be the only key of its mapping`},
		{"itself", `!Ref Tested`, `depend on each other in a circle: Tested → Tested`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, _, err := argument(t, fmt.Sprintf(yamlFrame, c.expr))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error with %q", err, c.want)
			}
			if !strings.HasPrefix(err.Error(), "t.yaml:") {
				t.Errorf("the error does not begin with file and line: %v", err)
			}
		})
	}
}

// What is not understood is named with its place and left out, never guessed.
func TestNotUnderstood(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, expr, want string }{
		{"function", `!GetAZs ""`, "the function Fn::GetAZs is not supported"},
		{"function inside another", `!Join ["-", [a, !Select [0, !GetAZs ""]]]`, "the function Fn::GetAZs is not supported"},
		{"macro", `{"Fn::Transform": {Name: M}}`, "the function Fn::Transform is not supported"},
		{"tag", `!Whatever x`, "the function Fn::Whatever is not supported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, ok, warnings, err := argument(t, fmt.Sprintf(yamlFrame, c.expr))
			if err != nil || ok {
				t.Fatalf("got %q, %v, %v, want the argument left out", got, ok, err)
			}
			path := "Resources.Tested.Properties.DefaultArguments.--v"
			if !hasWarning(warnings, path, c.want) {
				t.Errorf("no warning at %s with %q in %v", path, c.want, warnings)
			}
		})
	}
	_, _, warnings, err := argument(t, fmt.Sprintf(yamlFrame, "'{{resolve:ssm:/a/b}}'"))
	if err != nil || !hasWarning(warnings, "Resources.Tested", "dynamic reference") {
		t.Errorf("got %v, %v, want a warning of the dynamic reference", warnings, err)
	}
	got, ok, warnings, err := argument(t, fmt.Sprintf(yamlFrame, "!ImportValue other-role"))
	if err != nil || !ok || got != "other-role" || !hasWarning(warnings, "Resources.Tested", "no exports of other stacks") {
		t.Errorf("got %q, %v, %v, want the export's name and a warning", got, warnings, err)
	}
}

func hasWarning(warnings []Warning, path, text string) bool {
	for _, w := range warnings {
		if strings.HasPrefix(w.Path, path) && strings.Contains(w.Message, text) && w.Line > 0 && w.File != "" {
			return true
		}
	}
	return false
}

func TestNoValueLeavesOut(t *testing.T) {
	t.Parallel()
	_, ok, _, err := argument(t, fmt.Sprintf(yamlFrame, "!If [IsProd, x, !Ref AWS::NoValue]"))
	if err != nil || ok {
		t.Errorf("got %v, %v, want the argument left out", ok, err)
	}
}
