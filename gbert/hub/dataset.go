package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	hf "github.com/gomlx/go-huggingface/hub"

	"bertlab/internal/files"
)

// parquetBranch is where the Hub keeps its own conversion of every data set.
const parquetBranch = "refs/convert/parquet"

// DatasetFiles finds the parquet files of one split of a data set on the Hub, such as "nyu-mll/glue", "sst2",
// "validation", in their order. config may be "" where the data set has only one. "id@revision" asks for a revision.
// Where the repository has no parquet files, the Hub's conversion is taken.
func (c *Client) DatasetFiles(ctx context.Context, id, config, split string) ([]string, error) {
	miss := &Error{Name: fmt.Sprintf("the data set %s (%s, %s)", id, config, split), Advice: "Give the file with --data " +
		"(TSV, CSV, JSONL or parquet), set HF_ENDPOINT to a mirror of the Hub, or run `bertlab setup` with network."}
	name, revision, err := parseID(id)
	if err != nil || id == "" {
		return nil, fmt.Errorf("hub: %q is not the name of a data set, such as nyu-mll/glue", id)
	}
	if !splitName.MatchString(split) || config != "" && !splitName.MatchString(config) {
		return nil, fmt.Errorf("hub: %s: configuration %q, split %q: expected plain names such as sst2, validation", id, config, split)
	}
	revisions := []string{revision}
	if revision == "main" {
		revisions = append(revisions, parquetBranch)
	}
	for _, revision := range revisions {
		r := repo{Client: c, kind: "datasets", id: name, revision: revision}
		files, err := r.cachedSplit(config, split)
		if err == nil {
			return files, nil
		}
		if revision == revisions[0] {
			miss.tried("the Hugging Face cache "+c.hubCache, err)
		}
	}
	if c.offline != "" {
		miss.tried("the Hub", c.offlineError())
		return nil, miss
	}
	for _, revision := range revisions {
		r := repo{Client: c, kind: "datasets", id: name, revision: revision}
		files, err := r.downloadSplit(ctx, config, split)
		if err == nil {
			return files, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		miss.tried("the Hub "+c.endpoint+", "+revision, err)
		if !errors.Is(err, errNoSplit) {
			break // the conversion is on the same host
		}
	}
	return nil, miss
}

var (
	splitName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,95}$`)
	errNoSplit = errors.New("no such split")
)

// splitFiles picks a split's files from a listing, by the Hub's naming habits:
//
//	sst2/validation-00000-of-00001.parquet   data/validation-00000-of-00001.parquet   sst2/validation/0000.parquet
func splitFiles(listing []string, config, split string) ([]string, error) {
	numbered := regexp.MustCompile(`^` + regexp.QuoteMeta(split) + `(-\d+-of-(\d+)(-[0-9a-f]+)?)?\.parquet$`)
	var folders []string
	if config != "" {
		folders = []string{config, config + "/" + split}
	}
	if config == "" || config == "default" {
		folders = append(folders, "data", ".", "default/"+split)
	}
	for _, folder := range folders {
		var files []string
		expected := 0
		for _, name := range listing {
			if path.Dir(name) != folder {
				continue
			}
			base := path.Base(name)
			if match := numbered.FindStringSubmatch(base); match != nil {
				files = append(files, name)
				if match[2] != "" {
					fmt.Sscanf(match[2], "%d", &expected)
				}
			} else if path.Base(folder) == split && strings.HasSuffix(base, ".parquet") {
				files = append(files, name)
			}
		}
		if expected > 0 && len(files) != expected {
			return nil, fmt.Errorf("%s has %d of the %d files of the split %s", folder, len(files), expected, split)
		}
		if len(files) > 0 {
			slices.Sort(files)
			return files, nil
		}
	}
	return nil, fmt.Errorf("%w: no parquet files of the configuration %q and the split %q", errNoSplit, config, split)
}

// A splitRecord remembers which files a split has, because a snapshot alone does not say whether it is whole.
type splitRecord struct {
	Commit string   `json:"commit"`
	Files  []string `json:"files"`
}

// maxSplitRecord bounds a record's file; the largest data sets have some ten thousand files.
const maxSplitRecord = 4 << 20

func (r repo) recordPath(config, split string) string {
	return filepath.Join(r.cache, "splits", r.folderName(), strings.ReplaceAll(r.revision, "/", "--"), config+"--"+split+".json")
}

// cachedSplit finds a split in the cache: one that was downloaded before, or that Python did, if its files say how
// many they are.
func (r repo) cachedSplit(config, split string) ([]string, error) {
	dir, commit, err := r.snapshot()
	if err != nil {
		return nil, err
	}
	var names []string
	var record splitRecord
	text, err := files.Read(r.recordPath(config, split), maxSplitRecord)
	if err == nil && json.Unmarshal(text, &record) == nil && record.Commit == commit {
		names = record.Files
	} else {
		var listing []string
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			rel, err := filepath.Rel(dir, path)
			listing = append(listing, filepath.ToSlash(rel))
			return err
		})
		if err != nil {
			return nil, err
		}
		if names, err = splitFiles(listing, config, split); err != nil {
			return nil, err
		}
		for _, file := range names {
			if !strings.Contains(path.Base(file), "-of-") {
				return nil, fmt.Errorf("%s holds %s, which does not say whether it is all of the split", dir, file)
			}
		}
	}
	var paths []string
	for _, file := range names {
		full := filepath.Join(dir, filepath.FromSlash(file))
		if !filepath.IsLocal(filepath.FromSlash(file)) || !isFile(full) {
			return nil, fmt.Errorf("%s has no %s", dir, file)
		}
		if err := r.checkBlob(full); err != nil {
			return nil, err
		}
		paths = append(paths, full)
	}
	if len(paths) == 0 {
		return nil, errNoSplit
	}
	return paths, nil
}

func (r repo) downloadSplit(ctx context.Context, config, split string) ([]string, error) {
	if r.hubCache == "" {
		return nil, errors.New("no cache folder: set HF_HOME")
	}
	info, err := r.info(ctx)
	if err != nil {
		return nil, err
	}
	listed := map[string]*hf.FileInfo{}
	var listing []string
	for _, file := range info.Siblings {
		listed[file.Name] = file
		listing = append(listing, file.Name)
	}
	files, err := splitFiles(listing, config, split)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, file := range files {
		if err := r.bring(ctx, info.CommitHash, listed[file], ""); err != nil {
			return nil, err
		}
		paths = append(paths, filepath.Join(r.folder(), "snapshots", info.CommitHash, filepath.FromSlash(file)))
	}
	if err := r.remember(info.CommitHash); err != nil {
		return nil, err
	}
	if r.cache != "" {
		record := r.recordPath(config, split)
		text, err := json.Marshal(splitRecord{Commit: info.CommitHash, Files: files})
		if err == nil && os.MkdirAll(filepath.Dir(record), 0o755) == nil {
			err = writeFile(record, append(text, '\n'))
		}
		if err != nil {
			return nil, err
		}
	}
	return paths, nil
}
