package cfn

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Whatever the input, Parse ends with a template or an error that names the
// file, and what it returns can be exported and read again.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"testdata/etl.yaml", "testdata/etl.json", "testdata/traps.yaml"} {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(oneJob))
	for _, expr := range []string{`!Sub ["${A}", {A: !Ref Env}]`, `!Select [0, !Split [",", !Join [",", !Ref Zones]]]`, `!If [IsDev, !FindInMap [Plans, dev, Ids], 1]`} {
		f.Add(fmt.Appendf(nil, yamlFrame, expr))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		tmpl, warnings, err := Parse(src, "t.yaml", Options{Dir: "/nowhere"})
		for _, w := range warnings {
			if w.File != "t.yaml" || w.Message == "" {
				t.Errorf("warning without file or message: %+v", w)
			}
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), "t.yaml") {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		roundTrip(t, tmpl)
	})
}
