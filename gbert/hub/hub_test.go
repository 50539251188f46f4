package hub

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"bertlab/gbert/hub/fetch"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// fakeHub serves one repository as the Hub does: small files itself, large ones by a redirect to another host.
type fakeHub struct {
	*httptest.Server
	network   *httptest.Server
	kind, id  string
	revision  string
	files     map[string]string
	large     map[string]bool
	corrupt   string // this file is served with other bytes
	noBlobs   bool   // the description has no hashes
	needToken string

	mu       sync.Mutex
	requests []string
	leaked   []string // Authorization headers that the other host saw
}

func newFakeHub(t *testing.T, kind, id string, files map[string]string, large ...string) *fakeHub {
	h := &fakeHub{kind: kind, id: id, revision: "main", files: files, large: map[string]bool{}}
	for _, name := range large {
		h.large[name] = true
	}
	h.network = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.requests = append(h.requests, "network "+r.URL.Path)
		if a := r.Header.Get("Authorization"); a != "" {
			h.leaked = append(h.leaked, a)
		}
		h.send(w, strings.TrimPrefix(r.URL.Path, "/"))
	}))
	h.Server = httptest.NewServer(http.HandlerFunc(h.handle))
	t.Cleanup(h.Close)
	t.Cleanup(h.network.Close)
	return h
}

func (h *fakeHub) etag(name string) string {
	content := h.files[name]
	if h.large[name] {
		s := sha256.Sum256([]byte(content))
		return hex.EncodeToString(s[:])
	}
	s := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content))
	return hex.EncodeToString(s[:])
}

func (h *fakeHub) send(w http.ResponseWriter, name string) {
	content := h.files[name]
	w.Header().Set("ETag", `"`+h.etag(name)+`"`)
	if name == h.corrupt {
		content = strings.Repeat("X", len(content))
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	w.Write([]byte(content))
}

func (h *fakeHub) handle(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, r.Method+" "+r.URL.EscapedPath())
	if h.needToken != "" && r.Header.Get("Authorization") != "Bearer "+h.needToken {
		http.Error(w, "who are you", http.StatusUnauthorized)
		return
	}
	if r.URL.EscapedPath() == "/api/"+h.kind+"/"+h.id+"/revision/"+strings.ReplaceAll(h.revision, "/", "%2F") {
		type file map[string]any
		var siblings []file
		for name, content := range h.files {
			f := file{"rfilename": name}
			if !h.noBlobs {
				f["size"], f["blobId"] = len(content), h.etag(name)
				if h.large[name] {
					f["blobId"] = strings.Repeat("b", 40)
					f["lfs"] = map[string]any{"sha256": h.etag(name), "size": len(content), "pointerSize": 134}
				}
			}
			siblings = append(siblings, f)
		}
		json.NewEncoder(w).Encode(map[string]any{"id": h.id, "sha": commit, "siblings": siblings, "widgetData": "whatever"})
		return
	}
	w.Header().Set("X-Repo-Commit", commit)
	prefix := "/" + h.id + "/resolve/" + commit + "/"
	if h.kind != "models" {
		prefix = "/" + h.kind + prefix
	}
	name, ok := strings.CutPrefix(strings.Replace(r.URL.Path, "/resolve/main/", "/resolve/"+commit+"/", 1), prefix)
	if _, exists := h.files[name]; !ok || !exists {
		http.NotFound(w, r)
		return
	}
	if h.large[name] {
		w.Header().Set("X-Linked-Etag", `"`+h.etag(name)+`"`)
		w.Header().Set("X-Linked-Size", fmt.Sprint(len(h.files[name])))
		http.Redirect(w, r, h.network.URL+"/"+name, http.StatusFound)
		return
	}
	h.send(w, name)
}

func (h *fakeHub) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.requests)
}

