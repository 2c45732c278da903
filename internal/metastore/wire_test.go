package metastore_test

import (
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/reglue/reglue/internal/metastore/hms"
)

// message is a call as it is sent.
func message(t testing.TB, name string, args thrift.TStruct) []byte {
	t.Helper()
	buf := thrift.NewTMemoryBuffer()
	p := thrift.NewTBinaryProtocolConf(buf, nil)
	ctx := t.Context()
	for _, err := range []error{p.WriteMessageBegin(ctx, name, thrift.CALL, 1), args.Write(ctx, p), p.WriteMessageEnd(ctx)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return buf.Bytes()
}

func createTable(t testing.TB) []byte {
	return message(t, "create_table", &hms.ThriftHiveMetastoreCreateTableArgs{Tbl: &hms.Table{
		DbName: "default", TableName: "t", Parameters: map[string]string{"a": "b"},
		Sd: &hms.StorageDescriptor{Cols: []*hms.FieldSchema{{Name: "a", Type: "int"}}, SerdeInfo: &hms.SerDeInfo{}},
	}})
}

// sent writes bytes on a connection of its own, and reads until the server ends it or
// falls silent with nothing more to come.
func (s *server) sent(t testing.TB, b []byte) []byte {
	t.Helper()
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write(b) // the server may have ended it already
	_ = c.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(c) // likewise
	return answer
}

// TestGarbage holds that what is no call ends its own connection alone.
func TestGarbage(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	whole := createTable(t)
	huge := bytes.Clone(whole)
	at := bytes.Index(huge, []byte("default"))
	copy(huge[at-4:], []byte{0x7f, 0xff, 0xff, 0xff}) // the length of a text
	old := append([]byte{0, 0, 0, 17}, append([]byte("get_all_databases"), 1, 0, 0, 0, 1, 0)...)
	for name, b := range map[string][]byte{
		"a web page":        []byte("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\nabc"),
		"zeros":             make([]byte, 1000),
		"a huge text":       huge,
		"half a message":    whole[:len(whole)/2],
		"no version":        old,
		"framed":            append([]byte{0, 0, 0, byte(len(whole))}, whole...),
		"nothing":           {},
		"an unknown answer": message(t, "nosuch", hms.NewThriftHiveMetastoreGetAllDatabasesArgs())[:10],
	} {
		s.sent(t, b)
		if _, err := s.GetAllDatabases(t.Context()); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
	}
	if answer := s.sent(t, whole); len(answer) == 0 {
		t.Error("a whole call is not answered")
	}
}

// FuzzWire sends what no client would; a panic or a hang fails it.
func FuzzWire(f *testing.F) {
	f.Add(createTable(f))
	f.Add(message(f, "set_ugi", &hms.ThriftHiveMetastoreSetUgiArgs{UserName: "u", GroupNames: []string{"g"}}))
	f.Add(message(f, "nosuch", hms.NewThriftHiveMetastoreGetAllDatabasesArgs()))
	f.Add(message(f, "get_partitions_by_filter", &hms.ThriftHiveMetastoreGetPartitionsByFilterArgs{DbName: "d", TblName: "t", Filter: `a = "b"`, MaxParts: 1}))
	s := newServer(f)
	f.Fuzz(func(t *testing.T, b []byte) { s.sent(t, b) })
}
