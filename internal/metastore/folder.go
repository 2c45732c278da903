package metastore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/reglue/reglue/internal/glue"
)

// folders are the folders of tables and partitions. The Hive Metastore makes, moves and
// deletes them, and its clients count on it.
type folders struct {
	warehouse string
	buckets   Buckets
}

// ofDatabase is where the tables of a database without a location lie.
func (f folders) ofDatabase(name string) string {
	if name == defaultDatabase {
		return "file://" + f.warehouse
	}
	return below("file://"+f.warehouse, name+".db")
}

func below(location, name string) string { return strings.TrimSuffix(location, "/") + "/" + name }

// dir is the folder of this machine that a location names.
func (f folders) dir(location string) (string, error) {
	scheme, rest, _ := strings.Cut(location, ":")
	switch scheme {
	case "file":
		path := strings.TrimPrefix(strings.TrimPrefix(rest, "//localhost"), "//")
		if filepath.IsAbs(path) {
			return filepath.Clean(path), nil
		}
	case "s3", "s3a", "s3n":
		if f.buckets == nil {
			return "", errors.New("the files of S3 are not this server's")
		}
		return f.buckets.Folder("s3:" + rest)
	}
	return "", fmt.Errorf("%q is no folder of this server's S3 and no file:/ location", location)
}

// owned is dir for a folder whose files may be deleted or moved: in this server's S3,
// below the warehouse, or in the folder of the table's database.
func (f folders) owned(location, database string) (string, error) {
	dir, err := f.dir(location)
	if err != nil || !strings.HasPrefix(location, "file:") {
		return dir, err
	}
	for _, root := range []string{"file://" + f.warehouse, database} {
		if top, err := f.dir(root); err == nil && top != "/" && strings.HasPrefix(dir, top+"/") {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%s lies neither below the warehouse %s nor in the folder of its database", location, f.warehouse)
}

// make makes the folder of a location, if it is on this machine; clients expect to find
// what they have just defined. They see for themselves when it is not there.
func (s *session) make(location string) {
	dir, err := s.folders.dir(location)
	switch {
	case err != nil:
	case strings.HasPrefix(location, "s3"):
		_, rest, _ := strings.Cut(location, ":")
		err = s.folders.buckets.MakeFolder("s3:" + rest)
	default:
		err = os.MkdirAll(dir, 0o777) //nolint:gosec // as the jobs, which write into it, make theirs
	}
	if err != nil {
		s.server.opt.Log.Debug("a location's folder is not made", "location", location, "error", err)
	}
}

// remove deletes a folder of a managed table and what is in it. What may not be deleted
// stays, and is logged.
func (s *session) remove(ctx context.Context, t *glue.Table, location string) {
	d, err := s.database(ctx, t.DatabaseName)
	root := ""
	if err == nil {
		root = d.LocationUri
	}
	dir, err := s.folders.owned(location, root)
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		s.server.opt.Log.Warn("the files of what was dropped stay", "table", t.DatabaseName+"."+t.Name, "location", location, "error", err)
	}
}

// removeEmpty deletes the folder of a dropped database, unless something is in it.
func (s *session) removeEmpty(location string) {
	if dir, err := s.folders.owned(location, ""); err == nil {
		_ = os.Remove(dir) // it stays when something is in it
	}
}

// move gives a folder another name. One that is not there needs none.
func (s *session) move(ctx context.Context, database, from, to string) error {
	root := ""
	if d, err := s.database(ctx, database); err == nil {
		root = d.LocationUri
	}
	source, err := s.folders.owned(from, root)
	if err != nil {
		return glue.Errorf(glue.InvalidInput, "its files can't be moved: %v", err)
	}
	target, err := s.folders.owned(to, root)
	if err != nil {
		return glue.Errorf(glue.InvalidInput, "its files can't be moved: %v", err)
	}
	if _, err := os.Stat(target); err == nil {
		return glue.Errorf(glue.AlreadyExists, "its files can't be moved: %s is there already", to)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil { //nolint:gosec // as above
		return err
	}
	if err := os.Rename(source, target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
