package files_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// opening are the calls that open a file for reading without asking what it is.
var opening = regexp.MustCompile(`\b(os|ioutil)\.(Open|ReadFile|OpenFile)\(|\bioutil\.ReadAll\(`)

// exempt say why a call does not have to go through this package.
var exempt = []*regexp.Regexp{
	regexp.MustCompile(`"/proc/`),                       // the kernel's own
	regexp.MustCompile(`os\.Open\((dir|filepath\.Dir)`), // folders, to sync them
	regexp.MustCompile(`os\.OpenFile\(pipe, `),          // a named pipe, which the program has just made
	regexp.MustCompile(`os\.O_(WRONLY|RDWR)\b.*os\.O_`), // written to, after files.Check
}

// TestAllReadersOpenPlainFilesOfBoundedSize reads the program's own text: whoever opens a file opens it here.
func TestAllReadersOpenPlainFilesOfBoundedSize(t *testing.T) {
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		here, _ := filepath.Rel(root, path)
		switch {
		case entry.IsDir() && (here == filepath.Join("internal", "files") || entry.Name() == "testdata" || entry.Name() == "experimenttest" || strings.HasPrefix(entry.Name(), ".") && here != "."):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
	lines:
		for n, line := range strings.Split(string(text), "\n") {
			if !opening.MatchString(line) || strings.HasPrefix(strings.TrimSpace(line), "//") {
				continue
			}
			for _, reason := range exempt {
				if reason.MatchString(line) {
					continue lines
				}
			}
			t.Errorf("%s:%d: %s\nopens a file that may be a pipe, a device or of any size: use files.Open or files.Read", here, n+1, strings.TrimSpace(line))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
