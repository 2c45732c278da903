// Command gen writes the Glue request, response and data structs and the table
// of constraints from the botocore service model. It takes names, types,
// required members and constraints; it takes no prose.
//
// Run it through `go generate ./internal/glue`. Its output depends on the model
// alone, so a second run changes nothing.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// served are the operations whose shapes are generated. To serve one more, add
// it here and run the generator.
var served = []string{
	// Workflows.
	"BatchGetWorkflows", "CreateWorkflow", "DeleteWorkflow", "GetWorkflow",
	"GetWorkflowRun", "GetWorkflowRunProperties", "GetWorkflowRuns",
	"ListWorkflows", "PutWorkflowRunProperties", "ResumeWorkflowRun",
	"StartWorkflowRun", "StopWorkflowRun", "UpdateWorkflow",
	// Triggers.
	"BatchGetTriggers", "CreateTrigger", "DeleteTrigger", "GetTrigger",
	"GetTriggers", "ListTriggers", "StartTrigger", "StopTrigger", "UpdateTrigger",
	// Jobs.
	"BatchGetJobs", "CreateJob", "DeleteJob", "GetJob", "GetJobs", "ListJobs",
	"UpdateJob",
	// Job runs.
	"BatchStopJobRun", "GetJobRun", "GetJobRuns", "StartJobRun",
	"GetJobBookmark", "ResetJobBookmark",
	// Tags.
	"GetTags", "TagResource", "UntagResource",
	// The Data Catalog.
	"CreateDatabase", "DeleteDatabase", "GetDatabase", "GetDatabases", "UpdateDatabase",
	"BatchDeleteTable", "CreateTable", "DeleteTable", "GetTable", "GetTables", "UpdateTable",
	"BatchDeleteTableVersion", "DeleteTableVersion", "GetTableVersion", "GetTableVersions",
	"BatchCreatePartition", "BatchDeletePartition", "BatchGetPartition", "BatchUpdatePartition",
	"CreatePartition", "DeletePartition", "GetPartition", "GetPartitions", "UpdatePartition",
	"CreatePartitionIndex", "DeletePartitionIndex", "GetPartitionIndexes",
	"CreateUserDefinedFunction", "DeleteUserDefinedFunction", "GetUserDefinedFunction",
	"GetUserDefinedFunctions", "UpdateUserDefinedFunction",
}

// alwaysSent names members that are sent even when zero, because clients index
// on them. "Shape.*" means every member of the shape.
var alwaysSent = map[string]bool{
	"WorkflowRunStatistics.*": true,
	"JobRun.Attempt":          true,
	"JobRun.ExecutionTime":    true,

	"JobBookmarkEntry.Version": true,
	"JobBookmarkEntry.Run":     true,
	"JobBookmarkEntry.Attempt": true,

	"Table.Retention":                          true,
	"Table.IsRegisteredWithLakeFormation":      true,
	"StorageDescriptor.Compressed":             true,
	"StorageDescriptor.NumberOfBuckets":        true,
	"StorageDescriptor.StoredAsSubDirectories": true,
}

// presence names string members where an empty value differs from none.
var presence = map[string]bool{
	"UpdateWorkflowRequest.Description": true,
}

// opaque names shapes that the server stores and echoes without looking into
// them: the struct field keeps the JSON. Their members are still validated.
var opaque = map[string]string{
	"CodeGenConfigurationNodes": "map[string]json.RawMessage",
}

// extraValues are enumeration values that the Glue guide documents and the
// model does not know yet.
var extraValues = map[string][]string{
	"WorkerType": {"G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X"},
}

func main() {
	path := flag.String("model", "", "service-2.json or service-2.json.gz; default: that of the installed botocore")
	out := flag.String("out", ".", "folder to write to")
	flag.Parse()
	if err := run(*path, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(path, out string) error {
	if path == "" {
		var err error
		if path, err = installedModel(); err != nil {
			return err
		}
	}
	m, err := loadModel(path)
	if err != nil {
		return err
	}
	files, err := generate(m)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(out, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the text of every generated file by name.
func generate(m *model) (map[string][]byte, error) {
	for name, values := range extraValues {
		s := m.Shapes[name]
		if s == nil || len(s.Enum) == 0 {
			return nil, fmt.Errorf("extra values for %s, which is no enumeration of the model", name)
		}
		s.Enum = append(s.Enum, values...)
	}
	files, err := goFiles(m)
	if err != nil {
		return nil, err
	}
	files["schema.gen.json"], err = schemaFile(m)
	return files, err
}

// botocoreVersion is the version whose model the generated files come from; a
// newer one may know more operations and shapes.
const botocoreVersion = "1.43.11"

// installedModel asks Python where botocore keeps the Glue model.
func installedModel() (string, error) {
	const ask = "import botocore,os;print(botocore.__version__, os.path.join(os.path.dirname(botocore.__file__),'data/glue/2017-03-31/service-2.json.gz'))"
	const hint = "pip install botocore==" + botocoreVersion + ", or give -model FILE"
	text, err := exec.Command("python3", "-c", ask).Output()
	if err != nil {
		return "", fmt.Errorf("find botocore (%s): %w", hint, err)
	}
	version, path, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if version != botocoreVersion {
		return "", fmt.Errorf("botocore %s is installed, the generated files come from %s (%s)", version, botocoreVersion, hint)
	}
	return path, nil
}
