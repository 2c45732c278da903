package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Basis is what a plan rests on. If none of it changes, carrying the plan out does
// what the plan says.
type Basis struct {
	RunID string
	// Request is the resume that was asked for, in any form that is the same for
	// the same request.
	Request any
	// Nodes are the ids of those that are to be repeated: what a selector means
	// may change though the request does not.
	Nodes []string
	// Run is the run's state and Head the newest run of its family.
	Run, Head string
	// Triggers stand for those of the workflow, if the new run goes on them as they
	// are now.
	Triggers string
	// Bookmarks stand for the versions of those of the jobs.
	Bookmarks string
	// Jobs are those that may run, by name.
	Jobs []BasisJob
}

// BasisJob is a job that a plan rests on.
type BasisJob struct {
	Name, Definition string
	// Files are the script and the extra files.
	Files []File
}

// NewBasis is the basis of a plan.
func NewBasis(d *Plan, request any, run string, jobs []*Job) *Basis {
	b := &Basis{
		RunID: d.RunID, Request: request, Run: run, Head: d.Head,
	}
	for i := range d.Nodes {
		if d.Nodes[i].Selected {
			b.Nodes = append(b.Nodes, d.Nodes[i].ID)
		}
	}
	b.Jobs = make([]BasisJob, 0, d.Counts[Start]+d.Counts[Downstream])
	for n, job := range d.Running(jobs) {
		of := BasisJob{Name: n.Name, Definition: job.Definition, Files: job.Files}
		if job.Gone {
			of.Definition = "gone"
		}
		b.Jobs = append(b.Jobs, of)
	}
	slices.SortFunc(b.Jobs, func(a, b BasisJob) int { return strings.Compare(a.Name, b.Name) })
	return b
}

// The token is short: it holds small marks of the parts, to tell what changed, and
// a whole hash of everything, which decides.
const (
	tokenVersion = 2
	tokenPrefix  = "plan1-"
	wholeSize    = 16
	markSize     = 3
	jobMarks     = 6 // where the marks of jobs begin
	// maxMarks bounds the token: with more jobs, several share a mark.
	maxMarks = 128
)

// Token seals the basis.
func (b *Basis) Token() string {
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b.sealed())
}

// The marks of a token, in order: the request, the nodes, the run, the head, the
// triggers, the bookmarks, and then of each group of jobs the definitions and the files.
func (b *Basis) sealed() []byte {
	request, nodes := sum(b.Request), sum(b.Nodes)
	run, head, triggers, bookmarks := sum([]string{b.RunID, b.Run}), sum(b.Head), sum(b.Triggers), sum(b.Bookmarks)
	all := sum([]string{b.RunID, b.Run, b.Head, b.Triggers, b.Bookmarks})
	whole := slices.Concat(request, nodes, all)
	out := append([]byte{tokenVersion}, make([]byte, wholeSize)...)
	for _, part := range [][]byte{request, nodes, run, head, triggers, bookmarks} {
		out = append(out, part[:markSize]...)
	}
	var definitions, files, contents []byte
	for _, group := range b.groups() {
		definitions, files = definitions[:0], files[:0]
		for i := range group {
			definitions = appendParts(definitions, group[i].Name, group[i].Definition)
			contents = appendContents(contents[:0], group[i].Files)
			files = appendParts(files, group[i].Name, contents)
		}
		for _, text := range [][]byte{definitions, files} {
			mark := sha256.Sum256(text)
			out = append(out, mark[:markSize]...)
			whole = append(whole, mark[:]...)
		}
	}
	decides := sha256.Sum256(whole)
	copy(out[1:], decides[:wholeSize])
	return out
}

// appendParts adds two texts so that no others come to the same.
func appendParts[T string | []byte](to []byte, a string, b T) []byte {
	to = binary.BigEndian.AppendUint64(to, uint64(len(a)))
	to = binary.BigEndian.AppendUint64(to, uint64(len(b)))
	return append(append(to, a...), b...)
}

// appendContents adds what stands for the files of a job.
func appendContents(to []byte, files []File) []byte {
	for _, f := range files {
		to = append(append(append(append(to, f.Location...), 0), f.Sum...), 0)
	}
	return to
}

// groups shares the jobs out to the marks.
func (b *Basis) groups() [][]BasisJob {
	size := max(1, (len(b.Jobs)+maxMarks-1)/maxMarks)
	return slices.Collect(slices.Chunk(b.Jobs, size))
}

// sum stands for a value.
func sum(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("plan: a basis that is no JSON: %v", err)) // it is strings and maps
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// Compare says what changed since a token was made: nothing when it still holds.
// The error says that it is no token.
func (b *Basis) Compare(token string) (changes []string, err error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(token), tokenPrefix)
	then, decodeErr := base64.RawURLEncoding.DecodeString(text)
	const head = 1 + wholeSize + jobMarks*markSize
	if !ok || decodeErr != nil || len(then) < head || then[0] != tokenVersion || (len(then)-head)%(2*markSize) != 0 {
		return nil, fmt.Errorf("this is not a plan's token: copy the whole of what --plan printed, beginning with %s", tokenPrefix)
	}
	now := b.sealed()
	if bytes.Equal(then[:1+wholeSize], now[:1+wholeSize]) {
		return nil, nil
	}
	mark := func(sealed []byte, i int) []byte {
		at := 1 + wholeSize + i*markSize
		return sealed[at : at+markSize]
	}
	differs := func(i int) bool { return !bytes.Equal(mark(then, i), mark(now, i)) }
	if differs(0) {
		changes = append(changes, "another resume is asked for than the plan was made for: the same run, selection and options are needed")
	}
	if differs(1) && !differs(0) {
		changes = append(changes, "the selection means other nodes now")
	}
	if differs(2) {
		changes = append(changes, "the run is another one, or its state or properties changed")
	}
	if differs(3) {
		changes = append(changes, "the run has been resumed since: the newest run of its family is now "+b.Head)
	}
	if differs(4) {
		changes = append(changes, "the triggers of the workflow changed")
	}
	if differs(5) {
		changes = append(changes, "the bookmark of a job that would run changed")
	}
	if len(then) != len(now) {
		changes = append(changes, "other jobs would run than those that the plan named")
	} else {
		changes = append(changes, b.changedJobs(differs)...)
	}
	if len(changes) == 0 {
		changes = append(changes, "something that the plan rests on changed")
	}
	return changes, nil
}

func (b *Basis) changedJobs(differs func(mark int) bool) []string {
	var out []string
	for i, group := range b.groups() {
		who := "job " + group[0].Name
		if len(group) > 1 {
			who = "one of the jobs " + group[0].Name + " to " + group[len(group)-1].Name
		}
		if differs(jobMarks + 2*i) {
			out = append(out, "the definition of "+who+" changed")
		}
		if differs(jobMarks + 1 + 2*i) {
			out = append(out, "the script, or an extra file, of "+who+" changed")
		}
	}
	return out
}
