package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const serveLong = `Serve owns the data folder and answers the AWS Glue API, so that the AWS CLI,
boto3, the SDKs and Terraform can create and run workflows here. Jobs run as
processes of this machine, as this user.

It can be stopped or killed at any time: running jobs go on without it, and the
next start finds how each of them ended. SIGTERM lets requests finish first.

Without --listen the port of the last start is taken again, so that the endpoint
of a job that still runs stays right; the first time it is ` + defaultListen + `.`

func newServeCommand(a *app) *cobra.Command {
	var o serverOptions
	var logFormat, logLevel string
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Serve the AWS Glue API from a data folder",
		Long:    serveLong,
		GroupID: groupRun,
		Args:    cobra.NoArgs,
		Example: `  reglue serve
  reglue serve --map s3://etl-scripts=./scripts --map s3://lake=/data/lake
  reglue serve --auth sigv4 --listen 0.0.0.0:4780

  export AWS_ENDPOINT_URL_GLUE=http://127.0.0.1:4780
  aws glue list-workflows`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := a.logger(logFormat, logLevel)
			if err != nil {
				return err
			}
			o.Data, o.Region, o.Log = a.flags.data, a.flags.region, log
			o.Key = accessKey{ID: a.getenv("REGLUE_ACCESS_KEY_ID"), Secret: a.getenv("REGLUE_SECRET_ACCESS_KEY")}
			if (o.Key.ID == "") != (o.Key.Secret == "") {
				return errors.New("set both REGLUE_ACCESS_KEY_ID and REGLUE_SECRET_ACCESS_KEY, or neither")
			}
			if o.Retention <= 0 {
				return fmt.Errorf("--retention must be more than nothing, not %s", o.Retention)
			}
			return a.serve(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Listen, "listen", "", "address to listen on, HOST:PORT")
	f.StringVar(&o.Auth, "auth", authNone, "none (loopback only) or sigv4")
	f.StringSliceVar(&o.Hosts, "allow-host", nil, "further name accepted in the Host header with --auth none")
	f.StringArrayVar(&o.Maps, "map", nil, "folder that stands for a bucket or prefix: s3://BUCKET/PREFIX=DIR (repeatable; others are DATA/s3/BUCKET)")
	f.StringVar(&o.Secrets, "secrets", "", "file with the secrets that connections name by SECRET_ID, as NAME: {username: …, password: …} (YAML or JSON, chmod 600)")
	f.StringSliceVar(&o.AllowAWS, "allow-aws", nil, "AWS services that jobs may really reach, with this server's credentials: "+
		strings.Join(slices.Sorted(maps.Keys(awsServices)), ", "))
	f.StringVar(&o.Account, "account", "", "account id kept in the folder when it is created (default "+defaultAccount+")")
	f.StringVar(&o.Python, "python", "", "interpreter of python shell jobs (default python3)")
	sparkFlags(f, &o.Spark, "")
	f.StringVar(&o.Metastore, "metastore", "", "address for Hive clients, HOST:PORT on loopback, or off (default a free port, which is kept)")
	f.IntVar(&o.MaxLocalJobs, "max-local-jobs", 0, "jobs that run at once; further ones wait (default 4 for each processor; a Spark job counts as 2 for each core that it uses)")
	f.DurationVar(&o.StopGrace, "stop-grace", 10*time.Second, "time between TERM and KILL when a job is stopped")
	f.DurationVar(&o.Retention, "retention", 90*24*time.Hour, "how long ended runs are kept")
	f.StringToIntVar(&o.Quotas, "quota", nil, "quotas other than those of an AWS account, NAME=N, -1 for none: "+strings.Join(quotaNames, ", "))
	f.Func("resume-limit", "'one': a resumed run can be resumed once, as in AWS (default); 'none': no limit", func(v string) error {
		if v != "one" && v != "none" {
			return fmt.Errorf("must be one or none")
		}
		o.UnlimitedResumes = v == "none"
		return nil
	})
	f.BoolVar(&o.ResumeStopped, "resume-stopped", false, "let STOPPED runs be resumed; AWS refuses")
	f.BoolVar(&o.ResumeRunning, "resume-running", false, "let RUNNING runs be resumed, which supersedes them; AWS refuses")
	f.StringVar(&logFormat, "log-format", "text", "text or json")
	f.StringVar(&logLevel, "log-level", "info", "debug, info, warn or error")
	completeWith(cmd, "auth", authNone, authSigV4)
	completeWith(cmd, "resume-limit", "one", "none")
	completeWith(cmd, "log-format", "text", "json")
	completeWith(cmd, "log-level", "debug", "info", "warn", "error")
	return cmd
}

// logger logs to standard error.
func (a *app) logger(format, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level: %w", err)
	}
	opt := &slog.HandlerOptions{Level: l}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(a.Stderr, opt)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(a.Stderr, opt)), nil
	}
	return nil, fmt.Errorf("--log-format must be text or json, not %q", format)
}

func (a *app) serve(ctx context.Context, o serverOptions) error {
	s, err := startServer(ctx, o)
	if err != nil {
		return err
	}
	a.sayServing(s)
	select {
	case <-ctx.Done():
	case <-a.Signals:
		fmt.Fprintln(a.Stderr, "finishing requests; running jobs go on without the server. Once more ends it at once")
	case <-s.Wait():
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close(ctx) }()
	select {
	case err := <-closed:
		if err != nil {
			return &exitError{code: exitRefused, err: err}
		}
		return nil
	case <-a.Signals:
		// What was answered is durable; a process may go at any time.
		return &exitError{code: exitDetached}
	}
}

// sayServing tells how to reach the server; a new key is shown this once.
func (a *app) sayServing(s *server) {
	if _, port, err := net.SplitHostPort(s.taken); err == nil {
		_, now, _ := net.SplitHostPort(s.listener.Addr().String()) // a listener's address has a port
		fmt.Fprintf(a.Stdout, "port %s is taken, so this server listens on port %s; --listen chooses one\n", port, now)
	}
	fmt.Fprintf(a.Stdout, "reglue serves the Glue API at %s from %s\n", s.Endpoint, s.opt.Data)
	fmt.Fprintf(a.Stdout, "The console for a browser is at %s/\n", s.Endpoint)
	if address := s.metastoreAddress(); address != "" {
		fmt.Fprintf(a.Stdout, "Spark finds the Data Catalog at thrift://%s\n", address)
	}
	if s.newKey {
		fmt.Fprintf(a.Stdout, "A key was made; it is kept in the data folder and not shown again:\n\n"+
			"export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n\n", s.key.ID, s.key.Secret)
	}
}
