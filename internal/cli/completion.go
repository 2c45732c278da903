package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const (
	// completionTime bounds how long a shell waits for names.
	completionTime = 3 * time.Second
	// completionRuns is how many of the newest runs are offered.
	completionRuns = 20
)

// completer offers words for an argument; before are the arguments before it.
type completer func(ctx context.Context, t *target, before []string) []cobra.Completion

// completeArgs offers words for the positional arguments of a command.
func (a *app) completeArgs(byPosition ...completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		a.flags.choose(cmd)
		a.flags.shadowed = ""
		if len(args) >= len(byPosition) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.offer(byPosition[len(args)], args, word)
	}
}

// completeFlag offers words for a flag's value.
func (a *app) completeFlag(c completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		a.flags.choose(cmd)
		a.flags.shadowed = ""
		return a.offer(c, args, word)
	}
}

// completeWith offers the words that a flag may have.
func completeWith(cmd *cobra.Command, flag string, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

// offer asks for words. Whatever goes wrong, a shell gets no words and no error;
// nothing is created or owned for it.
func (a *app) offer(c completer, before []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	t, err := a.target(ctx, reads)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer t.Close()
	var out []cobra.Completion
	for _, offered := range c(ctx, t, before) {
		if strings.HasPrefix(offered, word) {
			out = append(out, offered)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func completeWorkflow(ctx context.Context, t *target, _ []string) []cobra.Completion {
	var out []cobra.Completion
	for name, err := range workflowNames(ctx, t) {
		if err != nil {
			return out
		}
		out = append(out, name)
	}
	return out
}

func completeRun(ctx context.Context, t *target, before []string) []cobra.Completion {
	if len(before) == 0 {
		return nil
	}
	var out []cobra.Completion
	for run, err := range workflowRuns(ctx, t, before[0], completionRuns) {
		if err != nil || len(out) == completionRuns {
			return out
		}
		out = append(out, cobra.CompletionWithDesc(shortRun(run.WorkflowRunId), ago(run.StartedOn, time.Now())+", "+outcomeOf(run).text()))
	}
	return out
}

func completeNode(ctx context.Context, t *target, before []string) []cobra.Completion {
	if len(before) == 0 {
		return nil
	}
	run, err := loadRun(ctx, t, before[0], optional(before, 1))
	if err != nil {
		return nil
	}
	var out []cobra.Completion
	views := viewNodes(run)
	for i := range views {
		out = append(out, cobra.CompletionWithDesc(views[i].name(), views[i].cell().text))
	}
	return out
}

// completeRunOrNode is for commands whose RUN may be left out.
func completeRunOrNode(ctx context.Context, t *target, before []string) []cobra.Completion {
	return append(completeNode(ctx, t, before[:min(1, len(before))]), completeRun(ctx, t, before)...)
}
