package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert/saves"
)

// CheckpointFolder is where a training run keeps its state, in the folder of its result.
const CheckpointFolder = ".checkpoint"

// modelFiles are the files that make a folder a model.
var modelFiles = []string{
	"config.json", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
	"tokenizer.json", "tokenizer_config.json", "vocab.txt", "spiece.model",
}

// Kind is what a flag names.
type Kind int

// The kinds of targets.
const (
	File   Kind = iota // a file, which is replaced if it is there
	Folder             // a folder for results, to which a repeated command adds
	Model              // a folder for a model and nothing else
)

// Target is a flag that names what a command writes.
type Target struct {
	Flag    string
	Kind    Kind
	Endings []string // of a file's name; none: any

	// Of a model: whether one that is there may be replaced (may be nil), and whether the run whose state lies in a folder may have been
	// killed right after it saved its model (nil: there are no such runs).
	Overwrite *bool
	GoesOn    func(state string) bool
	// Keep is set where the folder holds a model beside the state of such a run: it is replaced by none but its equal.
	Keep *bool
}

// Check reports what keeps a command from writing its targets: all that can be seen before anything is computed. Each flag of inputs
// names what is read, as arguments do. note is told what is only odd. Nothing is left behind by it.
func Check(flags *pflag.FlagSet, targets []Target, inputs []Input, note func(line string)) error {
	seen := map[string]string{}
	for _, t := range targets {
		flag := flags.Lookup(t.Flag)
		path := flag.Value.String()
		if path == "" {
			if t.Kind == Model {
				return fmt.Errorf("name the folder for the model with --%s", t.Flag)
			}
			if flag.Changed {
				return fmt.Errorf("--%s is empty: %s", t.Flag, t.expected())
			}
			continue
		}
		if err := t.check(path, inputs, note); err != nil {
			return err
		}
		real := resolve(path)
		if other := seen[real]; other != "" {
			return fmt.Errorf("--%s and --%s both name %s: give each a name of its own", other, t.Flag, path)
		}
		seen[real] = t.Flag
	}
	return nil
}

func (t Target) expected() string {
	return map[Kind]string{File: "the name of a file was expected", Folder: "the name of a folder for the results was expected", Model: "the name of a folder for the model was expected"}[t.Kind]
}

func (t Target) check(path string, inputs []Input, note func(line string)) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !isLink(path):
		info = nil
	case err != nil:
		return fmt.Errorf("--%s %s: %w", t.Flag, path, notPath(err))
	}
	if t.Kind == File {
		err = t.checkFile(path, info)
	} else {
		err = t.checkFolder(path, info)
	}
	if err == nil {
		err = t.spare(path, info, inputs, note)
	}
	if err == nil && t.Kind != File && info != nil {
		err = t.checkContents(path)
	}
	if err != nil {
		return err
	}
	return t.checkWritable(path)
}

func (t Target) checkFile(path string, info fs.FileInfo) error {
	switch {
	case info != nil && info.IsDir() || os.IsPathSeparator(path[len(path)-1]):
		return fmt.Errorf("--%s %s is a folder: %s", t.Flag, path, t.expected())
	case info != nil && !info.Mode().IsRegular():
		return fmt.Errorf("--%s %s is not a plain file: %s", t.Flag, path, t.expected())
	case len(t.Endings) > 0 && !slices.Contains(t.Endings, strings.ToLower(filepath.Ext(path))):
		return fmt.Errorf("--%s %s: the name must end in %s", t.Flag, path, either(t.Endings))
	}
	return nil
}

func (t Target) checkFolder(path string, info fs.FileInfo) error {
	if info != nil && !info.IsDir() {
		return fmt.Errorf("--%s %s is a file: %s", t.Flag, path, t.expected())
	}
	return nil
}

// checkContents looks at what a folder holds already.
func (t Target) checkContents(path string) error {
	if err := saves.Finish(path); err != nil {
		return err
	}
	held := heldModel(path)
	if t.Kind == Folder {
		if held != "" {
			return fmt.Errorf("--%s %s holds a model (%s): name a folder of its own for the results", t.Flag, path, held)
		}
		return nil
	}
	state := filepath.Join(path, CheckpointFolder)
	left, err := os.Lstat(state)
	stateful := err == nil
	if stateful && !left.IsDir() {
		return fmt.Errorf("%s is not a folder, so no run has left it there: remove it", state)
	}
	if t.Overwrite != nil && *t.Overwrite {
		return nil
	}
	if held == "" {
		return t.checkEmpty(path)
	}
	if stateful && t.GoesOn != nil && t.GoesOn(state) {
		*t.Keep = true
		return nil
	}
	hint := ""
	if stateful && t.GoesOn != nil {
		hint = ", which goes on with the run whose state is in " + CheckpointFolder
	}
	return fmt.Errorf("--%s %s holds a model already (%s): name another folder, or replace it with --overwrite%s", t.Flag, path, held, hint)
}

// checkEmpty refuses a folder with files of somebody else; hidden ones, such as the state of a run, do not count.
func (t Target) checkEmpty(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("--%s %s: %w", t.Flag, path, notPath(err))
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			return fmt.Errorf("--%s %s is not empty (it holds %s): name a new folder, or write the model beside what is there with --overwrite", t.Flag, path, entry.Name())
		}
	}
	return nil
}

// checkWritable tries to make a file where the target will be, or in the nearest folder that is there.
func (t Target) checkWritable(path string) error {
	dir := filepath.Clean(path)
	if t.Kind == File {
		dir = filepath.Dir(dir)
	}
	for {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("--%s %s: %s is a file, so nothing can be written below it", t.Flag, path, dir)
		}
		if err == nil {
			break
		}
		above := filepath.Dir(dir)
		if above == dir {
			return fmt.Errorf("--%s %s: %w", t.Flag, path, notPath(err))
		}
		dir = above
	}
	probe, err := os.CreateTemp(dir, ".bertlab-*")
	if err != nil {
		return fmt.Errorf("--%s %s cannot be written: %w", t.Flag, path, notPath(err))
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// heldModel is the first of a model's files that a folder holds; empty: it holds none.
func heldModel(dir string) string {
	i := slices.IndexFunc(modelFiles, func(name string) bool { return Exists(filepath.Join(dir, name)) })
	if i < 0 {
		return ""
	}
	return modelFiles[i]
}

// Save writes a model to a folder. With keep it is not written where the folder holds another model.
func Save(dir string, keep bool, write func(dir string) error) error {
	if !keep {
		return write(dir)
	}
	same, err := saves.Holds(dir, write)
	if err != nil || same {
		return err
	}
	return call.Wrongf("--out %s holds another model than this run's: replace it with --overwrite; nothing is computed again", dir)
}

// Exists says whether there is something of that name, a link that leads nowhere included.
func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// IsFile says whether there is a file, or anything but a folder.
func IsFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// notPath is an error of the system without the path, which the message has already.
func notPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func either(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
