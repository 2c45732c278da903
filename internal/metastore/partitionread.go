package metastore

import (
	"context"
	"math"
	"strings"

	"github.com/reglue/reglue/internal/catalog"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/metastore/hms"
)

// finding are the exceptions of calls that read partitions.
var finding = faults{missing: noSuch}

// pageSize is how many partitions one operation reads.
var pageSize int32 = 1000

// limit is how many partitions a call asks for; a negative number is all.
func limit(n int16) int {
	if n < 0 {
		return math.MaxInt
	}
	return int(n)
}

// eachPartition calls f with those that an expression wants, in their order, until it
// has enough.
func (s *session) eachPartition(ctx context.Context, r glue.GetPartitionsRequest, f func(*glue.Partition) (more bool)) error {
	r.MaxResults = &pageSize
	for {
		page, err := do[glue.GetPartitionsResponse](ctx, s, "GetPartitions", &r)
		if err != nil {
			return err
		}
		for i := range page.Partitions {
			if !f(&page.Partitions[i]) {
				return nil
			}
		}
		if r.NextToken = page.NextToken; r.NextToken == "" {
			return nil
		}
	}
}

// read collects so many partitions as Hive has them.
func (s *session) read(ctx context.Context, r glue.GetPartitionsRequest, most int, wanted func(*glue.Partition) bool) ([]*hms.Partition, error) {
	out := []*hms.Partition{}
	if most == 0 {
		return out, nil
	}
	err := s.eachPartition(ctx, r, func(p *glue.Partition) bool {
		if wanted == nil || wanted(p) {
			out = append(out, toPartition(p))
		}
		return len(out) < most
	})
	return out, s.fault(err, finding)
}

func (s *session) GetPartition(ctx context.Context, database, table string, values []string) (*hms.Partition, error) {
	_, p, err := s.partition(ctx, database, table, values)
	if err != nil {
		return nil, s.fault(err, faults{missing: noSuch, invalid: noSuch})
	}
	return toPartition(p), nil
}

func (s *session) GetPartitionWithAuth(
	ctx context.Context, database, table string, values []string, _ string, _ []string,
) (*hms.Partition, error) {
	return s.GetPartition(ctx, database, table, values)
}

func (s *session) GetPartitionByName(ctx context.Context, database, table, name string) (*hms.Partition, error) {
	t, err := s.table(ctx, database, table)
	if err != nil {
		return nil, s.fault(err, finding)
	}
	values, err := namedValues(t.PartitionKeys, name)
	if err != nil {
		return nil, noSuch(err.Error())
	}
	return s.GetPartition(ctx, database, table, values)
}

// GetPartitionsByNames leaves out what is not there.
func (s *session) GetPartitionsByNames(ctx context.Context, database, table string, names []string) ([]*hms.Partition, error) {
	t, err := s.table(ctx, database, table)
	if err != nil {
		return nil, s.fault(err, finding)
	}
	out := []*hms.Partition{}
	for _, name := range names {
		values, err := namedValues(t.PartitionKeys, name)
		if err != nil {
			return nil, meta(err.Error())
		}
		p, err := do[glue.GetPartitionResponse](ctx, s, "GetPartition", &glue.GetPartitionRequest{
			DatabaseName: database, TableName: table, PartitionValues: values,
		})
		if isKind(err, glue.EntityNotFound) {
			continue
		}
		if err != nil {
			return nil, s.fault(err, finding)
		}
		out = append(out, toPartition(p.Partition))
	}
	return out, nil
}

func (s *session) GetPartitions(ctx context.Context, database, table string, most int16) ([]*hms.Partition, error) {
	return s.read(ctx, glue.GetPartitionsRequest{DatabaseName: database, TableName: table}, limit(most), nil)
}

func (s *session) GetPartitionsWithAuth(
	ctx context.Context, database, table string, most int16, _ string, _ []string,
) ([]*hms.Partition, error) {
	return s.GetPartitions(ctx, database, table, most)
}

func (s *session) GetPartitionsPsWithAuth(
	ctx context.Context, database, table string, values []string, most int16, _ string, _ []string,
) ([]*hms.Partition, error) {
	return s.GetPartitionsPs(ctx, database, table, values, most)
}

// GetPartitionsPs takes a part of the values: the first ones, and empty texts for those
// that do not matter.
func (s *session) GetPartitionsPs(ctx context.Context, database, table string, values []string, most int16) ([]*hms.Partition, error) {
	t, err := s.table(ctx, database, table)
	if err != nil {
		return nil, s.fault(err, finding)
	}
	r, wanted, err := partly(t, values)
	if err != nil {
		return nil, s.fault(err, finding)
	}
	return s.read(ctx, r, limit(most), wanted)
}

