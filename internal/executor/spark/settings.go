package spark

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Settings are the operator's. Zero values mean the defaults.
type Settings struct {
	// Dir is the folder of the runtime; see Find.
	Dir string
	// Master is where jobs run: local[*], local[N], spark://…, yarn or k8s://….
	Master string
	// Conf are settings of Spark, KEY=VALUE, that a job's --conf goes before.
	Conf []string
	// Metastore is the address of the Hive metastore over the Data Catalog,
	// thrift://HOST:PORT; empty when there is none.
	Metastore string
	// TempDir makes the --TempDir of jobs that name none; nil gives none.
	TempDir func() (string, error)
}

// DefaultMaster uses all cores of this machine.
const DefaultMaster = "local[*]"

// Check refuses settings that can't be used.
func (s *Settings) Check() error {
	if s.Master == "" {
		s.Master = DefaultMaster
	}
	if _, ok := s.Local(); !ok {
		known := slices.ContainsFunc([]string{"spark://", "k8s://"}, func(p string) bool {
			rest, ok := strings.CutPrefix(s.Master, p)
			return ok && rest != ""
		})
		if !known && s.Master != "yarn" {
			return fmt.Errorf("--spark-master must be local[*], local[N], spark://HOST:PORT, yarn or k8s://URL, not %q", s.Master)
		}
	}
	for _, kv := range s.Conf {
		if k, _, ok := strings.Cut(kv, "="); !ok || strings.TrimSpace(k) == "" {
			return fmt.Errorf("--spark-conf is KEY=VALUE, not %q", kv)
		}
	}
	if s.Metastore != "" {
		if u, err := url.Parse(s.Metastore); err != nil || u.Scheme != "thrift" {
			return fmt.Errorf("the metastore's address is thrift://HOST:PORT, not %q", s.Metastore)
		}
	}
	return nil
}

// masterHere reports whether the master can only be reached from this machine.
func (s *Settings) masterHere() bool {
	host, _, err := net.SplitHostPort(strings.TrimPrefix(s.Master, "spark://"))
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// Local reports whether jobs run within their drivers, and on how many cores; zero
// means all.
func (s *Settings) Local() (cores int, ok bool) {
	switch s.Master {
	case "local[*]", "":
		return 0, true
	case "local":
		return 1, true
	}
	if _, err := fmt.Sscanf(s.Master, "local[%d]", &cores); err != nil || cores < 1 {
		return 0, false
	}
	return cores, true
}
