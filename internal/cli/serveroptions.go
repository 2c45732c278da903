package cli

import (
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/s3"
)

// The quotas that can be set.
const (
	quotaWorkflows      = "workflows"
	quotaTriggers       = "triggers"
	quotaJobs           = "jobs"
	quotaJobsPerTrigger = "jobs-per-trigger"
	quotaJobRuns        = "job-runs"
	quotaDatabases      = "databases"
	quotaTables         = "tables-per-database"
	quotaFunctions      = "functions-per-database"
	quotaPartitions     = "partitions-per-table"
	quotaTableVersions  = "versions-per-table"

	// defaultJobRuns is how many job runs an AWS account may have live.
	defaultJobRuns = 2000
)

var quotaNames = []string{
	quotaWorkflows, quotaTriggers, quotaJobs, quotaJobsPerTrigger, quotaJobRuns,
	quotaDatabases, quotaTables, quotaFunctions, quotaPartitions, quotaTableVersions,
}

// complete fills in defaults and refuses what can't be served.
func (o *serverOptions) complete() error {
	for _, name := range slices.Sorted(maps.Keys(o.Quotas)) {
		if !slices.Contains(quotaNames, name) {
			return fmt.Errorf("--quota knows %s, not %q", strings.Join(quotaNames, ", "), name)
		}
		if o.Quotas[name] == 0 {
			return fmt.Errorf("--quota %s: give a number, or -1 for no limit", name)
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Auth != "" && o.Auth != authNone && o.Auth != authSigV4 {
		return fmt.Errorf("--auth must be %s or %s, not %q", authNone, authSigV4, o.Auth)
	}
	// Refused before there is a folder.
	if o.Spark.Master == "" {
		o.Spark.Master = os.Getenv(envSparkMaster)
	}
	if err := o.Spark.Check(); err != nil {
		return err
	}
	if _, err := s3.NewMap(o.Data, o.Maps); err != nil {
		return err
	}
	if err := knownServices(o.AllowAWS); err != nil {
		return err
	}
	if o.Listen == "" || o.Auth == authSigV4 {
		return nil
	}
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return fmt.Errorf("--listen must be HOST:PORT: %w", err)
	}
	if !loopback(host) {
		return fmt.Errorf("--auth none serves on loopback only, since this server runs code for whoever reaches it; "+
			"use --auth sigv4 to listen on %s", o.Listen)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
