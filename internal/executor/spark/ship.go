package spark

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reglue/reglue/internal/runner"
)

// ship gives the executors of a cluster what is on the driver's PYTHONPATH, such as
// awsglue and what --additional-python-modules installed: folders as archives that
// Spark unpacks where executors work, and the rest as --py-files. Executors carry the
// job run's id too: those on this machine are found by it when their driver is lost.
func ship(props *properties, j *Job) error {
	props.set("spark.executorEnv."+runner.EnvJobRunID, j.JobRunID)
	var archives, path []string
	for _, entry := range filepath.SplitList(j.Env["PYTHONPATH"]) {
		info, err := os.Stat(entry)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			j.PyFiles = append(j.PyFiles, entry)
			continue
		}
		archive, err := packed(filepath.Join(j.Home, "archives"), entry)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("python%d", len(path))
		archives = append(archives, archive+"#"+name)
		path = append(path, name)
	}
	if len(archives) > 0 {
		props.set("spark.archives", strings.Join(archives, ","))
		props.set("spark.executorEnv.PYTHONPATH", strings.Join(path, string(os.PathListSeparator)))
	}
	return nil
}

// packed is the archive of a folder, made once for the files that it has: those below
// a job's PYTHONPATH never change, but more may come.
func packed(to, dir string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q", dir)
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		fmt.Fprintf(sum, "%q", path)
		return err
	})
	if err != nil {
		return "", err
	}
	target := filepath.Join(to, hex.EncodeToString(sum.Sum(nil)[:16])+".zip")
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(to, ".new-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, which is the good case
	w := zip.NewWriter(tmp)
	err = w.AddFS(os.DirFS(dir))
	if err := errors.Join(err, w.Close(), tmp.Sync(), tmp.Close()); err != nil {
		return "", err
	}
	return target, os.Rename(tmp.Name(), target)
}
