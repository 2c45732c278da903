package cli

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"strconv"

	"github.com/reglue/reglue/internal/demo"
)

// repair puts the bad row right: the user does, or asks for it, or nobody is
// there to ask.
func (s *story) repair(ctx context.Context) error {
	s.step(3, "Repair the row")
	fault, _, err := demo.Find(s.dir)
	if err != nil {
		return err
	}
	s.say("  %s:%d", relative(fault.Path), fault.Line)
	s.say("  %s", s.out.paint(red, cut("- "+fault.BadRow, plainWidth-2)))
	s.say("  %s", s.out.paint(green, cut("+ "+fault.GoodRow, plainWidth-2)))
	s.say("")
	if s.talk == nil {
		return s.repairIt()
	}
	rows, _ := checkFlights(fault.Path) // with the bad row; only the count matters
	s.say("In another window, edit that line and save it, then press Enter;")
	s.say("or just press Enter and it is done for you. 'exit' leaves.")
	for {
		line, err := s.talk.ask(ctx, "Enter: ")
		if err != nil {
			return err
		}
		_, spoiled, err := demo.Find(s.dir)
		if err != nil {
			return err
		}
		switch {
		case spoiled && line == "":
			return s.repairIt()
		case spoiled:
			s.sayLong("Line %d still holds %q. Press Enter alone to have it repaired, or 'exit' to leave.", fault.Line, fault.Bad)
			continue
		}
		have, err := checkFlights(fault.Path)
		if err == nil && have != rows {
			err = fmt.Errorf("it has %d rows, and had %d", have, rows)
		}
		if err == nil {
			s.say("You repaired it.")
			return nil
		}
		s.sayLong("%s: %v. Save it again and press Enter, or 'exit' to leave.", relative(fault.Path), err)
	}
}

func (s *story) repairIt() error {
	fault, err := demo.Repair(s.dir)
	if err != nil {
		return err
	}
	s.say("Repaired: %s is %s again.", fault.Column, fault.Good)
	return nil
}

// checkFlights reads the flights as the demo's job does and returns how many rows
// there are; the error is of the first that the job would not take.
func checkFlights(path string) (rows int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return 0, err
	}
	if len(records) == 0 {
		return 0, nil
	}
	for i, record := range records[1:] {
		for column, value := range record {
			switch name := records[0][column]; name {
			case "dep_time", "dep_delay", "flight", "distance":
				if _, bad := strconv.Atoi(value); bad != nil && value != "NA" && err == nil {
					err = fmt.Errorf("line %d: %s %q is not a number", i+2, name, value)
				}
			}
		}
	}
	return len(records) - 1, err
}
