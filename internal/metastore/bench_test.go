package metastore_test

import (
	"strconv"
	"testing"

	"github.com/reglue/reglue/internal/metastore/hms"
)

// BenchmarkHundredThousandPartitions reports what Spark's questions about a large table
// cost.
func BenchmarkHundredThousandPartitions(b *testing.B) {
	s := newServer(b)
	database(s)
	t := &hms.Table{
		DbName: "d", TableName: "t", TableType: "EXTERNAL_TABLE",
		Sd:            &hms.StorageDescriptor{Location: new("s3://b/t"), SerdeInfo: &hms.SerDeInfo{}},
		PartitionKeys: []*hms.FieldSchema{{Name: "day", Type: "int"}, {Name: "hour", Type: "string"}},
	}
	for i := range 20 {
		t.Sd.Cols = append(t.Sd.Cols, &hms.FieldSchema{Name: "column" + strconv.Itoa(i), Type: "string"})
	}
	if err := s.CreateTable(b.Context(), t); err != nil {
		b.Fatal(err)
	}
	for day := range 1000 {
		r := &hms.AddPartitionsRequest{DbName: "d", TblName: "t", IfNotExists: true}
		for hour := range 100 {
			p := s.partition("t", strconv.Itoa(day), strconv.Itoa(hour))
			p.Sd.Cols = t.Sd.Cols
			r.Parts = append(r.Parts, p)
		}
		if _, err := s.AddPartitionsReq(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		want int
		ask  func() (int, error)
	}{
		"filter=first key": {100, s.filter("day = 500")},
		"filter=both keys": {1, s.filter(`day = 500 and hour = "7"`)},
		"filter=last key":  {1000, s.filter(`hour = "7"`)},
		"names": {100_000, func() (int, error) {
			all, err := s.GetPartitionNames(b.Context(), "d", "t", -1)
			return len(all), err
		}},
		"all": {100_000, s.filter("")},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if n, err := c.ask(); err != nil || n != c.want {
					b.Fatalf("%d, %v", n, err)
				}
			}
		})
	}
}

func (s *server) filter(filter string) func() (int, error) {
	return func() (int, error) {
		all, err := s.GetPartitionsByFilter(s.t.Context(), "d", "t", filter, -1)
		return len(all), err
	}
}
