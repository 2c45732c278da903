package cli

import (
	"context"
	"fmt"

	"github.com/reglue/reglue/internal/cfn"
	"github.com/reglue/reglue/internal/glue"
)

// refuseCrawlers refuses, before anything is changed, a template with a trigger
// that starts or watches a crawler: only an AWS account has crawlers.
func (a *app) refuseCrawlers(t *cfn.Template) error {
	if a.flags.profile != "" {
		return nil
	}
	for i := range t.Triggers {
		trigger := &t.Triggers[i]
		does, crawler := "starts", ""
		for _, action := range trigger.Actions {
			if action.CrawlerName != "" {
				crawler = action.CrawlerName
			}
		}
		if crawler == "" && trigger.Predicate != nil {
			for _, c := range trigger.Predicate.Conditions {
				if c.CrawlerName != "" {
					does, crawler = "watches", c.CrawlerName
				}
			}
		}
		if crawler != "" {
			return fmt.Errorf("trigger %s %s the crawler %s, and crawlers can't be created in this version of reglue; "+
				"nothing was changed: take the crawler out of the template, or put a python shell job in its place", trigger.Name, does, crawler)
		}
	}
	return nil
}

// nothingYet is a data folder that is not there: it has none of what is asked for.
type nothingYet struct{}

func (nothingYet) Call(context.Context, string, any, any) error {
	return glue.Errorf(glue.EntityNotFound, "there is no data yet")
}
