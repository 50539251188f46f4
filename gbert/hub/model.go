package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bertlab/gbert/saves"
	"bertlab/internal/files"
)

// Resolved is where a name leads.
type Resolved struct {
	Name     string `json:"name"`               // the full name, or the folder as given
	Dir      string `json:"dir"`                // the folder with the files
	Source   string `json:"source"`             // "folder", "cache", "hub" or "registry"
	Revision string `json:"revision,omitempty"` // the commit on the Hub, or the package and its version
}

// Model finds the model called name: a folder's path, a name on the Hub such as "google-bert/bert-base-uncased", or a
// short name; "" is [DefaultModel], and "name@revision" asks for a branch, tag or commit. The folder it returns has
// config.json, a vocabulary and the weights as safetensors (a folder that the user names is returned as it is, if it
// has a config.json). The error is an [*Error] where several places were tried.
func (c *Client) Model(ctx context.Context, name string) (*Resolved, error) {
	name = strings.TrimSpace(name)
	miss := &Error{Name: "the model " + name, Advice: "Give a folder with config.json, model.safetensors and tokenizer.json, " +
		"put one into BERTLAB_MODELS, set HF_ENDPOINT to a mirror of the Hub, or run `bertlab setup` with network."}
	if name == "" {
		name, miss.Name = DefaultModel, "the default model "+DefaultModel
	}
	if r, err := c.modelFolder(name, miss); r != nil || err != nil {
		return r, err
	}
	id, revision, err := parseID(name)
	if err != nil {
		return nil, err
	}
	repo := repo{Client: c, kind: "models", id: id, revision: revision}
	if r, err := c.cachedModel(repo, name); err == nil {
		return r, nil
	} else {
		miss.tried("the Hugging Face cache "+c.hubCache, err)
	}
	mirror, mirrored := modelMirrors[id]
	mirrored = mirrored && revision == "main"
	if mirrored {
		if r, err := c.cachedMirror(mirror); err == nil {
			return r, nil
		} else {
			miss.tried("bertlab's cache "+c.cache, err)
		}
	}
	if c.offline != "" {
		miss.tried("the Hub", c.offlineError())
		return nil, miss
	}
	r, err := c.downloadModel(ctx, repo)
	if err == nil {
		return r, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	miss.tried("the Hub "+c.endpoint, err)
	if mirrored {
		c.log("the Hub cannot be used (" + firstLine(err) + "): taking " + id + " from the Python package " + mirror.file.String())
		if r, err = c.bringMirror(ctx, mirror); err == nil {
			return r, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		miss.tried("the Python package "+mirror.file.String(), err)
	}
	return nil, miss
}

// modelFolder tries BERTLAB_MODELS and the path. It returns neither a result nor an error where name is no folder.
func (c *Client) modelFolder(name string, miss *Error) (*Resolved, error) {
	if c.models != "" && !looksLikePath(name) {
		base := name[strings.LastIndex(name, "/")+1:]
		for _, under := range slices.Compact([]string{name, base}) {
			dir := filepath.Join(c.models, filepath.FromSlash(under))
			if err := saves.Finish(dir); err != nil {
				return nil, fmt.Errorf("hub: %w", err)
			}
			if isFile(filepath.Join(dir, "config.json")) {
				return &Resolved{Name: name, Dir: dir, Source: "folder"}, nil
			}
		}
		miss.tried("the folder BERTLAB_MODELS "+c.models, fmt.Errorf("no %s with a config.json: %w", base, fs.ErrNotExist))
	}
	dir := expand(name)
	info, err := os.Stat(dir)
	if err == nil && info.IsDir() {
		if err := saves.Finish(dir); err != nil {
			return nil, fmt.Errorf("hub: %w", err)
		}
		if isFile(filepath.Join(dir, "config.json")) {
			return &Resolved{Name: name, Dir: dir, Source: "folder"}, nil
		}
		if looksLikePath(name) {
			return nil, fmt.Errorf("hub: the folder %s has no config.json: expected a model in Hugging Face's layout", dir)
		}
	}
	if looksLikePath(name) {
		if err == nil {
			err = fmt.Errorf("hub: %s is a file: expected the folder of a model", dir)
			if filepath.Base(dir) == "model.safetensors" || filepath.Base(dir) == "config.json" {
				err = fmt.Errorf("%w; give %s", err, filepath.Dir(dir))
			}
			return nil, err
		}
		return nil, fmt.Errorf("hub: there is no model folder %s: %w", dir, err)
	}
	return nil, nil
}

// cachedModel looks for a whole snapshot, under the full name and under the name as the user gave it, which older
// Python programs cached under.
func (c *Client) cachedModel(r repo, name string) (*Resolved, error) {
	given, _, _ := strings.Cut(name, "@")
	var firstErr error
	for _, id := range slices.Compact([]string{r.id, given}) {
		try := r
		try.id = id
		dir, commit, err := try.snapshot()
		if err == nil {
			err = checkModel(dir)
		}
		if err == nil {
			err = c.checkBlobs(dir)
		}
		if err == nil {
			return &Resolved{Name: r.id, Dir: dir, Source: "cache", Revision: commit}, nil
		}
		if firstErr == nil || errors.Is(firstErr, fs.ErrNotExist) && !errors.Is(err, fs.ErrNotExist) {
			firstErr = err
		}
	}
	return nil, firstErr
}

const weightIndex = "model.safetensors.index.json"

// checkModel says what a folder lacks to be a model: a configuration, a vocabulary, and the weights with all shards.
func checkModel(dir string) error {
	if !isFile(filepath.Join(dir, "config.json")) {
		return fmt.Errorf("%s has no config.json", dir)
	}
	if !isFile(filepath.Join(dir, "tokenizer.json")) && !isFile(filepath.Join(dir, "vocab.txt")) && !isFile(filepath.Join(dir, "spiece.model")) {
		return fmt.Errorf("%s has neither tokenizer.json nor vocab.txt, nor an ALBERT's spiece.model", dir)
	}
	if isFile(filepath.Join(dir, "model.safetensors")) {
		return nil
	}
	shards, err := readShards(filepath.Join(dir, weightIndex))
	if errors.Is(err, fs.ErrNotExist) {
		if isFile(filepath.Join(dir, "pytorch_model.bin")) {
			return fmt.Errorf("%s has its weights as pytorch_model.bin only: %s", dir, binAdvice)
		}
		return fmt.Errorf("%s has no model.safetensors", dir)
	}
	if err != nil {
		return err
	}
	for _, shard := range shards {
		if !isFile(filepath.Join(dir, shard)) {
			return fmt.Errorf("%s has no %s, which its %s names", dir, shard, weightIndex)
		}
	}
	return nil
}

const binAdvice = "that format runs code when it is read; write safetensors once with Python: " +
	"AutoModel.from_pretrained(NAME).save_pretrained(DIR), AutoTokenizer.from_pretrained(NAME).save_pretrained(DIR)"

// maxIndexBytes bounds an index of shards; that of a BERT has some ten kilobytes.
const maxIndexBytes = 16 << 20

// readShards lists the files that an index of sharded weights names.
func readShards(path string) ([]string, error) {
	text, err := files.Read(path, maxIndexBytes)
	if err != nil {
		return nil, err
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("hub: %s: %w", path, err)
	}
	var shards []string
	for _, shard := range index.WeightMap {
		if !filepath.IsLocal(shard) || filepath.Base(shard) != shard || !strings.HasSuffix(shard, ".safetensors") {
			return nil, fmt.Errorf("hub: %s names the file %q: expected a .safetensors file beside it", path, shard)
		}
		shards = append(shards, shard)
	}
	if len(shards) == 0 {
		return nil, fmt.Errorf("hub: %s names no files", path)
	}
	slices.Sort(shards)
	return slices.Compact(shards), nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// firstLine is an error on one line, for messages within a line.
func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	return s
}
