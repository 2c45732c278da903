package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	glueclient "github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"github.com/reglue/reglue/internal/executor/spark"
)

// sparkScript is a small job: a shuffle, Parquet written and read.
const sparkScript = `
import sys
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
out = sys.argv[1 + sys.argv.index("--out")]
df = spark.range(100000).selectExpr("id", "id % 7 AS k")
df.groupBy("k").count().write.mode("overwrite").parquet(out)
assert spark.read.parquet(out).groupBy().sum("count").first()[0] == 100000
`

const sparkRounds = 5

// sparks runs Spark jobs: what reglue adds to a bare spark-submit of the same script,
// and a workflow of ten Spark jobs in a chain, cold and warm.
func sparks(ctx context.Context, r *run) error {
	rt, err := spark.Find(ctx, spark.Search{Getenv: os.Getenv})
	if errors.Is(err, spark.ErrNone) {
		fmt.Printf("  not measured: %v\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	script := filepath.Join(r.dir, "job.py")
	if err := os.WriteFile(script, []byte(sparkScript), 0o600); err != nil {
		return err
	}
	if err := sparkOverhead(ctx, r, rt, script); err != nil {
		return err
	}
	for _, warm := range []bool{false, true} {
		if err := sparkChain(ctx, r, script, warm); err != nil {
			return err
		}
	}
	return nil
}

// sparkOverhead runs the script by spark-submit and as a job, in turns.
func sparkOverhead(ctx context.Context, r *run, rt *spark.Runtime, script string) error {
	p, err := startProgram(ctx, r, filepath.Join(r.dir, "data"))
	if err != nil {
		return err
	}
	if err := sparkJob(ctx, p, "job", script, filepath.Join(r.dir, "out")); err != nil {
		return err
	}
	var bare, job []float64
	for range r.size(sparkRounds, 1) {
		begin := time.Now()
		cmd := exec.CommandContext(ctx, rt.Submit(), "--conf", "spark.ui.enabled=false", script, "--out", filepath.Join(r.dir, "bare"))
		cmd.Env = append(os.Environ(), "SPARK_HOME="+rt.Home, "JAVA_HOME="+rt.JavaHome, "PYSPARK_PYTHON="+rt.Python)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("spark-submit: %w: %s", err, out)
		}
		bare = append(bare, time.Since(begin).Seconds())
		begin = time.Now()
		if err := runSparkJob(ctx, p); err != nil {
			return err
		}
		job = append(job, time.Since(begin).Seconds())
	}
	r.say("a bare spark-submit", median(bare), "s")
	fmt.Printf("  %-44s %10.3f s  = %.3f x bare\n", "the same script as a job", median(job), median(job)/median(bare))
	ratios := make([]float64, len(bare))
	for i := range bare {
		ratios[i] = job[i] / bare[i]
	}
	slices.Sort(ratios)
	fmt.Printf("  %-44s %10.3f  (%.3f to %.3f)\n", "  round by round, median of the ratios", median(ratios), ratios[0], ratios[len(ratios)-1])
	return p.stop()
}

func runSparkJob(ctx context.Context, p *program) error {
	out, err := p.client.StartJobRun(ctx, &glueclient.StartJobRunInput{JobName: aws.String("job")})
	if err != nil {
		return err
	}
	for {
		got, err := p.client.GetJobRun(ctx, &glueclient.GetJobRunInput{JobName: aws.String("job"), RunId: out.JobRunId})
		if err != nil {
			return err
		}
		switch got.JobRun.JobRunState {
		case types.JobRunStateSucceeded:
			return nil
		case types.JobRunStateStarting, types.JobRunStateWaiting, types.JobRunStateRunning:
		default:
			return fmt.Errorf("the Spark job is %s: %s", got.JobRun.JobRunState, aws.ToString(got.JobRun.ErrorMessage))
		}
		time.Sleep(pause / 5)
	}
}

func sparkJob(ctx context.Context, p *program, name, script, out string) error {
	_, err := p.client.CreateJob(ctx, &glueclient.CreateJobInput{
		Name: &name, Role: aws.String("role"), GlueVersion: aws.String("5.0"),
		WorkerType: types.WorkerTypeG1x, NumberOfWorkers: aws.Int32(2),
		Command:          &types.JobCommand{Name: aws.String("glueetl"), ScriptLocation: aws.String("file://" + script)},
		DefaultArguments: map[string]string{"--out": out},
	})
	return err
}

// sparkChain runs a chain of Spark jobs; the first run of it counts.
func sparkChain(ctx context.Context, r *run, script string, warm bool) error {
	name, args := "cold", []string(nil)
	if warm {
		name, args = "warm", []string{"--spark-warm"}
	}
	n := r.size(10, 2)
	p, err := startProgram(ctx, r, filepath.Join(r.dir, name), args...)
	if err != nil {
		return err
	}
	if _, err := p.client.CreateWorkflow(ctx, &glueclient.CreateWorkflowInput{Name: aws.String("w")}); err != nil {
		return err
	}
	for i := range n {
		job := fmt.Sprintf("job%d", i)
		if err := sparkJob(ctx, p, job, script, filepath.Join(r.dir, name+"-"+job)); err != nil {
			return err
		}
		t := &glueclient.CreateTriggerInput{
			Name: aws.String("start " + job), WorkflowName: aws.String("w"), Type: types.TriggerTypeOnDemand,
			Actions: []types.Action{{JobName: aws.String(job)}},
		}
		if i > 0 {
			t.Type, t.StartOnCreation = types.TriggerTypeConditional, true
			t.Predicate = &types.Predicate{Conditions: []types.Condition{{
				LogicalOperator: types.LogicalOperatorEquals, JobName: aws.String(fmt.Sprintf("job%d", i-1)), State: types.JobRunStateSucceeded,
			}}}
		}
		if _, err := p.client.CreateTrigger(ctx, t); err != nil {
			return err
		}
	}
	took, err := realRun(ctx, p, n)
	if err != nil {
		return err
	}
	r.say(fmt.Sprintf("a chain of %d Spark jobs, %s", n, name), took, "s")
	return p.stop()
}
