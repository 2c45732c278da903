package spark

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// The files that Spark jobs share.
const (
	logConfig    = "log4j2.properties"
	launcher     = "launch.sh"
	driverPython = "driver-python.sh"
	noProfiles   = "aws-config"
)

// launchScript says on standard error what runs, copies the files of the job into
// its folder, and becomes spark-submit.
const launchScript = `#!/bin/sh
printf 'reglue: %s\n' "$1" >&2
shift
while [ "$1" != -- ]; do
	cp "$1" . || exit 1
	shift
done
shift
exec "$@"
`

// driverScript gives the driver's Python the standard error of its job: Spark joins
// it to the standard output, in which a traceback would be mixed with the job's
// results.
const driverScript = `#!/bin/sh
[ -w "/proc/$PPID/fd/2" ] && exec 2>>"/proc/$PPID/fd/2"
exec "$REGLUE_PYTHON" "$@"
`

// logProperties keep Spark quiet: what a job logs itself, through Glue's logger or
// log4j, is told from INFO on.
const logProperties = `rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yyyy-MM-dd HH:mm:ss} %p %c{1}: %m%n%ex
logger.glue.name = GlueLogger
logger.glue.level = info
logger.awsglue.name = awsglue
logger.awsglue.level = info
# It tells at every start that there is no native library of Hadoop.
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
# It has no file of settings and needs none.
logger.metrics.name = org.apache.hadoop.metrics2.impl.MetricsConfig
logger.metrics.level = error
`

// Prepare writes the files that Spark jobs share into their folder. Calling it
// again is harmless, also beside running jobs.
func Prepare(home string) error {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	for name, text := range map[string]string{logConfig: logProperties, launcher: launchScript, driverPython: driverScript, noProfiles: ""} {
		if err := ensure(filepath.Join(home, name), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// ensure makes the file hold want; a reader sees the old or the new bytes.
func ensure(path string, want []byte) error {
	have, err := os.ReadFile(path)
	if err == nil && bytes.Equal(have, want) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, which is the good case
	_, err = tmp.Write(want)
	if err := errors.Join(err, tmp.Chmod(0o700), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
