package s3_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Spark keeps what is not whole yet below "_temporary", with a marker for each
// folder, and deletes the markers of the upper folders first.
func TestFoldersOfWorkInProgressGo(t *testing.T) {
	t.Parallel()
	lake := t.TempDir()
	h := handler(t, t.TempDir(), "s3://lake/="+lake)
	put := func(key string) {
		t.Helper()
		if status, body, _ := call(t, h, "PUT", "/lake/"+key, ""); status != http.StatusOK {
			t.Fatal(key, status, body)
		}
	}
	remove := func(key string) {
		t.Helper()
		if status, body, _ := call(t, h, "DELETE", "/lake/"+key, ""); status != http.StatusNoContent {
			t.Fatal(key, status, body)
		}
	}
	put("out/_temporary/0/")
	put("out/_temporary/0/task/part-0")
	put("out/day=1/part-0")
	remove("out/_temporary/0/")
	remove("out/_temporary/0/task/part-0")
	put("_kept/")
	put("_kept/x")
	remove("_kept/x")
	remove("out/day=1/part-0")
	for path, there := range map[string]bool{"out/_temporary": false, "_kept": true, "out/day=1": true} {
		if _, err := os.Stat(filepath.Join(lake, path)); (err == nil) != there {
			t.Errorf("%s: %v, want it there: %t", path, err, there)
		}
	}
}

func TestFoldersGoWhileOthersWrite(t *testing.T) {
	t.Parallel()
	h := handler(t, t.TempDir(), "s3://lake/="+t.TempDir())
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			target := fmt.Sprintf("/lake/_temporary/0/part-%d", i)
			for range 50 {
				if status, body, _ := call(t, h, "PUT", target, "x"); status != http.StatusOK {
					t.Errorf("PUT %s = %d %s", target, status, body)
				}
				if status, body, _ := call(t, h, "DELETE", target, ""); status != http.StatusNoContent {
					t.Errorf("DELETE %s = %d %s", target, status, body)
				}
			}
		})
	}
	wg.Wait()
}

// The SDK for C++, which pyarrow uses, names the version of the protocol.
func TestHeaderOfTheSDKForCPP(t *testing.T) {
	t.Parallel()
	h := handler(t, t.TempDir(), "s3://lake/="+t.TempDir())
	for _, method := range []string{"HEAD", "PUT"} {
		target := map[string]string{"HEAD": "/lake", "PUT": "/lake/x"}[method]
		if status, body, _ := call(t, h, method, target, "", "X-Amz-Api-Version", "2006-03-01"); status != http.StatusOK {
			t.Errorf("%s %s = %d %s", method, target, status, body)
		}
	}
}
