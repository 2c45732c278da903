package spark

import (
	"path/filepath"
	"strconv"
)

// History is the command and the environment that serve Spark's own pages over event
// logs, on this machine alone, until it is ended.
func (rt *Runtime) History(events string, port int) (argv []string, env map[string]string) {
	argv = []string{filepath.Join(rt.Home, "bin", "spark-class"), "org.apache.spark.deploy.history.HistoryServer"}
	options := ""
	for _, kv := range [][2]string{
		{"spark.history.fs.logDirectory", "file:" + events},
		{"spark.history.ui.port", strconv.Itoa(port)},
		{"spark.history.fs.update.interval", "2s"},
		{"log4j2.configurationFile", "file:" + filepath.Join(filepath.Dir(events), logConfig)},
	} {
		options += "-D" + kv[0] + "=" + strconv.Quote(kv[1]) + " "
	}
	return argv, map[string]string{
		"SPARK_HOME": rt.Home, "JAVA_HOME": rt.JavaHome, "SPARK_HISTORY_OPTS": options,
		"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "localhost", "SPARK_DAEMON_MEMORY": "1g",
	}
}
