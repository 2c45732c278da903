package cfn

import (
	"fmt"
	"strings"
	"testing"
)

const oneJob = "Resources:\n  J: {Type: AWS::Glue::Job, Properties: {Role: r, Command: {Name: pythonshell}}}\n"

func TestBadInput(t *testing.T) {
	t.Parallel()
	job := func(properties string) string {
		return "Resources:\n  J:\n    Type: AWS::Glue::Job\n    Properties: " + properties + "\n"
	}
	for _, c := range []struct{ name, src, want string }{
		{"empty", "", "t.yaml: the file is empty"},
		{"blank", " \n\n", "t.yaml: the file is empty"},
		{"comment", "# nothing\n", "t.yaml: the file is empty"},
		{"null document", "---\n", "this is not a CloudFormation template: no Resources"},
		{"text", "hello", "t.yaml:1: this is not a CloudFormation template: no Resources"},
		{"list", "- a\n- b\n", "this is not a CloudFormation template: no Resources"},
		{"other YAML", "apiVersion: v1\nkind: Pod\n", "no Resources; it has: apiVersion, kind"},
		{"binary", "\x00\x01\x02", "not valid YAML"},
		{"not UTF-8", "Resources: \xff\xfe\n", "not valid YAML"},
		{"tab", "Resources:\n\tJ: {}\n", "t.yaml:2: not valid YAML: the line is indented with a tab, use spaces"},
		{"unclosed", "Resources: {J: [\n", "not valid YAML"},
		{"indentation", "Resources:\n  J:\n    Type: x\n   Bad: y\n", "t.yaml:"},
		{"two documents", oneJob + "---\nResources: {}\n", "t.yaml:3: a second YAML document begins here"},
		{"duplicate key", "Resources:\n  J: {Type: a}\n  J: {Type: b}\n", `t.yaml:3: the key "J" is given twice, first on line 2`},
		{"duplicate key in JSON", "{\"Resources\": {\n\"J\": {},\n\"J\": {}}}", `t.yaml:3: the key "J" is given twice, first on line 2`},
		{"JSON broken", "{\"Resources\": {\n\"J\" 1}}", "t.yaml:2: not valid JSON"},
		{"JSON cut", "{\"Resources\": {", "not valid JSON: it ends too early"},
		{"JSON more", "{\"Resources\": {}}\n{}", "t.yaml:2: not valid JSON: there is more"},
		{"resources empty", "Resources: {}", "must be a mapping with at least one resource"},
		{"resources null", "Resources:\n", "must be a mapping with at least one resource, got nothing"},
		{"resources list", "Resources: [a]", "must be a mapping with at least one resource, got a list"},
		{"nothing of Glue", "Resources:\n  B: {Type: AWS::S3::Bucket}\n", "nothing to create: no AWS::Glue::Job"},
		{"no type", "Resources:\n  J: {Properties: {}}\n", "t.yaml:2: Resources.J: a resource is a mapping with a Type"},
		{"resource text", "Resources:\n  J: hello\n", "a resource is a mapping with a Type"},
		{"ForEach", oneJob + "  Fn::ForEach::Jobs: [a, [b], {}]\n", "Fn::ForEach::Jobs is not supported among Resources"},
		{"sections", "Conditions: [a]\n" + oneJob, "Conditions: must be a mapping, got a list"},
		{"DependsOn unknown", "Resources:\n  J: {Type: AWS::Glue::Workflow, DependsOn: [Flow]}\n", `"Flow" is no resource of this template`},
		{"DependsOn circle", "Resources:\n  A: {Type: AWS::Glue::Workflow, DependsOn: B}\n  B: {Type: AWS::Glue::Workflow, DependsOn: [C]}\n  C: {Type: AWS::Glue::Workflow, DependsOn: A}\n",
			"circle: A → B → C → A"},
		{"name circle", "Resources:\n  A: {Type: AWS::Glue::Workflow, Properties: {Name: !Sub 'x${B}'}}\n  B: {Type: AWS::Glue::Workflow, Properties: {Name: !Ref A}}\n",
			"circle: A → B → A"},
		{"name circle over a bucket", "Resources:\n  A: {Type: AWS::Glue::Workflow, Properties: {Name: !Ref B}}\n  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref A}}\n",
			"circle: B → A → B"},
		{"condition circle", "Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\n" + oneJob, "circle: A → B → A"},
		{"condition of nothing", "Conditions:\n  A: yes\n" + oneJob, "a condition is one of Fn::Equals"},
		{"condition with Sub", "Conditions:\n  A: !Sub x\n" + oneJob, `got "Fn::Sub"`},
		{"resource condition unknown", "Resources:\n  J: {Type: AWS::Glue::Workflow, Condition: Nope}\n", `the condition "Nope" is not defined`},
		{"reference to what is not created", "Conditions: {No: !Equals [a, b]}\nResources:\n  W: {Type: AWS::Glue::Workflow, Condition: No}\n  V: {Type: AWS::Glue::Workflow, Properties: {Description: !Ref W}}\n",
			`the resource "W" is not created, as its condition "No" does not hold`},
		{"required property", job("{Command: {Name: pythonshell}}"), "t.yaml:2: Resources.J: CreateJob would refuse this job: 1 validation error detected: Value null at 'role'"},
		{"enum", "Resources:\n  T: {Type: AWS::Glue::Trigger, Properties: {Type: WEEKLY, Actions: []}}\n", "enum value set"},
		{"no properties", "Resources:\n  J: {Type: AWS::Glue::Job}\n", "Value null at 'command'"},
		{"number", job("{Role: r, Command: {Name: pythonshell}, Timeout: soon}"), `t.yaml:4: Resources.J.Properties.Timeout: expected a number, got "soon"`},
		{"whole number", job("{Role: r, Command: {Name: pythonshell}, Timeout: 1.5}"), "expected a whole number"},
		{"huge number", job("{Role: r, Command: {Name: pythonshell}, Timeout: 1e300}"), "expected a whole number"},
		{"too large", job("{Role: r, Command: {Name: pythonshell}, Timeout: 99999999999}"), "does not fit an integer of 32 bits"},
		{"NaN", job("{Role: r, Command: {Name: pythonshell}, MaxCapacity: .nan}"), "expected a number"},
		{"boolean", "Resources:\n  T: {Type: AWS::Glue::Trigger, Properties: {Type: ON_DEMAND, Actions: [], StartOnCreation: \"yes\"}}\n", `expected true or false, got "yes"`},
		{"nested arguments", job("{Role: r, Command: {Name: pythonshell}, DefaultArguments: {--a: {b: c}}}"), "DefaultArguments.--a: expected a value, got a mapping"},
		{"list for mapping", job("{Role: r, Command: [a]}"), "Command: expected a mapping, got a list"},
		{"text for properties", job("hello"), "Resources.J.Properties: must be a mapping, got a value"},
		{"same name twice", "Resources:\n  A: {Type: AWS::Glue::Workflow, Properties: {Name: w}}\n  B: {Type: AWS::Glue::Workflow, Properties: {Name: w}}\n", `A (line 2) is a workflow named "w" too`},
		{"output without value", oneJob + "Outputs: {O: {}}\n", "Outputs.O: has no Value"},
		{"output unknown", oneJob + "Outputs: {O: {Value: !Ref Nope}}\n", `Outputs.O: Ref: "Nope"`},
		{"anchor in itself", "Resources: &a\n  J: *a\n", "contains itself"},
		{"unknown anchor", "Resources: *a\n", "unknown anchor"},
		{"merge of text", "Resources:\n  J: {<<: text}\n", "<< merges mappings, this is a value"},
		{"key is a list", "Resources:\n  ? [a]\n  : b\n", "the key of a mapping must be plain text"},
		{"deep", "Resources: " + strings.Repeat("[", 150) + strings.Repeat("]", 150), "nests deeper than 100"},
		{"deep JSON", "{\"Resources\": " + strings.Repeat("[", 150) + strings.Repeat("]", 150) + "}", "nests deeper than 100"},
		{"binary tag", "Resources:\n  J: !!binary aGk=\n", "!!binary is not supported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := Parse([]byte(c.src), "t.yaml", Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error with %q", err, c.want)
			}
			if !strings.HasPrefix(err.Error(), "t.yaml:") {
				t.Errorf("the error does not begin with the file: %v", err)
			}
		})
	}
}

