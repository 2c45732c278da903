package store

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// idKey is the index key of a run or job run. Two ids may share one, so the id
// is compared as well.
func idKey(id string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // a hash never fails
	return int64(h.Sum64())
}

// toJSON writes a value, ” for none so that nil and empty stay apart.
func toJSON(v any, none bool) (string, error) {
	if none {
		return "", nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

func mapJSON(m map[string]string) (string, error) { return toJSON(m, m == nil) }

// fromJSON reads what toJSON wrote.
func fromJSON[T any](text string) (v T, err error) {
	if text == "" {
		return v, nil
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return v, fmt.Errorf("stored JSON %.60q: %w", text, err)
	}
	return v, nil
}

// statistics are written as their counts in a fixed order.
func statisticsText(s *glue.WorkflowRunStatistics) string {
	b := make([]byte, 0, 24)
	for i, n := range statisticsCounts(s) {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, int64(*n), 10)
	}
	return string(b)
}

func readStatistics(text string, s *glue.WorkflowRunStatistics) error {
	for _, n := range statisticsCounts(s) {
		var word string
		word, text, _ = strings.Cut(text, " ")
		v, err := strconv.ParseInt(word, 10, 32)
		if err != nil {
			return fmt.Errorf("stored statistics: %w", err)
		}
		*n = int32(v)
	}
	return nil
}

func statisticsCounts(s *glue.WorkflowRunStatistics) [8]*int32 {
	return [8]*int32{
		&s.TotalActions, &s.TimeoutActions, &s.FailedActions, &s.StoppedActions,
		&s.SucceededActions, &s.RunningActions, &s.ErroredActions, &s.WaitingActions,
	}
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
