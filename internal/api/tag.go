package api

import (
	"context"
	"maps"
	"strings"

	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

// The kinds of resources as ARNs name them.
const (
	kindWorkflow = "workflow"
	kindTrigger  = "trigger"
	kindJob      = "job"
)

// taggable are the kinds that AWS tags and that are not built here: none exists.
var taggable = map[string]bool{
	"crawler": true, "blueprint": true, "devEndpoint": true,
	"mlTransform": true, "registry": true, "schema": true, "session": true, "dataQualityRuleset": true,
	"usageProfile": true, "customEntityType": true,
}

// resource finds what an ARN names and returns the ARN under which its tags are
// kept: there is one namespace, whatever region and account the caller's tools
// put into the ARN.
func (a *API) resource(tx *store.Tx, arn string) (string, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return "", invalid("ResourceArn %q is not of the form arn:aws:glue:REGION:ACCOUNT:TYPE/NAME", arn)
	}
	kind, name, ok := strings.Cut(parts[5], "/")
	if !ok || name == "" {
		return "", invalid("ResourceArn %q names no resource: it must end in TYPE/NAME", arn)
	}
	found := false
	switch kind {
	case kindWorkflow:
		w, err := tx.Workflow(name)
		if err != nil {
			return "", err
		}
		found = w != nil
	case kindTrigger:
		t, err := tx.Trigger(name)
		if err != nil {
			return "", err
		}
		found = t != nil
	case kindJob:
		j, err := tx.Job(name)
		if err != nil {
			return "", err
		}
		found = j != nil
	case kindDatabase:
		name = folded(name)
		d, err := tx.Database(name)
		if err != nil {
			return "", err
		}
		found = d != nil
	case kindConnection:
		c, err := tx.Connection(name)
		if err != nil {
			return "", err
		}
		found = c != nil
	default:
		if !taggable[kind] {
			return "", invalid("ResourceArn %q: resources of type %q can't be tagged", arn, kind)
		}
	}
	if !found {
		return "", missing()
	}
	return a.scope.ARN(kind, name), nil
}

func (a *API) tagResource(ctx context.Context, r *glue.TagResourceRequest) (*glue.TagResourceResponse, error) {
	if err := checkTags(r.TagsToAdd); err != nil {
		return nil, err
	}
	err := a.change(ctx, func(tx *store.Tx, _ glue.Time) error {
		arn, err := a.resource(tx, r.ResourceArn)
		if err != nil {
			return err
		}
		old, err := tx.Tags(arn)
		if err != nil {
			return err
		}
		all := maps.Clone(orEmpty(old))
		maps.Copy(all, r.TagsToAdd)
		if len(all) > maxTags {
			return invalid("The resource would have %d tags, it may have %d", len(all), maxTags)
		}
		return tx.PutTags(arn, r.TagsToAdd)
	})
	if err != nil {
		return nil, err
	}
	return &glue.TagResourceResponse{}, nil
}

// untagResource is no error for keys that the resource does not have.
func (a *API) untagResource(ctx context.Context, r *glue.UntagResourceRequest) (*glue.UntagResourceResponse, error) {
	err := a.change(ctx, func(tx *store.Tx, _ glue.Time) error {
		arn, err := a.resource(tx, r.ResourceArn)
		if err != nil {
			return err
		}
		return tx.RemoveTags(arn, r.TagsToRemove)
	})
	if err != nil {
		return nil, err
	}
	return &glue.UntagResourceResponse{}, nil
}

func (a *API) getTags(ctx context.Context, r *glue.GetTagsRequest) (*glue.GetTagsResponse, error) {
	out := &glue.GetTagsResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		arn, err := a.resource(tx, r.ResourceArn)
		if err != nil {
			return err
		}
		tags, err := tx.Tags(arn)
		out.Tags = orEmpty(tags)
		return err
	})
	return out, err
}
