package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/reglue/reglue/internal/executor/spark"
)

func newSparkCommand(a *app) *cobra.Command {
	var s spark.Settings
	cmd := &cobra.Command{
		Use:   "spark",
		Short: "Show, install and look into the Spark that runs Spark jobs",
		Long: `Spark shows which Spark runs the Spark jobs (glueetl and gluestreaming) of this
machine's servers, and what it stands in for.`,
		GroupID: groupRun,
		Args:    knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.showSpark(cmd.Context(), s) },
	}
	sparkFlags(cmd.Flags(), &s, "")
	cmd.AddCommand(newSparkInstallCommand(a), newSparkHistoryCommand(a))
	return cmd
}

// findSpark finds the runtime as a server of this environment would.
func (a *app) findSpark(ctx context.Context, dir string) (*spark.Runtime, error) {
	return spark.Find(ctx, spark.Search{Dir: dir, Getenv: a.getenv})
}

func (a *app) showSpark(ctx context.Context, s spark.Settings) error {
	rt, err := a.findSpark(ctx, s.Dir)
	if err != nil {
		return err
	}
	if s.Master == "" {
		s.Master = a.getenv(envSparkMaster)
	}
	if err := s.Check(); err != nil {
		return err
	}
	rt.AskPython(ctx)
	if a.json() {
		return writeJSON(a.Stdout, map[string]any{
			"spark": rt.Spark, "scala": rt.Scala, "hadoop": rt.Hadoop, "python": rt.PythonVersion, "java": rt.Java,
			"sparkHome": rt.Home, "pythonProgram": rt.Python, "javaHome": rt.JavaHome, "jars": rt.Jars, "from": rt.From, "master": s.Master,
			"glueVersions": spark.Versions,
		})
	}
	a.sayRuntime(rt, s.Master)
	return nil
}

func (a *app) sayRuntime(rt *spark.Runtime, master string) {
	fmt.Fprintf(a.Stdout, "Spark %s (Scala %s, Hadoop %s), from %s\n", rt.Spark, rt.Scala, rt.Hadoop, rt.From)
	t := &table{indent: 2}
	t.add(cell{"home", dim}, cell{rt.Home, plain})
	t.add(cell{"python", dim}, cell{rt.PythonVersion + ", " + rt.Python, plain})
	t.add(cell{"java", dim}, cell{fmt.Sprintf("%d, %s", rt.Java, rt.JavaHome), plain})
	t.add(cell{"master", dim}, cell{master, plain})
	for i, j := range rt.Jars {
		label := "jars"
		if i > 0 {
			label = ""
		}
		t.add(cell{label, dim}, cell{strings.TrimSuffix(filepath.Base(j), ".jar"), plain})
	}
	t.write(a.out)
	if !rt.HasS3() {
		fmt.Fprintln(a.Stdout, "It has no hadoop-aws, so s3:// can't be read or written: 'reglue spark install' installs a Spark that can.")
	}
	fmt.Fprintln(a.Stdout, "\nWhat a job's GlueVersion has in AWS, and what it meets here:")
	t = &table{indent: 2}
	for _, v := range spark.Versions {
		here := "the same"
		if v.Instead(rt) != "" {
			here = fmt.Sprintf("Spark %s, Python %s", rt.Spark, rt.PythonVersion)
		}
		t.add(cell{"Glue " + v.Glue, plain}, cell{"Spark " + v.Spark, plain}, cell{"Python " + v.Python, plain}, cell{here, plain})
	}
	t.write(a.out)
}

const sparkInstallLong = `Install makes a folder with Spark ` + spark.Installed + `: a Python venv with pyspark, boto3, pandas and
pyarrow, and the jars for S3, Avro and PostgreSQL. It takes 0.7 GB; pyspark alone is a
download of 0.3 GB. It needs Python 3.9 to 3.12 with venv, and Java 17, 11 or 8.

pip's own settings hold (PIP_INDEX_URL, PIP_PROXY, pip.conf). Jars are checked against
the SHA-256 that this program knows. An installation that was interrupted is repeated:
what is whole is kept.`

func newSparkInstallCommand(a *app) *cobra.Command {
	var in spark.Install
	cmd := &cobra.Command{
		Use:     "install",
		Short:   "Install Spark, without Docker",
		Long:    sparkInstallLong,
		Args:    arguments(0, 0),
		Example: "  reglue spark install\n  reglue spark install --with iceberg,delta",
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := a.untilSignal(cmd.Context())
			defer stop()
			in.Getenv = a.getenv
			in.Say = func(format string, args ...any) { fmt.Fprintf(a.Stdout, format+"\n", args...) }
			dir, err := in.Run(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.Stdout, "Spark %s is in %s\n", spark.Installed, dir)
			if usual, err := spark.DefaultDir(); err != nil || usual != dir {
				fmt.Fprintf(a.Stdout, "Servers find it there with:  export %s=%s\n", spark.EnvRuntime, quote(dir))
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&in.Dir, "to", "", "folder to install into (default below the user's folder for caches, where servers look)")
	f.StringSliceVar(&in.With, "with", nil, "table formats to add: "+strings.Join(spark.Formats(), ", "))
	f.StringVar(&in.Python, "python", "", "Python 3.9 to 3.12 to use (default: the best that is there)")
	f.StringVar(&in.Maven, "maven", "", "address of a Maven repository to use for the central one")
	return cmd
}

func newSparkHistoryCommand(a *app) *cobra.Command {
	var dir string
	var port int
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Serve Spark's own pages over the Spark jobs that ended",
		Long: `History starts Spark's history server over the event logs of the data folder, and runs
until it is interrupted. Jobs with --enable-spark-ui or --spark-event-logs-path have
such a log; each stands there under the job's name, and under its job run id in
spark.reglue.jobRunId of its environment.`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := a.untilSignal(cmd.Context())
			defer stop()
			return a.sparkHistory(ctx, dir, port)
		},
	}
	cmd.Flags().StringVar(&dir, "spark", "", "folder of the Spark (REGLUE_SPARK; default that of 'reglue spark install')")
	cmd.Flags().IntVar(&port, "port", 18080, "port of 127.0.0.1 to serve on")
	return cmd
}

func (a *app) sparkHistory(ctx context.Context, dir string, port int) error {
	if err := hasData(a.flags.data); err != nil {
		return err
	}
	data, err := filepath.Abs(a.flags.data)
	if err != nil {
		return err
	}
	events := spark.EventDir(filepath.Join(data, "spark"))
	if entries, err := os.ReadDir(events); err != nil || len(entries) == 0 {
		return fmt.Errorf("%s has no event log of a Spark job: run one with the argument --enable-spark-ui true", a.flags.data)
	}
	rt, err := a.findSpark(ctx, dir)
	if err != nil {
		return err
	}
	argv, env := rt.History(events, port)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = a.Env
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Stdout, cmd.Stderr = a.Stderr, a.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	fmt.Fprintf(a.Stdout, "Spark's history server starts at http://127.0.0.1:%d; Ctrl-C ends it\n", port)
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return fmt.Errorf("the history server ended with code %d; what it says is above", exit.ExitCode())
		}
		return err
	}
	return nil
}
