package jdbc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
)

// Login is how to log in to a server.
type Login struct {
	User, Password string
	// EnforceTLS refuses a server without TLS or with another name.
	EnforceTLS bool
	// Certificate is the path of a PEM file with the authority that signed the
	// server's certificate; empty means those of the machine.
	Certificate string
}

// Try connects to a server and logs in, if it speaks the server's protocol; of
// others it only finds out whether one of the addresses answers. The context
// bounds it. Its error tells the reason and never the password.
func Try(ctx context.Context, s Server, l Login) error {
	var err error
	switch s.Engine {
	case PostgreSQL, Redshift:
		err = tryPostgreSQL(ctx, s, l)
	case MySQL, MariaDB:
		err = tryMySQL(ctx, s, l)
	default:
		err = dial(ctx, s.Addresses)
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s did not answer in time", strings.Join(s.Addresses, ", "))
	}
	return errors.New(hidden(err.Error(), l.Password))
}

// hidden is a text without a password, however it is written in it.
func hidden(text, password string) string {
	if password == "" {
		return text
	}
	for _, written := range []string{password, url.QueryEscape(password), url.PathEscape(password)} {
		text = strings.ReplaceAll(text, written, "****")
	}
	return text
}

// dial reports whether one of the addresses answers.
func dial(ctx context.Context, addresses []string) error {
	var errs []error
	for _, at := range addresses {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", at)
		if err == nil {
			return conn.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func tryPostgreSQL(ctx context.Context, s Server, l Login) error {
	// Each setting is given, so that none is taken from the server's environment.
	mode := s.Parameters["sslmode"]
	if mode == "" {
		mode = "prefer" // as pgJDBC
		if strings.EqualFold(s.Parameters["ssl"], "true") {
			mode = "require"
		}
	}
	if l.EnforceTLS {
		mode = "verify-full"
	}
	query := url.Values{"sslmode": {mode}, "passfile": {os.DevNull}}
	if l.Certificate != "" {
		query.Set("sslrootcert", l.Certificate)
	}
	database := s.Database
	if database == "" {
		database = l.User
	}
	at := url.URL{
		Scheme: "postgres", Host: strings.Join(s.Addresses, ","), Path: "/" + database,
		User: url.UserPassword(l.User, l.Password), RawQuery: query.Encode(),
	}
	config, err := pgx.ParseConfig(at.String())
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return conn.Ping(ctx)
}

func tryMySQL(ctx context.Context, s Server, l Login) error {
	config := mysql.NewConfig()
	config.Net, config.Addr, config.DBName = "tcp", s.Addresses[0], s.Database
	config.User, config.Passwd = l.User, l.Password
	config.Logger = silent{}
	config.TLSConfig = "preferred"
	if l.EnforceTLS {
		host, _, err := net.SplitHostPort(s.Addresses[0])
		if err != nil {
			return err
		}
		roots, err := authorities(l.Certificate)
		if err != nil {
			return err
		}
		config.TLSConfig, config.TLS = "", &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return err
	}
	return conn.Close()
}

// silent drops what the driver logs: its errors are returned.
type silent struct{}

func (silent) Print(...any) {}

// authorities are those of a PEM file; nil stands for those of the machine.
func authorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", path)
	}
	return pool, nil
}
