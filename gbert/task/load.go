package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bertlab/internal/files"
)

// Finder finds data sets by name, in a cache or on the network.
type Finder interface {
	// DatasetFiles gives the local paths of the Parquet files of one split of a data set of the Hugging Face hub.
	DatasetFiles(ctx context.Context, id, config, split string) ([]string, error)
	// SentimentFolder gives the local folder of the sentiment archive hutto_ICWSM_2014.
	SentimentFolder(ctx context.Context) (string, error)
}

// The sentiment sets have no official split. Here dev is [SentimentHoldout] of the examples that are not neutral, drawn by
// [Dataset.HoldOut] with [SentimentSeed]; train is the rest. For movies that is 9,072 and 1,000.
//
// The ids of products and editorials name a review or an article and a sentence in it (12_3): its sentences stay on one side.
// Those of movies and tweets are plain numbers: the archive does not say which snippets come from one review.
const (
	SentimentHoldout = 1000
	SentimentSeed    = 2014
)

// Load gives a split (train, dev or test) of the task from
//
//   - the finder, if source is empty: GLUE from the hub, the sentiment sets from their archive;
//   - a file: the whole of it, as [ReadFile] does, whatever split is asked for;
//   - a folder with files named as GLUE's are (train.tsv, dev_matched.tsv, sts-dev.tsv), or the hub's
//     (validation-00000-of-00001.parquet), or train and dev as csv, parquet or jsonl; or with such a folder of the task in it
//     (SST-2/, sst2/); for a sentiment set the folder of the archive. SQuAD's files are train.json or train-v1.1.json, those of a
//     tagging train.conll.
//
// "validation" means dev. A test split may be without labels.
func Load(ctx context.Context, finder Finder, t *Task, split, source string, c Columns) (*Dataset, error) {
	o, err := t.open(ctx, finder, split, source, c)
	if err != nil {
		return nil, err
	}
	return o.load(ctx)
}

