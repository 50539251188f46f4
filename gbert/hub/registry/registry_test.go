package registry

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/go-xla/installer"
)

var file = File{Package: "p", Version: "1.0", Name: "p-1.0-py3-none-any.whl", SHA256: strings.Repeat("a", 64)}

func listing(releases ...installer.PipReleaseInfo) Registry {
	return Registry{Info: func(string) (*installer.PipPackageInfo, error) {
		return &installer.PipPackageInfo{Releases: map[string][]installer.PipReleaseInfo{"1.0": releases}}, nil
	}}
}

func TestLocateFindsTheExactFileWithThePinnedHash(t *testing.T) {
	right := installer.PipReleaseInfo{Filename: file.Name, URL: "https://right", Digests: map[string]string{"sha256": file.SHA256}}
	other := installer.PipReleaseInfo{Filename: "x" + file.Name, URL: "https://wrong"}
	if url, err := listing(other, right).Locate(t.Context(), file); err != nil || url != "https://right" {
		t.Errorf("%s, %v", url, err)
	}
	changed := right
	changed.Digests = map[string]string{"sha256": strings.Repeat("b", 64)}
	unpinned, otherVersion := file, file
	unpinned.SHA256, otherVersion.Version = "", "2.0"
	shortened, plain := right, right
	shortened.URL, plain.URL = "../../packages/p.whl", "http://right/p.whl"
	for what, call := range map[string]func() (string, error){
		"another hash":    func() (string, error) { return listing(changed).Locate(t.Context(), file) },
		"no such file":    func() (string, error) { return listing(other).Locate(t.Context(), file) },
		"no such version": func() (string, error) { return listing(right).Locate(t.Context(), otherVersion) },
		"half an address": func() (string, error) { return listing(shortened).Locate(t.Context(), file) },
		"unencrypted":     func() (string, error) { return listing(plain).Locate(t.Context(), file) },
		"no pin":          func() (string, error) { return listing(right).Locate(t.Context(), unpinned) },
	} {
		if url, err := call(); err == nil {
			t.Errorf("%s: found %s", what, url)
		}
	}
}

func TestAnAddressThatAMirrorShortensIsWhereItsOtherFilesAre(t *testing.T) {
	list := func(shortened, whole string) Registry {
		return Registry{Info: func(name string) (*installer.PipPackageInfo, error) {
			listed := installer.PipReleaseInfo{Filename: file.Name, URL: shortened, Digests: map[string]string{"sha256": file.SHA256}}
			if name == neighbour {
				listed = installer.PipReleaseInfo{Filename: "neighbour.whl", URL: whole}
			}
			return &installer.PipPackageInfo{Releases: map[string][]installer.PipReleaseInfo{"1.0": {listed}}}, nil
		}}
	}
	for _, shortened := range []string{"../../packages/1d/46/p.whl", "../../packages/packages/1d/46/p.whl", "/packages/1d/46/p.whl"} {
		if url, err := list(shortened, "https://files/packages/c9/n.whl").Locate(t.Context(), file); err != nil || url != "https://files/packages/1d/46/p.whl" {
			t.Errorf("%s: %s, %v", shortened, url, err)
		}
	}
	for shortened, whole := range map[string]string{
		"../../files/p.whl":               "https://files/packages/c9/n.whl",
		"http://elsewhere/packages/p.whl": "https://files/packages/c9/n.whl",
		"../packages/p.whl":               "http://files/packages/c9/n.whl",
		"../packages/q.whl":               "https://files/n.whl",
	} {
		if url, err := list(shortened, whole).Locate(t.Context(), file); err == nil {
			t.Errorf("%s beside %s: found %s", shortened, whole, url)
		}
	}
}

func TestASilentRegistryIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	r := Registry{Timeout: 50 * time.Millisecond, Info: func(string) (*installer.PipPackageInfo, error) {
		<-release
		return nil, errors.New("late")
	}}
	start := time.Now()
	if _, err := r.Locate(t.Context(), file); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.Timeout = time.Hour
	if _, err := r.Locate(ctx, file); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
