package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

const (
	// nearNames is how many names an error offers.
	nearNames = 5
	// fewNames are so few that all are offered.
	fewNames = 10
	// nearDistance is how many edits away a name may be to be offered: at most
	// this many, and one for each three characters.
	nearDistance = 3
)

// near returns the names that the given one was most likely meant to be: those
// that differ by a few edits or contain it; all of them if they are few.
func near(name string, names []string) []string {
	if len(names) <= fewNames {
		return slices.Sorted(slices.Values(names))
	}
	type scored struct {
		name  string
		score int
	}
	var found []scored
	low := strings.ToLower(name)
	for _, n := range names {
		d := distance(low, strings.ToLower(n))
		if strings.Contains(strings.ToLower(n), low) && low != "" {
			d = min(d, 1)
		}
		if d <= min(nearDistance, (len([]rune(low))+2)/3) {
			found = append(found, scored{n, d})
		}
	}
	slices.SortFunc(found, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.name, b.name))
	})
	var out []string
	for _, f := range found[:min(len(found), nearNames)] {
		out = append(out, f.name)
	}
	return out
}

// orNear is the end of an error about an unknown name.
func orNear(kind, name string, names []string) string {
	offer := near(name, names)
	switch {
	case len(names) == 0:
		return fmt.Sprintf("there are no %ss", kind)
	case len(offer) == 0:
		return fmt.Sprintf("none of the %d %ss has a name like it", len(names), kind)
	case len(offer) == len(names):
		return fmt.Sprintf("the %ss are: %s", kind, strings.Join(offer, ", "))
	}
	return "did you mean: " + strings.Join(offer, ", ")
}

// distance is the number of edits between two texts (Levenshtein).
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	line := make([]int, len(t)+1)
	for j := range line {
		line[j] = j
	}
	for i := range s {
		diagonal := line[0]
		line[0] = i + 1
		for j := range t {
			change := diagonal
			if s[i] != t[j] {
				change++
			}
			diagonal = line[j+1]
			line[j+1] = min(change, line[j]+1, diagonal+1)
		}
	}
	return line[len(t)]
}
