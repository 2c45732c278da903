package cli

import (
	"strings"

	"github.com/reglue/reglue/internal/demo"
	"github.com/reglue/reglue/internal/glue"
)

// demoReport is the demo as -o json gives it.
type demoReport struct {
	Folder  string         `json:"folder"`
	Broken  runDescription `json:"broken"`
	Resumed runDescription `json:"resumed"`
	Result  []weatherRow   `json:"result"`
}

// weatherRow is a line of the demo's result; without a departure there is no
// average delay.
type weatherRow struct {
	Weather          string   `json:"weather"`
	Flights          int      `json:"flights"`
	Cancelled        int      `json:"cancelled"`
	CancelledPercent float64  `json:"cancelledPercent"`
	DelayMinutes     *float64 `json:"averageDelayMinutes,omitempty"`
}

func weatherRows(table demo.Table) []weatherRow {
	var rows []weatherRow
	for _, r := range table {
		row := weatherRow{Weather: r.Weather, Flights: r.Flights, Cancelled: r.Cancelled, CancelledPercent: r.Percent}
		if r.Departed {
			row.DelayMinutes = &r.Delay
		}
		rows = append(rows, row)
	}
	return rows
}

// ends shows the result and what to try next.
func (s *story) ends(broken, resumed *glue.WorkflowRun) error {
	table, err := demo.Result(s.dir)
	if err != nil {
		return err
	}
	if s.json() {
		return writeJSON(s.app.out, demoReport{s.dir, describe(broken), describe(resumed), weatherRows(table)})
	}
	s.step(6, "The result: which weather kept New York's flights on the ground?")
	const barWidth = 20
	s.say("%s", strings.TrimRight(table.Chart(barWidth), "\n"))
	s.say("\n%s", s.out.paint(bold, "Try next"))
	s.hints(
		hint{"both runs", s.command("runs")},
		hint{"why not", s.command("why", demo.Workflow, shortRun(broken.WorkflowRunId), "report")},
		hint{"the picture", s.command("graph", demo.Workflow)},
	)
	return nil
}