// open finds the files of a split.
func (t *Task) open(ctx context.Context, finder Finder, split, source string, c Columns) (*origin, error) {
	if t == nil {
		return nil, t.Check()
	}
	if split == "validation" {
		split = "dev"
	}
	if !slices.Contains([]string{"train", "dev", "test"}, split) {
		return nil, fmt.Errorf("task: %s: no split is called %q: choose train, dev or test", t.Name, split)
	}
	if split == "test" {
		c.Unlabelled = true
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	files, err := t.files(ctx, finder, split, source)
	if err != nil {
		return nil, err
	}
	rated := t.ratings != "" && source == "" || len(files) == 1 && t.ratings != "" && files[0] != source && filepath.Base(files[0]) == t.ratings
	return &origin{t, split, c, files, rated}, nil
}

func (o *origin) load(ctx context.Context) (*Dataset, error) {
	if o.rated {
		return o.task.sentimentSplit(o.files[0], o.split, o.columns)
	}
	return o.read(ctx, nil)
}

func (t *Task) sentimentSplit(file, split string, c Columns) (*Dataset, error) {
	if split == "test" {
		return nil, fmt.Errorf("task: %s has no test split: choose train or dev", t.Name)
	}
	d, err := ReadFile(t, file, c)
	if err != nil {
		return nil, err
	}
	train, dev, err := d.HoldOut(SentimentHoldout, SentimentSeed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if split == "train" {
		return train, nil
	}
	return dev, nil
}

// files gives the files of a split.
func (t *Task) files(ctx context.Context, finder Finder, split, source string) ([]string, error) {
	if source != "" {
		info, err := os.Stat(source)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("task: %s: there is no such file or folder", source)
		case err != nil:
			return nil, fmt.Errorf("task: %w", err)
		case info.IsDir():
			return t.inFolder(source, split)
		}
		return []string{source}, nil
	}
	if finder == nil || t.config == "" && t.ratings == "" {
		return nil, fmt.Errorf("task: %s: name a file or folder with its data", t.Name)
	}
	if t.ratings != "" {
		folder, err := finder.SentimentFolder(ctx)
		if err != nil {
			return nil, fmt.Errorf("task: %s: %w", t.Name, err)
		}
		return t.inFolder(folder, split)
	}
	files, err := finder.DatasetFiles(ctx, t.dataset(), t.config, t.hubSplit(split))
	if err != nil {
		return nil, fmt.Errorf("task: %s: %w", t.Name, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("task: %s: %s has no files for %s", t.Name, t.dataset(), t.hubSplit(split))
	}
	return files, nil
}

// hubSplit is the hub's name of a split: dev is validation, and all but train are matched or mismatched for MNLI.
func (t *Task) hubSplit(split string) string {
	if split == "train" {
		return split
	}
	if split == "dev" {
		split = "validation"
	}
	return split + t.suffix
}

// dataset is the task's data set on the hub.
func (t *Task) dataset() string {
	if t.hub != "" {
		return t.hub
	}
	return glueID
}

// inFolder finds the files of a split in a folder.
func (t *Task) inFolder(folder, split string) ([]string, error) {
	var tried []string
	for _, sub := range []string{".", t.folder, t.config, t.Name, "hutto_ICWSM_2014"} {
		if sub == "" {
			continue
		}
		dir := filepath.Join(folder, sub)
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue
		}
		for _, name := range t.fileNames(split) {
			if path := filepath.Join(dir, name); isFile(path) {
				return []string{path}, nil
			}
			if sub == "." {
				tried = append(tried, name)
			}
		}
		parts, err := files.Match(dir, t.hubSplit(split)+"-*.parquet")
		if err != nil {
			return nil, fmt.Errorf("task: %s: %w", dir, err)
		}
		if len(parts) > 0 {
			return parts, nil
		}
	}
	return nil, fmt.Errorf("task: %s: has no data for the %s split of %s: expected one of %s, or %s-*.parquet", folder, split, t.Name,
		strings.Join(tried, ", "), t.hubSplit(split))
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// fileNames lists the names that the file of a split may have.
func (t *Task) fileNames(split string) []string {
	if t.ratings != "" {
		return []string{t.ratings}
	}
	name := split
	if split != "train" {
		name += t.suffix
	}
	names := []string{name + ".tsv"}
	switch t.Kind {
	case Tagging:
		names = []string{name + ".conll", name + ".txt", name + ".bio"}
	case Spans:
		version := "v1.1"
		if t.Answers.None {
			version = "v2.0"
		}
		names = []string{name + ".json", name + "-" + version + ".json"}
	}
	if t.Name == "stsb" {
		names = append(names, "sts-"+name+".tsv", "sts-"+name+".csv")
	}
	stems := []string{name}
	if hub := t.hubSplit(split); hub != name {
		stems = append(stems, hub)
	}
	extensions := []string{".csv", ".parquet", ".jsonl"}
	if t.Kind == Tagging || t.Kind == Spans {
		extensions = extensions[1:]
	}
	for _, stem := range stems {
		for _, ext := range extensions {
			names = append(names, stem+ext)
		}
	}
	return names
}

// readFiles reads the files of one data set, one after another, and keeps the examples that keep wants; nil: all.
func readFiles(ctx context.Context, t *Task, files []string, c Columns, keep func(e *Example) bool) (*Dataset, error) {
	if len(files) == 1 {
		d, _, err := readFile(t, files[0], c, 0, keep)
		return d, err
	}
	if t.Kind.collects() && len(t.Labels) == 0 && len(c.Labels) == 0 {
		var err error
		if c.Labels, err = labelsOf(ctx, t, files, c); err != nil {
			return nil, err
		}
	}
	var all *Dataset
	rows := 0
	sum := sha256.New()
	for _, path := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		d, n, err := readFile(t, path, c, rows, keep)
		if err != nil {
			return nil, err
		}
		rows += n
		if err := hashInto(sum, path); err != nil {
			return nil, err
		}
		if all == nil {
			all = d
			continue
		}
		all.Examples, all.named = append(all.Examples, d.Examples...), all.named || d.named
		all.LeftOut = append(all.LeftOut, d.LeftOut...)
		all.Source += ", " + path
	}
	all.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return all, nil
}

// labelsOf are the class names that several files give together.
func labelsOf(ctx context.Context, t *Task, files []string, c Columns) ([]string, error) {
	var lists [][]string
	for _, path := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		d, err := ReadFile(t, path, c)
		if err != nil {
			return nil, err
		}
		lists = append(lists, d.Task.Labels)
	}
	return UnionOfLabels(lists...), nil
}

// UnionOfLabels are the class names of several data sets, sorted as those of one file are.
func UnionOfLabels(lists ...[]string) []string {
	names := slices.Concat(lists...)
	slices.SortFunc(names, compareLabels)
	return slices.Compact(names)
}

func hashInto(w io.Writer, path string) error {
	f, err := files.Open(path)
	if err != nil {
		return fmt.Errorf("task: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("task: %s: %w", path, err)
	}
	return nil
}