// partly asks for the partitions of a table that have some values. The expression
// narrows what is read: it compares by type, which is wider than by text.
func partly(t *glue.Table, values []string) (r glue.GetPartitionsRequest, wanted func(*glue.Partition) bool, err error) {
	r = glue.GetPartitionsRequest{DatabaseName: t.DatabaseName, TableName: t.Name}
	if len(values) > len(t.PartitionKeys) {
		return r, nil, glue.Errorf(glue.InvalidInput, "there are %d values, the table has %d partition keys", len(values), len(t.PartitionKeys))
	}
	var terms []string
	for i, v := range values {
		if v == "" || v == catalog.HiveNull {
			continue
		}
		term := "`" + t.PartitionKeys[i].Name + "` = " + quote(v)
		if _, err := catalog.Parse(term, t.PartitionKeys); err == nil {
			terms = append(terms, term)
		}
	}
	r.Expression = strings.Join(terms, " AND ")
	if len(r.Expression) > maxExpression {
		r.Expression = ""
	}
	return r, func(p *glue.Partition) bool {
		for i, v := range values {
			if v != "" && (i >= len(p.Values) || p.Values[i] != v) {
				return false
			}
		}
		return true
	}, nil
}

// maxExpression is the longest expression that GetPartitions takes.
const maxExpression = 2048

func (s *session) GetPartitionNames(ctx context.Context, database, table string, most int16) ([]string, error) {
	return s.GetPartitionNamesPs(ctx, database, table, nil, most)
}

func (s *session) GetPartitionNamesPs(ctx context.Context, database, table string, values []string, most int16) ([]string, error) {
	names, throws := []string{}, finding
	if values == nil {
		throws = faults{} // as get_partition_names has MetaException alone
	}
	t, err := s.table(ctx, database, table)
	if err != nil {
		return nil, s.fault(err, throws)
	}
	r, wanted, err := partly(t, values)
	if err != nil {
		return nil, s.fault(err, throws)
	}
	without := true
	r.ExcludeColumnSchema = &without
	end := limit(most)
	err = s.eachPartition(ctx, r, func(p *glue.Partition) bool {
		if len(p.Values) == len(t.PartitionKeys) && wanted(p) && len(names) < end {
			names = append(names, partitionName(t.PartitionKeys, p.Values))
		}
		return len(names) < end
	})
	return names, s.fault(err, throws)
}

// GetPartitionsByFilter has the catalog look for them.
func (s *session) GetPartitionsByFilter(ctx context.Context, database, table, filter string, most int16) ([]*hms.Partition, error) {
	r, wanted, err := s.filtered(ctx, database, table, filter)
	if err != nil {
		return nil, s.fault(err, finding)
	}
	return s.read(ctx, r, limit(most), wanted)
}

func (s *session) GetNumPartitionsByFilter(ctx context.Context, database, table, filter string) (n int32, err error) {
	r, wanted, err := s.filtered(ctx, database, table, filter)
	if err == nil {
		err = s.eachPartition(ctx, r, func(p *glue.Partition) bool {
			if wanted == nil || wanted(p) {
				n++
			}
			return true
		})
	}
	return n, s.fault(err, finding)
}

// filtered asks for the partitions that a filter wants. One that is longer than
// GetPartitions takes is held against each of them here.
func (s *session) filtered(ctx context.Context, database, table, filter string) (
	r glue.GetPartitionsRequest, wanted func(*glue.Partition) bool, err error,
) {
	r = glue.GetPartitionsRequest{DatabaseName: database, TableName: table}
	text, err := expression(filter)
	if err != nil || len(text) <= maxExpression {
		r.Expression = text
		return r, nil, err
	}
	t, err := s.table(ctx, database, table)
	if err != nil {
		return r, nil, err
	}
	parsed, err := catalog.Parse(text, t.PartitionKeys)
	if err != nil {
		return r, nil, err
	}
	return r, func(p *glue.Partition) bool {
		ok, err := parsed.Matches(p.Values)
		return ok || err != nil // as a value that can't be compared may be wanted
	}, nil
}

func (s *session) PartitionNameToVals(_ context.Context, name string) ([]string, error) {
	pairs, err := splitName(name)
	if err != nil {
		return nil, meta(err.Error())
	}
	values := []string{}
	for _, p := range pairs {
		values = append(values, p.value)
	}
	return values, nil
}

func (s *session) PartitionNameToSpec(_ context.Context, name string) (map[string]string, error) {
	pairs, err := splitName(name)
	if err != nil {
		return nil, meta(err.Error())
	}
	spec := map[string]string{}
	for _, p := range pairs {
		spec[p.key] = p.value
	}
	return spec, nil
}
