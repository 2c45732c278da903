package jdbc

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

// The engines that connections name in JDBC_ENGINE and in URLs.
const (
	PostgreSQL = "postgresql"
	Redshift   = "redshift"
	MySQL      = "mysql"
	MariaDB    = "mariadb"
	SQLServer  = "sqlserver"
	Oracle     = "oracle"
)

// ports are those that the engines' own drivers take when a URL has none.
var ports = map[string]string{
	PostgreSQL: "5432", Redshift: "5439", MySQL: "3306", MariaDB: "3306", SQLServer: "1433", Oracle: "1521",
	"mongodb": "27017", "http": "80", "https": "443", "sftp": "22",
}

// Server is a place to connect to.
type Server struct {
	// Engine is one of the constants, or another scheme of a URL; empty for a
	// place of which the protocol is not known.
	Engine string
	// Addresses are HOST:PORT, of which one has to answer.
	Addresses []string
	Database  string
	// Parameters are those behind the database in the URL.
	Parameters map[string]string
}

// Address is HOST:PORT, with the engine's usual port where there is none.
func Address(engine, host, port string) string {
	if port == "" {
		port = ports[engine]
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// scheme is the beginning of a URL; Oracle's may have a user in it.
var scheme = regexp.MustCompile(`^(?:jdbc:)?([a-z][a-z0-9+.-]*):(?:thin:[^@/]*(?:/[^@]*)?@?)?(?://)?@?`)

// ParseURL reads the URL of a JDBC connection, or of another: a scheme, hosts with
// ports, a database and parameters. Its errors do not repeat the URL, which may
// hold a password.
func ParseURL(text string) (Server, error) {
	var s Server
	m := scheme.FindStringSubmatch(text)
	if m == nil {
		return s, fmt.Errorf("the URL is not of the form jdbc:ENGINE://HOST:PORT/DATABASE")
	}
	s.Engine = m[1]
	hosts, rest := split(text[len(m[0]):], "/;?")
	hosts = hosts[strings.LastIndex(hosts, "@")+1:] // without a user
	s.Database, rest = databaseOf(rest)
	s.Parameters = map[string]string{}
	for pair := range strings.FieldsFuncSeq(rest, func(r rune) bool { return strings.ContainsRune("?&;", r) }) {
		key, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(value); err == nil && strings.Contains(rest, "?") {
			value = plain
		}
		s.Parameters[key] = value
	}
	if s.Engine == SQLServer && s.Database == "" {
		s.Database = s.Parameters["databaseName"]
	}
	for host := range strings.SplitSeq(hosts, ",") {
		name, port := host, ""
		if i := strings.LastIndex(host, ":"); i > strings.LastIndex(host, "]") {
			name, port = host[:i], host[i+1:]
		}
		if s.Engine == Oracle { // HOST:PORT:SID
			parts := strings.SplitN(host, ":", 3)
			if len(parts) == 3 {
				name, port, s.Database = parts[0], parts[1], parts[2]
			}
		}
		if name == "" || port == "" && ports[s.Engine] == "" {
			return s, fmt.Errorf("the URL names no HOST:PORT")
		}
		s.Addresses = append(s.Addresses, Address(s.Engine, name, port))
	}
	return s, nil
}

// split cuts a text before the first of some signs.
func split(text, signs string) (before, rest string) {
	if i := strings.IndexAny(text, signs); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// databaseOf is the path of a URL, and what follows it.
func databaseOf(rest string) (database, parameters string) {
	if !strings.HasPrefix(rest, "/") {
		return "", rest
	}
	database, parameters = split(rest[1:], ";?")
	if plain, err := url.PathUnescape(database); err == nil {
		database = plain
	}
	return database, parameters
}
