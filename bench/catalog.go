package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/reglue/reglue/internal/api"
	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/glue"
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
	begin := time.Now()
	if err := c.fill(ctx, n); err != nil {
		return err
	}
	r.say(fmt.Sprintf("BatchCreatePartition, %d in batches of 100", n), time.Since(begin).Seconds(), "s")
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
	if err := c.call(ctx, "DeleteTable", &glue.DeleteTableRequest{DatabaseName: "d", Name: "t"}, nil); err != nil {
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
		var page glue.GetPartitionsResponse
		begin := time.Now()
		if err := c.call(ctx, "GetPartitions", request, &page); err != nil {
			return err
		}
		took = append(took, time.Since(begin).Seconds())
		got = len(page.Partitions)
	}
	r.say(fmt.Sprintf("%s (%d)", what, got), median(took)*1e3, "ms")
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

func (c *catalogClient) call(ctx context.Context, op string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	in, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	in.Header.Set("Content-Type", "application/x-amz-json-1.1")
	in.Header.Set("X-Amz-Target", "AWSGlue."+op)
	w := &answerWriter{header: http.Header{}, status: http.StatusOK}
	c.handler.ServeHTTP(w, in)
	if w.status != http.StatusOK {
		return fmt.Errorf("%s: %d %s", op, w.status, w.body.String())
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal([]byte(w.body.String()), answer)
}

// fill makes a table of 20 columns with partitions by year, month, day and shop.
func (c *catalogClient) fill(ctx context.Context, n int) error {
	if err := c.call(ctx, "CreateDatabase", &glue.CreateDatabaseRequest{DatabaseInput: &glue.DatabaseInput{Name: "d"}}, nil); err != nil {
		return err
	}
	var columns []glue.Column
	for i := range 20 {
		columns = append(columns, glue.Column{Name: fmt.Sprintf("column_%02d", i), Type: "string", Comment: "what it is"})
	}
	table := &glue.TableInput{Name: "t", StorageDescriptor: &glue.StorageDescriptor{Columns: columns}, PartitionKeys: []glue.Column{
		{Name: "year", Type: "int"}, {Name: "month", Type: "string"}, {Name: "day", Type: "date"}, {Name: "shop", Type: "string"},
	}}
	if err := c.call(ctx, "CreateTable", &glue.CreateTableRequest{DatabaseName: "d", TableInput: table}, nil); err != nil {
		return err
	}
	day := time.Date(1994, 1, 1, 0, 0, 0, 0, time.UTC)
	var batch []glue.PartitionInput
	for i := range n {
		at := day.AddDate(0, 0, i/10)
		batch = append(batch, partitionOf(at, i%10, columns))
		if len(batch) < 100 && i < n-1 {
			continue
		}
		request := &glue.BatchCreatePartitionRequest{DatabaseName: "d", TableName: "t", PartitionInputList: batch}
		if err := c.call(ctx, "BatchCreatePartition", request, nil); err != nil {
			return err
		}
		batch = batch[:0]
	}
	return nil
}

func partitionOf(at time.Time, shop int, columns []glue.Column) glue.PartitionInput {
	values := []string{at.Format("2006"), at.Format("01"), at.Format(time.DateOnly), fmt.Sprintf("shop-%02d", shop)}
	return glue.PartitionInput{Values: values, Parameters: map[string]string{"recordCount": "1234", "objectCount": "1"}, StorageDescriptor: &glue.StorageDescriptor{
		Columns: columns, Location: "s3://bucket/table/" + strings.Join(values, "/") + "/",
		InputFormat:  "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
		OutputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
		SerdeInfo:    &glue.SerDeInfo{SerializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
	}}
}
