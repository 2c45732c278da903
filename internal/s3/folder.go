package s3

import (
	"fmt"
	"strings"
)

// Folder returns the folder in which the objects below a location lie; it need not
// exist. It fails for a whole bucket, for a bucket that is not there, and for what rules
// spread over several folders or map as a whole.
func (m *Map) Folder(location string) (string, error) {
	rest, _ := strings.CutPrefix(location, "s3://")
	bucket, key, _ := strings.Cut(rest, "/")
	key = strings.TrimSuffix(key, "/")
	if key == "" {
		return "", fmt.Errorf("location %q names a bucket, not a folder in it", location)
	}
	if err := checkSegments(key); err != nil {
		return "", fmt.Errorf("location %q cannot be a folder: %w", location, err)
	}
	if !m.exists(bucket) {
		return "", fmt.Errorf("location %q: there is no bucket %s", location, bucket)
	}
	for i := range m.rules {
		if r := &m.rules[i]; r.Bucket == bucket && strings.HasPrefix(r.Prefix, key+"/") {
			return "", fmt.Errorf("location %q: --map %s is in it", location, r.Location())
		}
	}
	dir, _ := m.folder(bucket, key+"/")
	return dir, nil
}
