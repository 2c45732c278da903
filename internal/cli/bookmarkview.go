package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/bookmark"
	"github.com/reglue/reglue/internal/glue"
)

// versionsShown is how many versions a terminal gets; -o json has all.
const versionsShown = 15

func (a *app) writeBookmark(d *bookmarkDescription) {
	fmt.Fprintln(a.out, a.out.paint(bold, oneLine(d.JobName))+"  "+a.bookmarkHead(d))
	switch {
	case d.State != nil:
		a.writeContexts(d.State)
	case d.JobBookmark != "" && d.JobBookmark != "{}":
		var text bytes.Buffer
		if json.Indent(&text, []byte(d.JobBookmark), "", "  ") != nil {
			text.Reset()
			text.WriteString(d.JobBookmark)
		}
		fmt.Fprintf(a.out, "\n%s\n", text.String())
	}
	if len(d.Versions) == 0 {
		return
	}
	fmt.Fprintf(a.out, "\n%s\n", a.out.paint(bold, "Versions"))
	rows := table{indent: 2}
	for i := range d.Versions[:min(versionsShown, len(d.Versions))] {
		v := &d.Versions[i]
		rows.add(cell{fmt.Sprint(v.Version), plain}, cell{ago(v.At, a.now()), plain}, cell{versionText(v), plain})
	}
	rows.write(a.out)
	if more := len(d.Versions) - versionsShown; more > 0 {
		fmt.Fprintf(a.out, "  and %d older ones (-o json)\n", more)
	}
}

func (a *app) bookmarkHead(d *bookmarkDescription) string {
	text := fmt.Sprintf("version %d", d.Version)
	if d.RunId == "" {
		return text + ", empty: the next run reads everything"
	}
	text += fmt.Sprintf(", as job run %s left it", shortJobRun(d.RunId))
	if d.Attempt > 0 {
		text += fmt.Sprintf(" after %s", plural(int(d.Attempt), "attempt")+" that did not commit")
	}
	return text
}

func versionText(v *bookmark.Version) string {
	text := ""
	switch v.Cause {
	case "COMMIT":
		text = "committed by " + shortJobRun(v.RunId)
	case "RESET":
		text = "reset"
	case "REWIND":
		text = fmt.Sprintf("set back to version %d", v.RewoundTo)
		if v.RunId != "" {
			text += " of " + shortJobRun(v.RunId)
		}
	}
	if v.By != "" {
		text += " by " + oneLine(v.By)
	}
	return text
}

func (a *app) writeContexts(s *bookmark.State) {
	fmt.Fprintln(a.out)
	var rows table
	rows.head("TRANSFORMATION_CTX", "LAST READ BY", "READ")
	for _, name := range slices.Sorted(maps.Keys(s.Contexts)) {
		c := s.Contexts[name]
		by := cell{shortJobRun(c.Run), plain}
		if c.S3 != nil {
			rows.add(cell{oneLine(name), plain}, by, cell{filesText(c.S3), plain})
		}
		for _, t := range slices.Sorted(maps.Keys(c.JDBC)) {
			rows.add(cell{oneLine(name), plain}, by, cell{tableText(t, c.JDBC[t]), plain})
		}
	}
	rows.write(a.out)
}

func filesText(f *bookmark.Files) string {
	text := plural(f.Files, "file") + " in that run"
	if f.Newest != nil {
		text += ", the newest of " + glue.Time(*f.Newest).Time().Local().Format(time.DateTime)
	}
	return text
}

func tableText(name string, t bookmark.Table) string {
	var values []string
	for _, raw := range t.Last {
		values = append(values, oneLine(keyText(raw)))
	}
	return fmt.Sprintf("table %s up to %s = %s (%s)", oneLine(name), strings.Join(t.Keys, ", "), strings.Join(values, ", "), t.Order)
}

// keyText is a key's value as people read it.
func keyText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var typed map[string]string // such as {"date": "2024-02-29"}
	if json.Unmarshal(raw, &typed) == nil {
		for _, value := range typed {
			return value
		}
	}
	return string(raw)
}
