package jdbc

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"jdbc:postgresql://db.example.com:5433/orders?sslmode=require&x=a%20b": "postgresql [db.example.com:5433] orders map[sslmode:require x:a b]",
		"jdbc:postgresql://a:1,b:2/d":                                          "postgresql [a:1 b:2] d map[]",
		"jdbc:postgresql://[::1]/d":                                            "postgresql [[::1]:5432] d map[]",
		"jdbc:redshift://c.eu.example.com:5439/dev":                            "redshift [c.eu.example.com:5439] dev map[]",
		"jdbc:mysql://h/shop?useSSL=false":                                     "mysql [h:3306] shop map[useSSL:false]",
		"jdbc:mariadb://h:3307":                                                "mariadb [h:3307]  map[]",
		"jdbc:sqlserver://h:1433;databaseName=d;user=u":                        "sqlserver [h:1433] d map[databaseName:d user:u]",
		"jdbc:sqlserver://h;databaseName=d":                                    "sqlserver [h:1433] d map[databaseName:d]",
		"jdbc:oracle:thin:@h:1521:ORCL":                                        "oracle [h:1521] ORCL map[]",
		"jdbc:oracle:thin:@//h:1522/svc":                                       "oracle [h:1522] svc map[]",
		"jdbc:oracle:thin://@h:1522/svc":                                       "oracle [h:1522] svc map[]",
		"jdbc:oracle:thin:scott/tiger@h:1522/svc":                              "oracle [h:1522] svc map[]",
		"mongodb://u:p@m1:27017,m2/admin?replicaSet=r":                         "mongodb [m1:27017 m2:27017] admin map[replicaSet:r]",
		"https://search.example.com/":                                          "https [search.example.com:443]  map[]",
	} {
		s, err := ParseURL(text)
		if got := fmt.Sprint(s.Engine, " ", s.Addresses, " ", s.Database, " ", s.Parameters); err != nil || got != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "hunter2", "jdbc:", "jdbc:postgresql:hunter2@", "jdbc:unknown://hunter2", "jdbc:postgresql:///hunter2"} {
		if s, err := ParseURL(text); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, %v", text, s, err)
		}
	}
}
