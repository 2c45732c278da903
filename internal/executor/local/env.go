package local

import (
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/reglue/reglue/internal/executor"
	"github.com/reglue/reglue/internal/runner"
)

// passed are the variables of the server that jobs get: what programs need to
// find things, to write text, and to reach the network as this machine does.
var passed = []string{
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE",
	"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "JAVA_HOME",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
	"http_proxy", "https_proxy", "all_proxy", "no_proxy",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
}

// serverEnv is the harmless part of the server's environment.
func (x *Executor) serverEnv() map[string]string {
	env := map[string]string{}
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		if slices.Contains(passed, name) || strings.HasPrefix(name, "LC_") || slices.Contains(x.opts.PassEnv, name) {
			env[name] = value
		}
	}
	return env
}

// environment is all that a job sees.
func (x *Executor) environment(s executor.Spec, pythonPath []string) map[string]string {
	env := x.serverEnv()
	maps.Copy(env, map[string]string{
		"PYTHONUNBUFFERED":      "1", // logs are read while the job runs
		"AWS_ENDPOINT_URL_GLUE": s.EndpointURL,
		// Throw-away values, so that a client finds some and asks nobody.
		"AWS_ACCESS_KEY_ID":         "reglue",
		"AWS_SECRET_ACCESS_KEY":     "reglue",
		"AWS_REGION":                "us-east-1",
		"AWS_DEFAULT_REGION":        "us-east-1",
		"AWS_EC2_METADATA_DISABLED": "true",
		// A profile of the user could name endpoints or switch ours off.
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	})
	if len(pythonPath) > 0 {
		env["PYTHONPATH"] = strings.Join(pythonPath, string(os.PathListSeparator))
	}
	if x.opts.Env != nil {
		maps.Copy(env, x.opts.Env(s))
	}
	delete(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
	if env["AWS_ENDPOINT_URL_GLUE"] == "" {
		delete(env, "AWS_ENDPOINT_URL_GLUE")
	}
	reachLoopback(env)
	env[runner.EnvJobRunID] = s.JobRunID
	return env
}

// settings writes variables as processes take them.
func settings(env map[string]string) []string {
	list := make([]string, 0, len(env)+1)
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// reachLoopback keeps calls to this machine away from proxies. Programs differ
// in which of the two spellings they read.
func reachLoopback(env map[string]string) {
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		hosts := splitList(env[name])
		if len(hosts) == 0 {
			hosts = splitList(env[strings.ToUpper(name)])
		}
		for _, h := range []string{"localhost", "127.0.0.1", "::1"} {
			if !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
		env[name] = strings.Join(hosts, ",")
	}
}
