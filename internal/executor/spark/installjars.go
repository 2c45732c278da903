package spark

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	jarTries = 3
	tryPause = 3 * time.Second
	// sdkBundle holds all of AWS, of which S3 needs little.
	sdkBundle = "com.amazonaws:aws-java-sdk-bundle"
	// envRepository is the variable by which Spark takes another central repository.
	envRepository = "DEFAULT_ARTIFACT_REPOSITORY"
)

// jars gets the jars that are missing by Spark's own resolver, which knows Maven
// repositories and their mirrors, and checks them.
func (in *Install) jars(ctx context.Context) error {
	want := baseJars
	for _, f := range in.With {
		want = append(want, formatJars[f]...)
	}
	to := filepath.Join(in.Dir, "jars")
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	var missing []jar
	for _, j := range want {
		if checkSum(filepath.Join(to, j.file()), j.sha256) != nil {
			missing = append(missing, j)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	in.Say("getting %d jars", len(missing))
	cache := filepath.Join(in.Dir, ".ivy")
	var err error
	for try := range jarTries {
		if try > 0 {
			in.Say("trying again: %v", err)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(tryPause):
			}
		}
		if err = in.resolve(ctx, cache, missing); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("the jars could not be had: %w; what there is of them is kept, so try again. "+
			"Another Maven repository is named with --maven", err)
	}
	for _, j := range missing {
		if err := takeJar(cache, to, j); err != nil {
			return err
		}
	}
	return os.RemoveAll(cache)
}

// resolve lets Spark get jars into a cache: it does so for a job's packages, so it
// runs a job that does nothing.
func (in *Install) resolve(ctx context.Context, cache string, jars []jar) error {
	rt, err := Search{Getenv: in.Getenv}.venvOf(in.Dir)
	if err != nil {
		return err
	}
	nothing := filepath.Join(in.Dir, ".nothing.py")
	if err := os.WriteFile(nothing, nil, 0o644); err != nil {
		return err
	}
	defer os.Remove(nothing)
	packages := make([]string, len(jars))
	for i, j := range jars {
		packages[i] = j.coordinates()
	}
	env := []string{"SPARK_HOME=" + rt.Home, "JAVA_HOME=" + rt.JavaHome, "PYSPARK_PYTHON=" + rt.Python, "SPARK_LOCAL_IP=127.0.0.1"}
	if in.Maven != "" {
		env = append(env, envRepository+"="+strings.TrimSuffix(in.Maven, "/")+"/")
	}
	out, err := run(ctx, env, rt.Submit(), "--master", "local[1]", "--conf", "spark.jars.ivy="+cache, "--conf", "spark.ui.enabled=false",
		"--packages", strings.Join(packages, ","), "--exclude-packages", sdkBundle, nothing)
	if err != nil {
		return errors.New(whyNot(out, err))
	}
	return nil
}

// whyNot picks what the resolver says is missing.
func whyNot(out string, err error) string {
	for line := range strings.Lines(out) {
		if _, why, ok := strings.Cut(line, "RuntimeException: ["); ok {
			return strings.TrimSuffix(strings.TrimSpace(why), "]")
		}
	}
	return lastOf(out, err)
}

// takeJar moves a jar out of the cache, if it is the one.
func takeJar(cache, to string, j jar) error {
	got := filepath.Join(cache, "jars", j.group+"_"+j.file())
	if err := checkSum(got, j.sha256); err != nil {
		return fmt.Errorf("%s is not what it should be: %w; it was not installed", j.coordinates(), err)
	}
	return os.Rename(got, filepath.Join(to, j.file()))
}

func checkSum(path, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("its SHA-256 is %s, not %s", got, want)
	}
	return nil
}
