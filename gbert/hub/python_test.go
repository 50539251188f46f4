package hub

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// With BERTLAB_PEER_PYTHON naming a python that has huggingface_hub: each side reads what the other has cached.
func TestTheCacheIsSharedWithPythonBothWays(t *testing.T) {
	python := os.Getenv("BERTLAB_PEER_PYTHON")
	if python == "" {
		t.Skip("needs Python's huggingface_hub: set BERTLAB_PEER_PYTHON to an interpreter that has it")
	}
	h := newFakeHub(t, "models", "org/tiny", tiny(), "model.safetensors")
	surroundings(t, h.URL)
	run := func(code string, env ...string) string {
		t.Helper()
		cmd := exec.Command(python, "-c", code)
		// A variable that is set and empty means nothing here and something in Python.
		clean := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasSuffix(v, "=") })
		cmd.Env = append(clean, append(env, "NO_PROXY=127.0.0.1", "HF_HUB_DISABLE_XET=1")...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return lines[len(lines)-1]
	}
	r, err := New(Options{}).Model(t.Context(), "org/tiny")
	if err != nil {
		t.Fatal(err)
	}
	got := run("from huggingface_hub import hf_hub_download as d; print(d('org/tiny', 'model.safetensors'))", "HF_HUB_OFFLINE=1")
	if got != filepath.Join(r.Dir, "model.safetensors") {
		t.Errorf("Python finds %s, expected it in %s", got, r.Dir)
	}
	if got := run("from huggingface_hub import scan_cache_dir as s; c=s(); print(len(c.repos), len(c.warnings))", "HF_HUB_OFFLINE=1"); got != "1 0" {
		t.Errorf("Python's scan of the cache: repositories and warnings %s", got)
	}
	// The other way round, in a new cache.
	t.Setenv("HF_HOME", filepath.Join(t.TempDir(), "hf"))
	dir := filepath.Dir(run("from huggingface_hub import hf_hub_download as d\n" +
		"for name in ['config.json', 'vocab.txt', 'tokenizer.json', 'model.safetensors']: print(d('org/tiny', name))"))
	t.Setenv("HF_HUB_OFFLINE", "1")
	if r, err := New(Options{}).Model(t.Context(), "org/tiny"); err != nil || r.Dir != dir {
		t.Errorf("Python cached %s; found %+v, %v", dir, r, err)
	}
}
