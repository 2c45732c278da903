package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Version is set by release builds with -ldflags -X; other builds use what Go
// recorded.
var Version = ""

type versionInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
	System   string `json:"system"`
}

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  reglue version\n  reglue version -o json",
		Args:    arguments(0, 0),
		RunE: func(*cobra.Command, []string) error {
			v := thisVersion()
			if a.json() {
				return writeJSON(a.out, v)
			}
			text := "reglue " + v.Version
			if v.Revision != "" {
				text += " (" + cut(v.Revision, 12) + ")"
			}
			fmt.Fprintf(a.out, "%s, %s, %s\n", text, v.Go, v.System)
			return nil
		},
	}
}

func thisVersion() versionInfo {
	v := versionInfo{Version: Version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Revision = s.Value
			}
		}
		if v.Version == "" {
			v.Version = info.Main.Version
		}
	}
	if v.Version == "" {
		v.Version = "(devel)"
	}
	return v
}
