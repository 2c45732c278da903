package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// The built pages; scripts/console makes them.
//
//go:embed all:dist
var dist embed.FS

const (
	indexFile    = "index.html"
	assetsFolder = "/assets/"
)

// policy lets a page load what this server serves, and nothing else: no inline
// script, no other origin. Style attributes are how the graph places its nodes.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// protect sets what tells browsers to be careful.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// asset is a file of the pages.
type asset struct {
	body      []byte
	kind, tag string
	// packed is the body compressed, nil where that is no use.
	packed func() []byte
}

// kinds are the media types of the files that a build makes. The machine's own table
// may lack some.
var kinds = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".ico":   "image/x-icon",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".mjs":   "text/javascript; charset=utf-8",
	".png":   "image/png",
	".svg":   "image/svg+xml",
	".txt":   "text/plain; charset=utf-8",
	".woff2": "font/woff2",
}

// assets are the files by their path, read when a page is first asked for.
var assets = sync.OnceValue(func() map[string]*asset {
	out := map[string]*asset{}
	// What is embedded can be read.
	_ = fs.WalkDir(dist, "dist", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		out[strings.TrimPrefix(name, "dist")] = newAsset(name, body)
		return nil
	})
	return out
})

func newAsset(name string, body []byte) *asset {
	sum := sha256.Sum256(body)
	a := &asset{body: body, kind: kinds[path.Ext(name)], tag: `"` + hex.EncodeToString(sum[:12]) + `"`, packed: func() []byte { return nil }}
	if a.kind == "" {
		a.kind = "application/octet-stream"
	}
	switch path.Ext(name) {
	case ".png", ".woff2", ".ico":
	default:
		a.packed = sync.OnceValue(func() []byte { return pack(body) })
	}
	return a
}

// pack compresses, unless that makes nothing smaller.
func pack(body []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	// Writing to memory does not fail.
	_, _ = z.Write(body)
	_ = z.Close()
	if out.Len() >= len(body) {
		return nil
	}
	return out.Bytes()
}

// isAsset reports whether a path is that of a built file, or where those are.
func isAsset(p string) bool {
	return strings.HasPrefix(p, assetsFolder) || p != "/" && assets()[p] != nil
}

// wantsPage reports whether a browser asks for a page.
func wantsPage(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "text/html")
}

// page answers with a file, or for the path of a page with the index.
func page(w http.ResponseWriter, r *http.Request) {
	a, cache := assets()[r.URL.Path], "no-cache"
	switch {
	case strings.HasPrefix(r.URL.Path, assetsFolder):
		if a == nil { // one of another build: never the index in its place
			http.NotFound(w, r)
			return
		}
		cache = "public, max-age=31536000, immutable" // its name changes with its content
	case a == nil:
		a = assets()["/"+indexFile]
	}
	a.send(w, r, cache)
}

func (a *asset) send(w http.ResponseWriter, r *http.Request, cache string) {
	h := w.Header()
	protect(h)
	h.Set("Cache-Control", cache)
	h.Set("Content-Type", a.kind)
	h.Set("Etag", a.tag)
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("If-None-Match"), a.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.body
	if takesGzip(r) {
		if packed := a.packed(); packed != nil {
			body = packed
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that has gone gets no answer
}

func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, quality, _ := strings.Cut(strings.ReplaceAll(coding, " ", ""), ";")
		if strings.EqualFold(name, "gzip") && quality != "q=0" {
			return true
		}
	}
	return false
}
