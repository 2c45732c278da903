package metastore_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"
	"go.uber.org/goleak"

	"github.com/reglue/reglue/internal/api"
	"github.com/reglue/reglue/internal/engine"
	"github.com/reglue/reglue/internal/executor/executortest"
	"github.com/reglue/reglue/internal/metastore"
	"github.com/reglue/reglue/internal/metastore/hms"
	"github.com/reglue/reglue/internal/s3"
	"github.com/reglue/reglue/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a metastore over a real store, and a client of it.
type server struct {
	*hms.ThriftHiveMetastoreClient
	api             *api.API
	data, warehouse string
	address         string
	t               testing.TB
}

func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{data: t.TempDir(), t: t}
	s.warehouse = filepath.Join(s.data, "warehouse")
	db, err := store.Open(t.Context(), s.data, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	buckets, err := s3.NewMap(s.data, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := engine.New(engine.Options{Store: db, Executor: &executortest.Instant{}})
	s.api = api.New(db, e, api.Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = l.Addr().String()
	m := metastore.New(metastore.Options{API: s.api, Warehouse: s.warehouse, Buckets: buckets})
	engineCtx, stopEngine := context.WithCancel(context.Background())
	ctx, stop := context.WithCancel(context.Background())
	engineEnd, end := make(chan error, 1), make(chan error, 1)
	go func() { engineEnd <- e.Run(engineCtx) }()
	go func() { end <- m.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		err := <-end
		stopEngine()
		if err := errors.Join(err, <-engineEnd, db.Close()); err != nil {
			t.Error(err)
		}
	})
	s.ThriftHiveMetastoreClient = s.client()
	return s
}

// client is a connection of its own.
func (s *server) client() *hms.ThriftHiveMetastoreClient {
	s.t.Helper()
	c := thrift.NewTSocketConf(s.address, nil)
	if err := c.Open(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return hms.NewThriftHiveMetastoreClientFactory(thrift.NewTBufferedTransport(c, 64<<10), thrift.NewTBinaryProtocolFactoryConf(nil))
}

// glue carries out an operation of the Glue API and returns what a client sees.
func (s *server) glue(op, request string) map[string]any {
	s.t.Helper()
	answer, err := s.api.Call(s.t.Context(), op, []byte(request))
	if err != nil {
		s.t.Fatalf("%s: %v", op, err)
	}
	text, err := json.Marshal(answer)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(text, &out); err != nil {
		s.t.Fatal(err)
	}
	return out
}

// table makes a table of two partition keys in the database d.
func (s *server) table(name string) *hms.Table {
	s.t.Helper()
	t := &hms.Table{
		DbName: "d", TableName: name, TableType: "MANAGED_TABLE",
		Sd:            &hms.StorageDescriptor{Cols: []*hms.FieldSchema{{Name: "Id", Type: "int", Comment: new("c")}}, SerdeInfo: &hms.SerDeInfo{}},
		PartitionKeys: []*hms.FieldSchema{{Name: "year", Type: "int"}, {Name: "Name", Type: "string"}},
	}
	if err := s.CreateTable(s.t.Context(), t); err != nil {
		s.t.Fatal(err)
	}
	return t
}

func (s *server) partition(table string, values ...string) *hms.Partition {
	return &hms.Partition{DbName: "d", TableName: table, Values: values, Sd: &hms.StorageDescriptor{
		Cols: []*hms.FieldSchema{{Name: "id", Type: "int"}}, SerdeInfo: &hms.SerDeInfo{},
	}}
}

func (s *server) add(table string, all ...*hms.Partition) {
	s.t.Helper()
	for _, p := range all {
		p.TableName = table
	}
	if _, err := s.AddPartitionsReq(s.t.Context(), &hms.AddPartitionsRequest{DbName: "d", TblName: table, Parts: all}); err != nil {
		s.t.Fatal(err)
	}
}
