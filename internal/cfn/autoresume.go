package cfn

import "github.com/reglue/reglue/internal/glue"

// autoResumeTag is the tag of a workflow that holds its policy of automatic repair.
const autoResumeTag = "reglue:auto-resume"

// autoResume reads Metadata: {Reglue: {AutoResume: "times=3 …"}} of a workflow, which
// stands for a tag: the name of the tag is one that a template's tags can't always
// have, and CloudFormation leaves Metadata alone. The server checks the policy.
func (e *evaluator) autoResume(r *resource, w *glue.CreateWorkflowRequest) error {
	ours := r.metadata.get("Reglue")
	if ours == nil {
		return nil
	}
	path := join(r.path(), "Metadata.Reglue")
	v, err := e.eval(ours, path)
	if err != nil {
		return err
	}
	if v.kind != mapping {
		return e.faultf(ours.line, path, "must be a mapping with AutoResume, got %s", v.kind)
	}
	for _, f := range v.fields {
		switch {
		case f.key != "AutoResume":
			e.warnf(f.line, join(path, f.key), "is not understood, ignored; there is AutoResume")
			continue
		case f.value.kind != scalar || f.value.text == "":
			return e.faultf(f.line, join(path, f.key), "must be a policy such as \"times=3 wait=30s\", or \"off\"")
		case w.Tags[autoResumeTag] != "" && w.Tags[autoResumeTag] != f.value.text:
			return e.faultf(f.line, join(path, f.key), "the tag %s says %q: give the policy in one place", autoResumeTag, w.Tags[autoResumeTag])
		}
		if w.Tags == nil {
			w.Tags = map[string]string{}
		}
		w.Tags[autoResumeTag] = f.value.text
	}
	return nil
}
