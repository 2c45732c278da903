package demo

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Row is a line of the result: flights in one kind of weather.
type Row struct {
	Weather   string
	Flights   int
	Cancelled int
	// Percent of the flights that were cancelled, as the report rounds it.
	Percent float64
	// Delay is the average of the departures in minutes; Departed says whether
	// there were any.
	Delay    float64
	Departed bool
}

// Table is what the workflow found out, the worst weather first.
type Table []Row

// ResultFile is the table's file, below the demo's folder.
const ResultFile = "output/report_by_weather.csv"

// Result reads the table that the report job left in dir.
func Result(dir string) (Table, error) {
	file, err := os.Open(filepath.Join(dir, filepath.FromSlash(ResultFile)))
	if err != nil {
		return nil, fmt.Errorf("the demo's result: %w", err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("the demo's result %s: %w", ResultFile, err)
	}
	var table Table
	for i, record := range records {
		if i == 0 {
			continue // the header
		}
		row, err := parseRow(record)
		if err != nil {
			return nil, fmt.Errorf("the demo's result %s, line %d: %w", ResultFile, i+1, err)
		}
		table = append(table, row)
	}
	return table, nil
}

func parseRow(record []string) (row Row, err error) {
	if len(record) != 5 {
		return Row{}, fmt.Errorf("%d columns instead of 5", len(record))
	}
	row.Weather = record[0]
	if row.Flights, err = strconv.Atoi(record[1]); err != nil {
		return Row{}, err
	}
	if row.Cancelled, err = strconv.Atoi(record[2]); err != nil {
		return Row{}, err
	}
	if row.Percent, err = strconv.ParseFloat(record[3], 64); err != nil {
		return Row{}, err
	}
	if row.Departed = record[4] != ""; row.Departed {
		row.Delay, err = strconv.ParseFloat(record[4], 64)
	}
	return row, err
}

// Chart draws the table as text with bars of at most barWidth characters.
func (t Table) Chart(barWidth int) string {
	name := len("weather")
	for _, row := range t {
		name = max(name, len(row.Weather))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s  %7s  %9s  %9s\n", name, "weather", "flights", "avg delay", "cancelled")
	for _, row := range t {
		delay := "-"
		if row.Departed {
			delay = fmt.Sprintf("%.1f min", row.Delay)
		}
		line := fmt.Sprintf("%-*s  %7d  %9s  %8.1f%%  %s", name, row.Weather, row.Flights, delay, row.Percent, bar(row.Percent, barWidth))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// bar is as long as the percentage of the width; what is not nothing shows.
func bar(percent float64, width int) string {
	n := int(math.Round(percent / 100 * float64(width)))
	if n == 0 && percent > 0 {
		n = 1
	}
	return strings.Repeat("█", max(0, min(n, width)))
}
