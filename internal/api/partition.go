package api

import (
	"context"
	"hash/fnv"
	"slices"

	"github.com/reglue/reglue/internal/catalog"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
)

const noPartition = "Cannot find partition."

// partitionKey is the key of a partition of a table.
func partitionKey(t *store.TableRecord, values []string) (string, error) {
	if len(values) != len(t.Table.PartitionKeys) || len(values) == 0 {
		return "", invalid("The number of partition keys do not match the number of partition values: the table has %d, the partition %d",
			len(t.Table.PartitionKeys), len(values))
	}
	return catalog.Key(values...), nil
}

// partitionOf is a partition as its input describes it and as it is stored.
func partitionOf(in *glue.PartitionInput, created glue.Time) glue.Partition {
	return glue.Partition{
		CreationTime: created, LastAccessTime: in.LastAccessTime, StorageDescriptor: in.StorageDescriptor,
		Parameters: in.Parameters, LastAnalyzedTime: in.LastAnalyzedTime,
	}
}

// partitionView is a partition as it is sent.
func (a *API) partitionView(t *store.TableRecord, rec *store.PartitionRecord, columns bool) glue.Partition {
	p := rec.Partition
	p.Values, p.DatabaseName, p.TableName, p.CatalogId = catalog.Values(rec.Key), t.Table.DatabaseName, t.Table.Name, a.scope.Account
	if !columns && p.StorageDescriptor != nil {
		p.StorageDescriptor.Columns = nil
	}
	return p
}

func (a *API) createPartition(ctx context.Context, r *glue.CreatePartitionRequest) (*glue.CreatePartitionResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, now glue.Time) error {
		t, err := openTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		key, err := partitionKey(t, r.PartitionInput.Values)
		if err != nil {
			return err
		}
		return a.addPartition(tx.Partitions(t.ID), t, key, r.PartitionInput, now)
	})
	return &glue.CreatePartitionResponse{}, err
}

func (a *API) addPartition(all *store.Partitions, t *store.TableRecord, key string, in *glue.PartitionInput, now glue.Time) error {
	if old, err := all.Get(key); err != nil || old != nil {
		return orThere(err, "Partition")
	}
	limit := quota(a.opt.Catalog.Partitions, DefaultMaxPartitions)
	if err := a.roomWithin("partitions", t.ID, limit, all.Count); err != nil {
		return err
	}
	return all.Put(&store.PartitionRecord{Key: key, Partition: partitionOf(in, now)})
}

// updatePartition replaces all but the values.
func (a *API) updatePartition(ctx context.Context, r *glue.UpdatePartitionRequest) (*glue.UpdatePartitionResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		t, err := openTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		return changePartition(tx.Partitions(t.ID), t, r.PartitionValueList, r.PartitionInput)
	})
	return &glue.UpdatePartitionResponse{}, err
}

func changePartition(all *store.Partitions, t *store.TableRecord, values []string, in *glue.PartitionInput) error {
	key, err := partitionKey(t, values)
	if err != nil {
		return err
	}
	if in.Values != nil && !slices.Equal(in.Values, values) {
		return invalid("The values of a partition can't be changed: PartitionInput.Values is %q, the partition has %q", in.Values, values)
	}
	rec, err := all.Get(key)
	if err != nil {
		return err
	}
	if rec == nil {
		return glue.Errorf(glue.EntityNotFound, noPartition)
	}
	rec.Partition = partitionOf(in, rec.Partition.CreationTime)
	return all.Put(rec)
}

func (a *API) deletePartition(ctx context.Context, r *glue.DeletePartitionRequest) (*glue.DeletePartitionResponse, error) {
	err := a.alter(ctx, func(tx *store.Tx, _ glue.Time) error {
		t, err := openTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		return dropPartition(tx.Partitions(t.ID), r.PartitionValues)
	})
	return &glue.DeletePartitionResponse{}, err
}