// All faulty resources are told at once.
func TestErrorsTogether(t *testing.T) {
	t.Parallel()
	_, _, err := Parse([]byte("Resources:\n  A: {Type: AWS::Glue::Job}\n  B: {Type: AWS::Glue::Trigger}\n"), "t.yaml", Options{})
	if err == nil || !strings.Contains(err.Error(), "t.yaml:2: Resources.A") || !strings.Contains(err.Error(), "t.yaml:3: Resources.B") {
		t.Errorf("got %v, want both resources named", err)
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, declaration string
		given             map[string]string
		want              string // the value of !Sub "${P}", or an error after "error: "
	}{
		{"default", "{Type: String, Default: x}", nil, "x"},
		{"given", "{Type: String, Default: x}", map[string]string{"P": "y"}, "y"},
		{"given empty", "{Type: String, Default: x}", map[string]string{"P": ""}, ""},
		{"missing", "{Type: String}", nil, "error: t.yaml:2: Parameters: no value for P: give it with --parameter P=VALUE"},
		{"not declared", "{Type: String, Default: x}", map[string]string{"Q": "y"}, `error: the template has no parameter "Q"; it has: P`},
		{"number", "{Type: Number}", map[string]string{"P": "1.50"}, "1.50"},
		{"no number", "{Type: Number}", map[string]string{"P": "one"}, `error: Parameters.P: "one" must be a number`},
		{"list", "{Type: CommaDelimitedList}", map[string]string{"P": " a ,b"}, "a,b"},
		{"empty list", "{Type: CommaDelimitedList}", map[string]string{"P": ""}, ""},
		{"list of numbers", "{Type: List<Number>}", map[string]string{"P": "1,x"}, `error: "x" must be a number`},
		{"allowed", "{Type: String, AllowedValues: [a, 1, true]}", map[string]string{"P": "1"}, "1"},
		{"not allowed", "{Type: String, AllowedValues: [a, b]}", map[string]string{"P": "c"}, `error: "c" must be one of a, b`},
		{"default not allowed", "{Type: String, AllowedValues: [a, b], Default: c}", nil, `error: t.yaml:2: Parameters.P: "c" must be one of a, b`},
		{"list not allowed", "{Type: CommaDelimitedList, AllowedValues: [a, b]}", map[string]string{"P": "a,c"}, `error: "c" must be one of a, b`},
		{"pattern", "{Type: String, AllowedPattern: '[a-z]+'}", map[string]string{"P": "abc"}, "abc"},
		{"pattern matches all", "{Type: String, AllowedPattern: '[a-z]+'}", map[string]string{"P": "abc1"}, `error: "abc1" must match the pattern [a-z]+`},
		{"hint", "{Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: lower case}", map[string]string{"P": "A"}, "error: (lower case)"},
		{"hidden", "{Type: String, AllowedPattern: '[a-z]+', NoEcho: true}", map[string]string{"P": "SECRET"}, "error: the value must match"},
		{"short", "{Type: String, MinLength: 2}", map[string]string{"P": "é"}, "error: must have at least 2 characters"},
		{"long", "{Type: String, MaxLength: '2'}", map[string]string{"P": "abc"}, "error: must have at most 2 characters"},
		{"small", "{Type: Number, MinValue: 2}", map[string]string{"P": "1"}, "error: must be at least 2"},
		{"large", "{Type: Number, MaxValue: 2}", map[string]string{"P": "3"}, "error: must be at most 2"},
		{"bad bound", "{Type: Number, MaxValue: two}", map[string]string{"P": "3"}, "error: Parameters.P.MaxValue: must be a number"},
		{"no type", "{Default: x}", nil, "error: has no Type"},
		{"bad type", "{Type: Text}", nil, `error: unknown Type "Text"`},
		{"AWS type", "{Type: AWS::EC2::VPC::Id, Default: vpc-1}", nil, "vpc-1"},
		{"parameter store", "{Type: 'AWS::SSM::Parameter::Value<String>', Default: /a/b}", nil, "/a/b"},
		{"bad default", "{Type: String, Default: [a]}", nil, "error: Parameters.P.Default: must be a text"},
		{"no mapping", "String", nil, "error: must be a mapping with a Type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := fmt.Sprintf("Parameters:\n  P: %s\nResources:\n  W: {Type: AWS::Glue::Workflow, Properties: {Name: w, Description: !Sub 'v${P}'}}\n", c.declaration)
			tmpl, _, err := Parse([]byte(src), "t.yaml", Options{Parameters: c.given})
			if want, ok := strings.CutPrefix(c.want, "error: "); ok {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Fatalf("got %v, want an error with %q", err, want)
				}
				if strings.Contains(err.Error(), "SECRET") {
					t.Errorf("the error tells a NoEcho value: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := tmpl.Workflows[0].Description; got != "v"+c.want {
				t.Errorf("got %q, want %q", got, "v"+c.want)
			}
		})
	}
}

