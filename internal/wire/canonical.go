package wire

import (
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// canonicalRequest writes a request in the form that SigV4 signs, from the
// headers that the caller says it signed.
func canonicalRequest(r *http.Request, signedHeaders []string, bodyHash string) string {
	var out strings.Builder
	out.WriteString(r.Method + "\n" + canonicalPath(r.URL.EscapedPath()) + "\n" + canonicalQuery(r.URL.RawQuery) + "\n")
	for _, name := range signedHeaders {
		out.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	out.WriteString("\n" + strings.Join(signedHeaders, ";") + "\n" + bodyHash)
	return out.String()
}

// headerValue joins all values of a header, each without needless spaces.
func headerValue(r *http.Request, name string) string {
	if name == "host" {
		return strings.TrimSpace(r.Host)
	}
	values := slices.Clone(r.Header.Values(name))
	for i, value := range values {
		values[i] = strings.Join(strings.Fields(value), " ")
	}
	return strings.Join(values, ",")
}

// canonicalPath cleans a path as it was sent and encodes it once more, as all
// services but S3 have it.
func canonicalPath(sent string) string {
	clean := path.Clean("/" + sent)
	if strings.HasSuffix(sent, "/") && clean != "/" {
		clean += "/"
	}
	return escape(clean, true)
}

// canonicalQuery sorts the parameters and encodes names and values alike.
func canonicalQuery(raw string) string {
	if raw == "" {
		return ""
	}
	type pair struct{ name, value string }
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, pair{recode(name), recode(value)})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if order := strings.Compare(a.name, b.name); order != 0 {
			return order
		}
		return strings.Compare(a.value, b.value)
	})
	texts := make([]string, len(pairs))
	for i, p := range pairs {
		texts[i] = p.name + "=" + p.value
	}
	return strings.Join(texts, "&")
}

// recode brings an encoded name or value into the one form that is signed.
func recode(sent string) string {
	plain, err := url.QueryUnescape(sent)
	if err != nil {
		plain = sent
	}
	return escape(plain, false)
}

// escape encodes all bytes but RFC 3986's unreserved ones, and slashes of paths.
func escape(text string, isPath bool) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9',
			c == '-', c == '_', c == '.', c == '~', isPath && c == '/':
			out.WriteByte(c)
		default:
			out.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return out.String()
}
