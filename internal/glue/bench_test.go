package glue

import (
	"strings"
	"testing"
)

// A resume may name every node of a large run.
func BenchmarkDecode100000Nodes(b *testing.B) {
	id := `"wnode_` + strings.Repeat("0123456789abcdef", 4) + `"`
	body := []byte(`{"Name":"w","RunId":"wr_1","NodeIds":[` + strings.Repeat(id+",", 99_999) + id + `]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var request ResumeWorkflowRunRequest
		if err := Decode("ResumeWorkflowRun", body, &request); err != nil {
			b.Fatal(err)
		}
	}
}
