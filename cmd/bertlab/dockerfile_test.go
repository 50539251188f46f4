package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"bertlab/gbert/task"
)

// instructions are those of the Dockerfile, each with the rest of its line; comments are left out and continued lines joined.
func instructions(t *testing.T) (list [][2]string, text string) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	text = string(file)
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			name, rest, _ := strings.Cut(line, " ")
			list = append(list, [2]string{name, strings.TrimSpace(rest)})
		}
	}
	return list, text
}

// What of the recipe for an image can be checked without Docker: Go's version, the files and packages that it names, the call of the
// program in it with its flags, and the arguments that people are told of.
func TestTheDockerfileNamesWhatIsThere(t *testing.T) {
	list, text := instructions(t)
	root := filepath.Join("..", "..")
	module, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(string(module))[1]
	arguments, program, entry, calls := map[string]string{}, "", "", 0
	for _, i := range list {
		name, rest := i[0], i[1]
		fields := strings.Fields(rest)
		switch name {
		case "ARG":
			for _, argument := range fields {
				key, value, _ := strings.Cut(argument, "=")
				arguments[key] = value
			}
		case "FROM":
			if image, found := strings.CutPrefix(fields[0], "golang:"); found && !strings.HasPrefix(image, version+"-") {
				t.Errorf("the image is golang:%s, and go.mod says %s", image, version)
			}
		case "COPY":
			if from := fields[0]; strings.HasPrefix(from, "--from=") {
				program = fields[2]
				continue
			}
			for _, path := range fields[:len(fields)-1] {
				if _, err := os.Stat(filepath.Join(root, path)); err != nil {
					t.Error(err)
				}
			}
		case "RUN":
			for call := range strings.SplitSeq(rest, "&&") {
				switch words := strings.Fields(strings.ReplaceAll(call, `"`, "")); words[0] {
				case "go":
					if pkg := words[len(words)-1]; strings.HasPrefix(pkg, "./") {
						if _, err := os.Stat(filepath.Join(root, pkg, "main.go")); err != nil {
							t.Error(err)
						}
					}
				case "bertlab":
					calls++
					command, rest, err := newApp(os.Stdout, os.Stderr).root().Find(words[1:])
					if err != nil || command.Name() != words[1] {
						t.Fatalf("%q is no call: %v", call, err)
					}
					if err := command.ParseFlags(rest); err != nil {
						t.Errorf("%q: %v", call, err)
					}
					command.Flags().Visit(func(flag *pflag.Flag) {
						if value, isArgument := strings.CutPrefix(flag.Value.String(), "$"); isArgument && arguments[value] == "" {
							t.Errorf("--%s takes %s, which has no value before it", flag.Name, value)
						}
					})
				}
			}
		case "ENTRYPOINT":
			entry = strings.Trim(rest, `[]"`)
		}
	}
	if calls != 1 || filepath.Base(program) != entry || entry != "bertlab" {
		t.Errorf("%d calls of the program %q, which begins as %q", calls, program, entry)
	}
	if _, err := task.Lookup(arguments["TASK"]); err != nil || arguments["BACKEND"] != "xla:cpu" {
		t.Errorf("the arguments are %v (%v)", arguments, err)
	}
	cluster, err := os.ReadFile(filepath.Join(root, "docs", "cluster.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := regexp.MustCompile(`--build-arg (\w+)=`).FindAllStringSubmatch(text+string(cluster), -1)
	if len(told) < 4 {
		t.Errorf("people are told of %v", told)
	}
	for _, argument := range told {
		if !slices.Contains([]string{"BASE", "BACKEND", "MODEL", "TASK"}, argument[1]) || arguments[argument[1]] == "" {
			t.Errorf("there is no argument %s", argument[1])
		}
	}
}