// surroundings gives every test caches of its own and a clean environment.
func surroundings(t *testing.T, endpoint string) {
	root := t.TempDir()
	for _, name := range []string{"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN",
		"HF_TOKEN_PATH", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "BERTLAB_OFFLINE", "BERTLAB_MODELS", "XDG_CACHE_HOME"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", root)
	t.Setenv("HF_HOME", filepath.Join(root, "hf"))
	t.Setenv("BERTLAB_CACHE", filepath.Join(root, "bertlab"))
	t.Setenv("HF_ENDPOINT", endpoint)
}

func tiny() map[string]string {
	return map[string]string{
		"config.json": `{"model_type":"bert"}`, "vocab.txt": "[PAD]\n", "tokenizer.json": "{}", "tokenizer_config.json": "{}",
		"model.safetensors": strings.Repeat("weights ", 1000), "README.md": "hello", "onnx/model.onnx": "not wanted",
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestModelFromTheHubIsLaidOutAsPythonDoes(t *testing.T) {
	h := newFakeHub(t, "models", "org/tiny", tiny(), "model.safetensors")
	surroundings(t, h.URL)
	r, err := New(Options{}).Model(t.Context(), "org/tiny")
	if err != nil {
		t.Fatal(err)
	}
	if r.Source != "hub" || r.Revision != commit || r.Name != "org/tiny" {
		t.Errorf("resolved to %+v", r)
	}
	folder := filepath.Join(os.Getenv("HF_HOME"), "hub", "models--org--tiny")
	if r.Dir != filepath.Join(folder, "snapshots", commit) {
		t.Errorf("dir %s", r.Dir)
	}
	if got := read(t, filepath.Join(folder, "refs", "main")); got != commit {
		t.Errorf("refs/main holds %q", got)
	}
	for _, name := range []string{"config.json", "vocab.txt", "tokenizer.json", "tokenizer_config.json", "model.safetensors"} {
		target, err := os.Readlink(filepath.Join(r.Dir, name))
		if want := "../../blobs/" + h.etag(name); err != nil || filepath.ToSlash(target) != want {
			t.Errorf("%s links to %q (%v), expected %q", name, target, err, want)
		}
		if got := read(t, filepath.Join(r.Dir, name)); got != h.files[name] {
			t.Errorf("%s has %d bytes", name, len(got))
		}
	}
	blobs, _ := os.ReadDir(filepath.Join(folder, "blobs"))
	// tokenizer.json and tokenizer_config.json have the same bytes, hence one blob.
	if len(blobs) != 4 {
		t.Errorf("blobs: %v", blobs)
	}
	for _, name := range []string{"README.md", "onnx"} {
		if _, err := os.Stat(filepath.Join(r.Dir, name)); err == nil {
			t.Errorf("%s was downloaded", name)
		}
	}
}

func TestCachedModelNeedsNoNetwork(t *testing.T) {
	h := newFakeHub(t, "models", "org/tiny", tiny(), "model.safetensors")
	surroundings(t, h.URL)
	first, err := New(Options{}).Model(t.Context(), "org/tiny")
	if err != nil {
		t.Fatal(err)
	}
	before := h.count()
	for _, offline := range []string{"", "BERTLAB_OFFLINE", "HF_HUB_OFFLINE"} {
		if offline != "" {
			t.Setenv(offline, "1")
		}
		for _, name := range []string{"org/tiny", "org/tiny@" + commit} {
			r, err := New(Options{}).Model(t.Context(), name)
			if err != nil || r.Dir != first.Dir || r.Source != "cache" || r.Revision != commit {
				t.Errorf("%s with %q: %+v, %v", name, offline, r, err)
			}
		}
	}
	if h.count() != before {
		t.Errorf("the Hub was asked for a cached model: %v", h.requests[before:])
	}
}

func TestOfflineAsksNobodyAndSaysSo(t *testing.T) {
	h := newFakeHub(t, "models", "org/tiny", tiny())
	surroundings(t, h.URL)
	t.Setenv("HF_HUB_OFFLINE", "1")
	c := New(Options{})
	for what, call := range map[string]func() error{
		"model":     func() error { _, err := c.Model(t.Context(), "org/tiny"); return err },
		"default":   func() error { _, err := c.Model(t.Context(), ""); return err },
		"data set":  func() error { _, err := c.DatasetFiles(t.Context(), "org/tiny", "a", "train"); return err },
		"sentiment": func() error { _, err := c.Sentiment(t.Context()); return err },
	} {
		err := call()
		var miss *Error
		if !errors.As(err, &miss) || !strings.Contains(err.Error(), "HF_HUB_OFFLINE") || !strings.Contains(err.Error(), "bertlab setup") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if h.count() != 0 {
		t.Errorf("asked: %v", h.requests)
	}
}

func TestModelThatPythonCachedIsFound(t *testing.T) {
	surroundings(t, "http://127.0.0.1:1")
	t.Setenv("BERTLAB_OFFLINE", "1")
	cache := filepath.Join(os.Getenv("HOME"), "elsewhere")
	t.Setenv("HF_HUB_CACHE", cache)
	// The layout that huggingface_hub writes, under the short name that older programs used.
	folder := filepath.Join(cache, "models--bert-base-uncased")
	snapshot := filepath.Join(folder, "snapshots", commit)
	for _, dir := range []string{snapshot, filepath.Join(folder, "blobs"), filepath.Join(folder, "refs")} {
		os.MkdirAll(dir, 0o755)
	}
	os.WriteFile(filepath.Join(folder, "refs", "main"), []byte(commit), 0o644)
	for i, name := range []string{"config.json", "vocab.txt", "model.safetensors"} {
		c := New(Options{})
		if _, err := c.Model(t.Context(), "bert-base-uncased"); err == nil {
			t.Fatalf("found without %s", name)
		}
		blob := strings.Repeat(fmt.Sprint(i), 40)
		os.WriteFile(filepath.Join(folder, "blobs", blob), []byte("{}"), 0o644)
		if err := os.Symlink("../../blobs/"+blob, filepath.Join(snapshot, name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	r, err := New(Options{}).Model(t.Context(), "bert-base-uncased")
	if err != nil || r.Dir != snapshot || r.Name != "google-bert/bert-base-uncased" || r.Source != "cache" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestTheTokenReachesTheHubAndNobodyElse(t *testing.T) {
	for _, from := range []string{"variable", "file"} {
		t.Run(from, func(t *testing.T) {
			h := newFakeHub(t, "models", "org/tiny", tiny(), "model.safetensors")
			h.needToken = "hf_secret"
			surroundings(t, h.URL)
			_, err := New(Options{}).Model(t.Context(), "org/tiny")
			if err == nil || !strings.Contains(err.Error(), "HF_TOKEN") {
				t.Errorf("without a token: %v", err)
			}
			if from == "variable" {
				t.Setenv("HF_TOKEN", "hf_secret")
			} else {
				os.MkdirAll(os.Getenv("HF_HOME"), 0o755)
				os.WriteFile(filepath.Join(os.Getenv("HF_HOME"), "token"), []byte("hf_secret\n"), 0o600)
			}
			c := New(Options{})
			r, err := c.Model(t.Context(), "org/tiny")
			if err != nil {
				t.Fatal(err)
			}
			if len(h.leaked) != 0 {
				t.Errorf("the other host saw %q", h.leaked)
			}
			_, missErr := c.Model(t.Context(), "org/other")
			for what, text := range map[string]string{"result": fmt.Sprintf("%+v", r), "places": fmt.Sprintf("%+v", c.Places()), "error": missErr.Error()} {
				if strings.Contains(text, "hf_secret") {
					t.Errorf("the %s shows the token: %s", what, text)
				}
			}
			filepath.WalkDir(os.Getenv("HF_HOME"), func(path string, entry fs.DirEntry, err error) error {
				if err == nil && entry.Type().IsRegular() && filepath.Base(path) != "token" && strings.Contains(read(t, path), "hf_secret") {
					t.Errorf("%s stores the token", path)
				}
				return nil
			})
		})
	}
}

func TestChangedBytesAreRefused(t *testing.T) {
	for _, corrupt := range []string{"config.json", "model.safetensors"} {
		h := newFakeHub(t, "models", "org/tiny", tiny(), "model.safetensors")
		h.corrupt = corrupt
		surroundings(t, h.URL)
		_, err := New(Options{}).Model(t.Context(), "org/tiny")
		var hash *fetch.HashError
		if !errors.As(err, &hash) {
			t.Errorf("%s: %v", corrupt, err)
		}
		h.corrupt = ""
		if _, err := New(Options{}).Model(t.Context(), "org/tiny"); err != nil {
			t.Errorf("after the repair: %v", err)
		}
	}
}

func TestAHubWithoutHashesInItsDescriptionWorks(t *testing.T) {
	h := newFakeHub(t, "models", "org/tiny", tiny(), "model.safetensors")
	h.noBlobs = true
	surroundings(t, h.URL)
	if _, err := New(Options{}).Model(t.Context(), "org/tiny"); err != nil {
		t.Fatal(err)
	}
	if len(h.leaked) != 0 {
		t.Errorf("leaked %q", h.leaked)
	}
}

func TestShardedWeightsAreBroughtByTheirIndex(t *testing.T) {
	files := tiny()
	delete(files, "model.safetensors")
	files[weightIndex] = `{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}`
	files["model-00001-of-00002.safetensors"], files["model-00002-of-00002.safetensors"] = "one", "two"
	h := newFakeHub(t, "models", "org/tiny", files)
	surroundings(t, h.URL)
	r, err := New(Options{}).Model(t.Context(), "org/tiny")
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(r.Dir, "model-00002-of-00002.safetensors")); got != "two" {
		t.Errorf("shard %q", got)
	}
	os.Remove(filepath.Join(r.Dir, "model-00002-of-00002.safetensors"))
	if err := checkModel(r.Dir); err == nil {
		t.Error("a missing shard was not noticed")
	}
}

func TestHostileRepositoriesAreRefused(t *testing.T) {
	for what, change := range map[string]func(map[string]string){
		"a file outside":   func(f map[string]string) { f["../../evil"] = "x" },
		"an absolute file": func(f map[string]string) { f["/evil"] = "x" },
		"an index that leads outside": func(f map[string]string) {
			delete(f, "model.safetensors")
			f[weightIndex] = `{"weight_map":{"a":"../../../evil.safetensors"}}`
		},
	} {
		files := tiny()
		change(files)
		h := newFakeHub(t, "models", "org/tiny", files)
		surroundings(t, h.URL)
		if _, err := New(Options{}).Model(t.Context(), "org/tiny"); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

func TestWhatIsNoModelIsExplained(t *testing.T) {
	for want, change := range map[string]func(map[string]string){
		"save_pretrained": func(f map[string]string) { delete(f, "model.safetensors"); f["pytorch_model.bin"] = "x" },
		"config.json":     func(f map[string]string) { delete(f, "config.json") },
		"vocab.txt":       func(f map[string]string) { delete(f, "vocab.txt"); delete(f, "tokenizer.json") },
	} {
		files := tiny()
		change(files)
		h := newFakeHub(t, "models", "org/tiny", files)
		surroundings(t, h.URL)
		if _, err := New(Options{}).Model(t.Context(), "org/tiny"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("expected an error with %q: %v", want, err)
		}
	}
	surroundings(t, "http://127.0.0.1:1")
	for _, name := range []string{"a b", "a/../b", "org/x--y", "org/x@../../y", "org/x@", "-x", "a\x00b", "./nowhere", "/nowhere/at/all"} {
		if r, err := New(Options{Offline: true}).Model(t.Context(), name); err == nil {
			t.Errorf("%q led to %+v", name, r)
		}
	}
}

func TestFoldersGoBeforeNames(t *testing.T) {
	surroundings(t, "http://127.0.0.1:1")
	t.Setenv("BERTLAB_OFFLINE", "1")
	models, elsewhere := t.TempDir(), t.TempDir()
	for _, dir := range []string{filepath.Join(models, "all-MiniLM-L6-v2"), filepath.Join(models, "org", "two"), elsewhere} {
		os.MkdirAll(dir, 0o755)
		os.WriteFile(filepath.Join(dir, "config.json"), []byte("{}"), 0o644)
	}
	t.Setenv("BERTLAB_MODELS", models)
	c := New(Options{})
	for name, want := range map[string]string{
		"":                 filepath.Join(models, "all-MiniLM-L6-v2"),
		"all-MiniLM-L6-v2": filepath.Join(models, "all-MiniLM-L6-v2"),
		DefaultModel:       filepath.Join(models, "all-MiniLM-L6-v2"),
		"org/two":          filepath.Join(models, "org", "two"),
		elsewhere:          elsewhere,
	} {
		if r, err := c.Model(t.Context(), name); err != nil || r.Dir != want || r.Source != "folder" {
			t.Errorf("%q: %+v, %v", name, r, err)
		}
	}
	if _, err := c.Model(t.Context(), models); err == nil || !strings.Contains(err.Error(), "config.json") {
		t.Errorf("a folder that is no model: %v", err)
	}
}

func TestTheEnvironmentMeansWhatItMeansInPython(t *testing.T) {
	surroundings(t, "")
	home := os.Getenv("HOME")
	t.Setenv("HF_HOME", "")
	if got := New(Options{}).Places(); got.HubCache != filepath.Join(home, ".cache/huggingface/hub") || got.Endpoint != "https://huggingface.co" {
		t.Errorf("defaults: %+v", got)
	}
	t.Setenv("XDG_CACHE_HOME", "/x")
	if got := New(Options{}).Places().HubCache; got != "/x/huggingface/hub" {
		t.Errorf("XDG_CACHE_HOME: %s", got)
	}
	t.Setenv("HF_HOME", "~/h")
	if got := New(Options{}).Places().HubCache; got != filepath.Join(home, "h/hub") {
		t.Errorf("HF_HOME: %s", got)
	}
	t.Setenv("HF_HUB_CACHE", "/c")
	t.Setenv("HF_ENDPOINT", "https://mirror.example/")
	t.Setenv("HF_TOKEN", "abc")
	t.Setenv("HF_HUB_OFFLINE", "YES")
	if got := New(Options{}).Places(); got.HubCache != "/c" || got.Endpoint != "https://mirror.example" || !got.Token || got.Offline != "HF_HUB_OFFLINE" {
		t.Errorf("%+v", got)
	}
	t.Setenv("HF_HUB_OFFLINE", "0")
	if got := New(Options{}).Places().Offline; got != "" {
		t.Errorf("HF_HUB_OFFLINE=0 is offline: %q", got)
	}
}
