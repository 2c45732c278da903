package cli

import (
	"github.com/spf13/pflag"

	"github.com/reglue/reglue/internal/executor/spark"
)

// envSparkMaster is the master of a server that is given none.
const envSparkMaster = "REGLUE_SPARK_MASTER"

// sparkFlags register the settings of Spark jobs. Each ends with when it holds.
func sparkFlags(f *pflag.FlagSet, s *spark.Settings, when string) {
	f.StringVar(&s.Dir, "spark", "", "folder of the Spark that runs Spark jobs (REGLUE_SPARK; default that of 'reglue spark install')"+when)
	f.StringVar(&s.Master, "spark-master", "", "where Spark jobs run: local[*], local[N], spark://HOST:PORT, yarn or k8s://URL ("+envSparkMaster+"; default local[*])"+when)
	f.StringArrayVar(&s.Conf, "spark-conf", nil, "setting of Spark for all jobs, KEY=VALUE; a job's --conf goes before it (repeatable)"+when)
}

// sparkArgs are the flags that give the same settings.
func sparkArgs(s spark.Settings) []string {
	var args []string
	if s.Dir != "" {
		args = append(args, "--spark", s.Dir)
	}
	if s.Master != "" {
		args = append(args, "--spark-master", s.Master)
	}
	for _, kv := range s.Conf {
		args = append(args, "--spark-conf", kv)
	}
	return args
}