// dropPartition deletes also a partition from before the table's keys were
// changed, which has another number of values.
func dropPartition(all *store.Partitions, values []string) error {
	rec, err := all.Get(catalog.Key(values...))
	if err != nil {
		return err
	}
	if rec == nil {
		return glue.Errorf(glue.EntityNotFound, noPartition)
	}
	return all.Delete(rec)
}

func (a *API) getPartition(ctx context.Context, r *glue.GetPartitionRequest) (*glue.GetPartitionResponse, error) {
	out := &glue.GetPartitionResponse{}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		t, err := openTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		rec, err := tx.Partitions(t.ID).Get(catalog.Key(r.PartitionValues...))
		if err != nil {
			return err
		}
		if rec == nil {
			return glue.Errorf(glue.EntityNotFound, noPartition)
		}
		p := a.partitionView(t, rec, true)
		out.Partition = &p
		return nil
	})
	return out, err
}

// getPartitions gives them in the order of their values, compared as texts. A
// page may have fewer than asked for and still be followed by another.
func (a *API) getPartitions(ctx context.Context, r *glue.GetPartitionsRequest) (*glue.GetPartitionsResponse, error) {
	part, err := segmentOf(r.Segment)
	if err != nil {
		return nil, err
	}
	p, err := newPage("GetPartitions", r.NextToken, r.MaxResults, defaultPage,
		folded(r.DatabaseName), folded(r.TableName), r.Expression, part)
	if err != nil {
		return nil, err
	}
	out := &glue.GetPartitionsResponse{}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		t, err := openTable(tx, r.DatabaseName, r.TableName)
		if err != nil {
			return err
		}
		filter, err := catalog.Parse(r.Expression, t.Table.PartitionKeys)
		if err != nil {
			return err
		}
		var recs []store.PartitionRecord
		if all := tx.Partitions(t.ID); filter == nil && part.of == 0 {
			recs, err = all.From(nextKey(p.after), p.more())
			recs, out.NextToken = cut(&p, recs, func(rec *store.PartitionRecord) string { return rec.Key })
		} else {
			recs, out.NextToken, err = wantedPartitions(all, filter, part, &p)
		}
		out.Partitions = make([]glue.Partition, len(recs))
		for i := range recs {
			out.Partitions[i] = a.partitionView(t, &recs[i], !isTrue(r.ExcludeColumnSchema))
		}
		return err
	})
	return out, err
}

func nextKey(after string) string {
	if after == "" {
		return ""
	}
	return catalog.Next(after)
}

// wantedPartitions reads a page of those that the filter wants.
func wantedPartitions(
	all *store.Partitions, filter *catalog.Filter, part segment, p *page,
) (recs []store.PartitionRecord, token string, err error) {
	var keys []string
	next, err := filter.Scan(all.Keys, p.after, maxLooks, func(key string) bool {
		if part.has(key) {
			keys = append(keys, key)
		}
		return len(keys) < p.more()
	})
	if err != nil {
		return nil, "", err
	}
	if len(keys) == p.more() {
		keys = keys[:p.limit]
		next = keys[p.limit-1]
	}
	for _, key := range keys {
		rec, err := all.Get(key)
		if err != nil {
			return nil, "", err
		}
		recs = append(recs, *rec)
	}
	if next != "" {
		token = p.token(next)
	}
	return recs, token, nil
}

// segment is a part of a table's partitions; of is 0 for all of them.
type segment struct{ number, of uint32 }

func segmentOf(s *glue.Segment) (segment, error) {
	if s == nil {
		return segment{}, nil
	}
	if *s.SegmentNumber >= *s.TotalSegments {
		return segment{}, invalid("Segment: SegmentNumber is %d, it must be less than TotalSegments, %d", *s.SegmentNumber, *s.TotalSegments)
	}
	return segment{uint32(*s.SegmentNumber), uint32(*s.TotalSegments)}, nil
}

// has reports whether a partition is in the segment.
func (s segment) has(key string) bool {
	if s.of == 0 {
		return true
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // a hash never fails
	return h.Sum32()%s.of == s.number
}
