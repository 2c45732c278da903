package spark

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

type java struct {
	home    string
	version int
}

// javas are the versions of Java that a Spark runs on, best first, by its
// documentation.
func javas(spark string) []int {
	switch {
	case minorAtLeast(spark, 4, 0) == nil:
		return []int{17, 21}
	case minorAtLeast(spark, 3, 3) == nil:
		return []int{17, 11, 8}
	}
	return []int{8, 11}
}

// javaFolders are where systems put Java; %d is its version.
var javaFolders = []string{
	"/usr/lib/jvm/*-%d-*", "/usr/lib/jvm/*-%d", "/usr/lib/jvm/*-1.%d.*",
	"/Library/Java/JavaVirtualMachines/*-%d*/Contents/Home",
	"/opt/homebrew/opt/openjdk@%d/libexec/openjdk.jdk/Contents/Home", "/usr/local/opt/openjdk@%d/libexec/openjdk.jdk/Contents/Home",
}

// findJava returns a Java that fits: that of JAVA_HOME, the one on PATH, else one of
// the system's.
func findJava(spark string, getenv func(string) string) (java, error) {
	fit := javas(spark)
	var seen []string
	for _, home := range []string{getenv("JAVA_HOME"), javaOnPath()} {
		if home == "" {
			continue
		}
		v := javaVersion(home)
		if slices.Contains(fit, v) {
			return java{home, v}, nil
		}
		if v != 0 {
			seen = append(seen, fmt.Sprintf("%s is Java %d", home, v))
		}
	}
	for _, v := range fit {
		for _, pattern := range javaFolders {
			homes, _ := filepath.Glob(fmt.Sprintf(pattern, v)) // the patterns are right
			for _, home := range homes {
				if javaVersion(home) == v {
					return java{home, v}, nil
				}
			}
		}
	}
	what := "none was found"
	if len(seen) > 0 {
		what = strings.Join(seen, ", ")
	}
	return java{}, fmt.Errorf("no fitting Java: Spark %s needs %s, and %s: install Java %d (%s), or set JAVA_HOME",
		spark, joinOr(fit), what, fit[0], javaAdvice(fit[0]))
}

func javaAdvice(version int) string {
	if runtime.GOOS == "darwin" {
		return fmt.Sprintf("brew install openjdk@%d", version)
	}
	return fmt.Sprintf("apt install openjdk-%d-jre-headless", version)
}

func joinOr(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	slices.Reverse(texts)
	last := len(texts) - 1
	return strings.Join(texts[:last], ", ") + " or " + texts[last]
}

// javaOnPath is the home of the java on PATH.
func javaOnPath() string {
	path, err := exec.LookPath("java")
	if err != nil {
		return ""
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return ""
	}
	return filepath.Dir(filepath.Dir(path))
}

var (
	releaseVersion = regexp.MustCompile(`(?m)^JAVA_VERSION="(?:1\.)?(\d+)`)
	spokenVersion  = regexp.MustCompile(`version "(?:1\.)?(\d+)`)
)

// javaVersion is the feature version of the Java in a folder; zero when there is
// none. Its file "release" says it; some builds have none and are asked.
func javaVersion(home string) int {
	program := filepath.Join(home, "bin", "java")
	if _, err := os.Stat(program); err != nil {
		return 0
	}
	for _, dir := range []string{home, filepath.Dir(home)} { // Java 8 may be in jre/
		text, err := os.ReadFile(filepath.Join(dir, "release"))
		if err != nil {
			continue
		}
		if m := releaseVersion.FindSubmatch(text); m != nil {
			return number(m[1])
		}
	}
	out, err := exec.Command(program, "-version").CombinedOutput()
	m := spokenVersion.FindSubmatch(out)
	if err != nil || m == nil {
		return 0
	}
	return number(m[1])
}

func number(text []byte) int {
	n, err := strconv.Atoi(cmp.Or(string(text), "0"))
	if err != nil {
		return 0
	}
	return n
}
