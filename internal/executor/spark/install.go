package spark

import (
	"os"
	"path/filepath"
)

// installedMark is the file that a whole installation has.
const installedMark = "reglue-spark.json"

// DefaultDir is where Install puts a runtime unless told otherwise.
func DefaultDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "reglue", "spark"), nil
}