// A list of a parameter reaches a list property whole.
func TestListProperty(t *testing.T) {
	t.Parallel()
	src := "Parameters: {P: {Type: CommaDelimitedList, Default: 'a,b'}}\n" +
		"Resources:\n  J: {Type: AWS::Glue::Job, Properties: {Role: r, Command: {Name: pythonshell, ScriptLocation: s3://b/k}, Connections: {Connections: !Ref P}}}\n"
	tmpl, _, err := Parse([]byte(src), "t.yaml", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(tmpl.Jobs[0].Connections.Connections, "|"); got != "a|b" {
		t.Errorf("got %q", got)
	}
}

func TestOddButGood(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"windows newlines": strings.ReplaceAll(oneJob, "\n", "\r\n"),
		"byte order mark":  "\xef\xbb\xbf" + oneJob,
		"document marks":   "---\n" + oneJob + "...\n",
		"JSON with a mark": "\xef\xbb\xbf{\"Resources\": {\"J\": {\"Type\": \"AWS::Glue::Job\", \"Properties\": {\"Role\": \"r\", \"Command\": {\"Name\": \"pythonshell\"}}}}}",
		"JSON with tabs":   "{\t\"Resources\":\n\t{\"J\": {\"Type\": \"AWS::Glue::Job\", \"Properties\": {\"Role\": \"\\ud83d\\ude00\", \"Command\": {\"Name\": \"pythonshell\"}}}}}",
		"flow YAML":        "{Resources: {J: {Type: 'AWS::Glue::Job', Properties: {Role: r, Command: {Name: pythonshell}}}}}",
		"empty sections":   "Parameters:\nMappings:\nConditions:\nOutputs:\n" + oneJob,
		"merge wins not":   "Base: &b {Role: other, Command: {Name: pythonshell}}\nResources:\n  J: {Type: AWS::Glue::Job, Properties: {<<: *b, Role: r}}\n",
		"merge of several": "Base: &b {Role: r}\nMore: &m {Role: other, Command: {Name: pythonshell}}\nResources:\n  J: {Type: AWS::Glue::Job, Properties: {<<: [*b, *m]}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tmpl, _, err := Parse([]byte(src), "t.yaml", Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(tmpl.Jobs) != 1 || tmpl.Jobs[0].Name != "t-J" || tmpl.Jobs[0].Role != "r" && tmpl.Jobs[0].Role != "😀" {
				t.Errorf("got %+v", tmpl.Jobs)
			}
		})
	}
}

