package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/api"
	"github.com/reglue/reglue/internal/catalog"
	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/glue"
	"github.com/reglue/reglue/internal/store"
	"github.com/reglue/reglue/internal/wire"
)

// catalogPages measures pages of GetPartitions over a table with many
// partitions, as JSON over the wire's handler.
func catalogPages(ctx context.Context, r *run) error {
	h, err := newHost(ctx, r.dir, &executortest.Instant{})
	if err != nil {
		return err
	}
	c := &catalogClient{handler: handlerOf(api.New(h.db, h.engine, api.Options{}))}
	n := r.size(100_000, 2000)
	if err := c.define(ctx); err != nil {
		return err
	}
	begin := time.Now()
	if err := c.create(ctx, 0, n/10); err != nil {
		return err
	}
	r.say("BatchCreatePartition of 100, 20 columns each", time.Since(begin).Seconds()/float64(n/1000)*1e3, "ms")
	if err := h.fill(ctx, n/10, n); err != nil {
		return err
	}
	// A new server has nothing in memory.
	if err := h.close(); err != nil {
		return err
	}
	if h, err = newHost(ctx, r.dir, &executortest.Instant{}); err != nil {
		return err
	}
	c.handler = handlerOf(api.New(h.db, h.engine, api.Options{}))
	for _, q := range []struct {
		what, expression string
		size, times      int
	}{
		{"first page of 100, first after a restart", "", 100, 1},
		{"first page of 100", "", 100, 21},
		{"first page of 1000", "", 1000, 21},
		{"the first keys: year and month", "year = 2019 and month = '11'", 100, 21},
		{"a range of the first key", "year >= 2020", 100, 21},
		{"one partition by all keys", "year = 2019 and month = '11' and day = '2019-11-05' and shop = 'shop-09'", 100, 21},
		{"the last key alone: one in ten", "shop = 'shop-09'", 100, 21},
		{"the last key alone: none, all is looked at", "shop = 'none'", 100, 5},
	} {
		if err := r.catalogQuery(ctx, c, q.what, q.expression, q.size, q.times); err != nil {
			return err
		}
	}
	begin = time.Now()
	if _, err := c.call(ctx, "DeleteTable", &glue.DeleteTableRequest{DatabaseName: "d", Name: "t"}); err != nil {
		return err
	}
	r.say("DeleteTable with all of it", time.Since(begin).Seconds(), "s")
	return h.close()
}

func (r *run) catalogQuery(ctx context.Context, c *catalogClient, what, expression string, size, times int) error {
	most := int32(size)
	request := &glue.GetPartitionsRequest{DatabaseName: "d", TableName: "t", Expression: expression, MaxResults: &most}
	var took []float64
	got := 0
	for range times {
		begin := time.Now()
		text, err := c.call(ctx, "GetPartitions", request)
		if err != nil {
			return err
		}
		took = append(took, time.Since(begin).Seconds())
		var page glue.GetPartitionsResponse
		if err := json.Unmarshal([]byte(text), &page); err != nil {
			return err
		}
		got = len(page.Partitions)
	}
	r.say(fmt.Sprintf("%s (%d)", what, got), median(took)*1e3, fmt.Sprintf("ms, the fastest %.1f", slices.Min(took)*1e3))
	return nil
}

// catalogClient calls operations through the handler, without a socket.
type catalogClient struct{ handler http.Handler }

func handlerOf(a *api.API) http.Handler {
	return &wire.Handler{TargetPrefix: "AWSGlue.", Call: a.Call, Error: a.Error}
}

// answerWriter keeps an answer.
type answerWriter struct {
	header http.Header
	status int
	body   strings.Builder
}

func (w *answerWriter) Header() http.Header         { return w.header }
func (w *answerWriter) WriteHeader(status int)      { w.status = status }
func (w *answerWriter) Write(b []byte) (int, error) { return w.body.Write(b) }

func (c *catalogClient) call(ctx context.Context, op string, request any) (answer string, err error) {
	body, err := json.Marshal(request)
	if err != nil {
		return "", err
	}
	in, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/", strings.NewReader(string(body)))
	if err != nil {
		return "", err
	}
	in.Header.Set("Content-Type", "application/x-amz-json-1.1")
	in.Header.Set("X-Amz-Target", "AWSGlue."+op)
	w := &answerWriter{header: http.Header{}, status: http.StatusOK}
	c.handler.ServeHTTP(w, in)
	if w.status != http.StatusOK {
		return "", fmt.Errorf("%s: %d %s", op, w.status, w.body.String())
	}
	return w.body.String(), nil
}

// define makes a table that is partitioned by year, month, day and shop.
func (c *catalogClient) define(ctx context.Context) error {
	if _, err := c.call(ctx, "CreateDatabase", &glue.CreateDatabaseRequest{DatabaseInput: &glue.DatabaseInput{Name: "d"}}); err != nil {
		return err
	}
	table := &glue.TableInput{Name: "t", PartitionKeys: []glue.Column{
		{Name: "year", Type: "int"}, {Name: "month", Type: "string"}, {Name: "day", Type: "date"}, {Name: "shop", Type: "string"},
	}}
	_, err := c.call(ctx, "CreateTable", &glue.CreateTableRequest{DatabaseName: "d", TableInput: table})
	return err
}

// create makes partitions by the API, a hundred at once.
func (c *catalogClient) create(ctx context.Context, from, to int) error {
	for ; from < to; from += 100 {
		request := &glue.BatchCreatePartitionRequest{DatabaseName: "d", TableName: "t"}
		for i := from; i < min(to, from+100); i++ {
			request.PartitionInputList = append(request.PartitionInputList, partitionOf(i))
		}
		if _, err := c.call(ctx, "BatchCreatePartition", request); err != nil {
			return err
		}
	}
	return nil
}

// fill makes partitions in the store.
func (h *host) fill(ctx context.Context, from, to int) error {
	for ; from < to; from += 1000 {
		err := h.engine.Update(ctx, func(tx *store.Tx, now glue.Time) error {
			d, err := tx.Database("d")
			if err != nil {
				return err
			}
			t, err := tx.Table(d.ID, "t")
			if err != nil {
				return err
			}
			all := tx.Partitions(t.ID)
			for i := from; i < min(to, from+1000); i++ {
				in := partitionOf(i)
				rec := &store.PartitionRecord{Key: catalog.Key(in.Values...), Partition: glue.Partition{
					CreationTime: now, StorageDescriptor: in.StorageDescriptor, Parameters: in.Parameters,
				}}
				if err := all.Put(rec); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// partitionOf is one of ten shops on one of many days, with 20 columns.
func partitionOf(i int) glue.PartitionInput {
	at := time.Date(1994, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i/10)
	values := []string{at.Format("2006"), at.Format("01"), at.Format(time.DateOnly), fmt.Sprintf("shop-%02d", i%10)}
	columns := make([]glue.Column, 20)
	for i := range columns {
		columns[i] = glue.Column{Name: fmt.Sprintf("column_%02d", i), Type: "string", Comment: "what it is"}
	}
	return glue.PartitionInput{Values: values, Parameters: map[string]string{"recordCount": "1234", "objectCount": "1"}, StorageDescriptor: &glue.StorageDescriptor{
		Columns: columns, Location: "s3://bucket/table/" + strings.Join(values, "/") + "/",
		InputFormat:  "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
		OutputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
		SerdeInfo:    &glue.SerDeInfo{SerializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
	}}
}
