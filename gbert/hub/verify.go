package hub

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"bertlab/gbert/hub/fetch"
	"bertlab/internal/files"
)

// A blob of the Hub's cache is named by its hash: SHA-256 for large files, git's id for small ones. It is held against its name when
// it is downloaded, and later whenever its size or time is not what it was the last time: what was verified stands in bertlab's cache.
// Other endpoints than the Hub's own may give small files tags of 40 digits that are no git ids; those count only once they were
// right.

var hashName = regexp.MustCompile(`^([0-9a-f]{64}|[0-9a-f]{40})$`)

// verified says which bytes of a blob were right: those of this size and time.
type verified struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	Time int64  `json:"modified_ns"`
}

// checkBlob holds a cached file against the hash that its blob is named by. A file that is no blob has nothing to be held against.
func (c *Client) checkBlob(file string) error {
	blob, err := filepath.EvalSymlinks(file)
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	name := filepath.Base(blob)
	if filepath.Base(filepath.Dir(blob)) != "blobs" || !hashName.MatchString(name) {
		return nil
	}
	info, err := os.Stat(blob)
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	now := verified{blob, info.Size(), info.ModTime().UnixNano()}
	before, known := c.verifiedBefore(blob)
	if known && before == now {
		return nil
	}
	hash, kind := fetch.SHA256, "SHA-256"
	if len(name) == 40 {
		hash, kind = fetch.GitSHA1, "git blob id"
	}
	got, err := hash(blob)
	if err != nil {
		return err
	}
	if got == name {
		c.noteVerified(now)
		return nil
	}
	if len(name) == 40 && !known {
		return nil
	}
	return &damagedBlob{path: blob, kind: kind, got: got}
}

// damagedBlob is the error of a blob that is not what its name says.
type damagedBlob struct{ path, kind, got string }

func (d *damagedBlob) Error() string { return d.what() + ": remove it, and it is brought again" }

func (d *damagedBlob) what() string {
	return fmt.Sprintf("hub: %s is damaged: it is named by its %s, and has the %s %s", d.path, d.kind, d.kind, d.got)
}

// verifiedPath is where it stands that a blob was verified; "" without a cache.
func (c *Client) verifiedPath(blob string) string {
	if c.cache == "" {
		return ""
	}
	repository := filepath.Base(filepath.Dir(filepath.Dir(blob)))
	return filepath.Join(c.cache, "verified", repository, filepath.Base(blob)+".json")
}

func (c *Client) verifiedBefore(blob string) (verified, bool) {
	var v verified
	text, err := files.Read(c.verifiedPath(blob), 1<<14)
	return v, err == nil && json.Unmarshal(text, &v) == nil && v.Path == blob
}

// noteVerified remembers a blob that is right; without a place for that it is verified again the next time.
func (c *Client) noteVerified(v verified) {
	path := c.verifiedPath(v.Path)
	if path == "" || os.MkdirAll(filepath.Dir(path), 0o755) != nil {
		return
	}
	if text, err := json.Marshal(v); err == nil {
		_ = files.Write(path, append(text, '\n'))
	}
}

// checkBlobs is checkBlob for the files of a model that lie in a snapshot's folder.
func (c *Client) checkBlobs(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	wanted := map[string]bool{weightIndex: true}
	for _, name := range modelFiles {
		wanted[name] = true
	}
	for _, entry := range entries {
		if !wanted[entry.Name()] && !strings.HasSuffix(entry.Name(), ".safetensors") {
			continue
		}
		if path := filepath.Join(dir, entry.Name()); isFile(path) {
			if err := c.checkBlob(path); err != nil {
				return err
			}
		}
	}
	return nil
}