// Aliases and functions that multiply end with an error, not with the memory.
func TestBombs(t *testing.T) {
	t.Parallel()
	var lists, texts strings.Builder
	lists.WriteString("A0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	texts.WriteString("A0: &a0 " + strings.Repeat("x", 1000) + "\n")
	for i := range 12 {
		fmt.Fprintf(&lists, "A%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
		fmt.Fprintf(&texts, "A%d: &a%d !Join ['', [%s]]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	for name, src := range map[string]string{"lists": lists.String(), "texts": texts.String()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src += "Resources:\n  W: {Type: AWS::Glue::Workflow, Properties: {Description: *a12}}\n"
			_, _, err := Parse([]byte(src), "t.yaml", Options{})
			if err == nil || !strings.Contains(err.Error(), "grows beyond") {
				t.Errorf("got %v, want an error that it grows too large", err)
			}
		})
	}
}

func TestStackNameFromFile(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"/a/b/nightly_etl.v2.yaml": "nightly-etl-v2", "": "stack", "...": "stack", "pipeline.json": "pipeline",
	} {
		tmpl, _, err := Parse([]byte(oneJob), file, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if tmpl.StackName != want {
			t.Errorf("%q: got the stack name %q, want %q", file, tmpl.StackName, want)
		}
	}
}

func TestPartitions(t *testing.T) {
	t.Parallel()
	src := "Resources:\n  W: {Type: AWS::Glue::Workflow, Properties: {Description: !Sub '${AWS::Partition} ${AWS::URLSuffix} ${R.Arn} ${AWS::StackId}'}}\n  R: {Type: AWS::IAM::Role}\n"
	for region, want := range map[string]string{
		"cn-north-1":    "aws-cn amazonaws.com.cn arn:aws-cn:iam::000000000000:role/R arn:aws-cn:cloudformation:cn-north-1:000000000000:stack/s/",
		"us-gov-west-1": "aws-us-gov amazonaws.com arn:aws-us-gov:iam::000000000000:role/R arn:aws-us-gov:cloudformation:us-gov-west-1:000000000000:stack/s/",
	} {
		tmpl, _, err := Parse([]byte(src), "t.yaml", Options{Region: region, StackName: "s"})
		if err != nil {
			t.Fatal(err)
		}
		if got := tmpl.Workflows[0].Description; !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q…", region, got, want)
		}
	}
}
