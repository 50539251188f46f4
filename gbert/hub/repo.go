package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	hf "github.com/gomlx/go-huggingface/hub"

	"bertlab/gbert/hub/fetch"
	"bertlab/internal/files"
)

// repo is one repository of the Hub at one revision, and its place in the cache:
//
//	models--owner--name/refs/main                  the commit of a branch
//	models--owner--name/snapshots/<commit>/<file>  links to
//	models--owner--name/blobs/<etag>               the bytes
//	.locks/models--owner--name/<etag>.lock         as Python's library locks them
type repo struct {
	*Client
	kind     string // "models" or "datasets"
	id       string
	revision string
}

func (r repo) folderName() string { return r.kind + "--" + strings.ReplaceAll(r.id, "/", "--") }
func (r repo) folder() string     { return filepath.Join(r.hubCache, r.folderName()) }

// maxRef bounds a file with a commit's hash.
const maxRef = 1 << 10

// snapshot finds the cached commit of the revision. It does not say whether all files are there.
func (r repo) snapshot() (dir, commit string, err error) {
	if r.hubCache == "" {
		return "", "", errors.New("no cache folder: set HF_HOME")
	}
	commit = r.revision
	if !commitHash.MatchString(commit) {
		path := filepath.Join(r.folder(), "refs", filepath.FromSlash(r.revision))
		text, err := files.Read(path, maxRef)
		if err != nil {
			return "", "", fmt.Errorf("%s is not in it: %w", r.id, err)
		}
		commit = strings.TrimSpace(string(text))
		if !commitHash.MatchString(commit) {
			return "", "", fmt.Errorf("%s holds no commit: remove it", path)
		}
	}
	dir = filepath.Join(r.folder(), "snapshots", commit)
	if _, err := os.Stat(dir); err != nil {
		return "", "", fmt.Errorf("%s is not in it: %w", r.id, err)
	}
	return dir, commit, nil
}

// repoInfo is what is needed of the Hub's description of a repository; go-huggingface's type would fail on a change of
// any of its many other fields.
type repoInfo struct {
	CommitHash string         `json:"sha"`
	Siblings   []*hf.FileInfo `json:"siblings"`
}

// info asks the Hub for the files of the revision.
func (r repo) info(ctx context.Context) (*repoInfo, error) {
	where := fmt.Sprintf("%s/api/%s/%s/revision/%s?blobs=true", r.endpoint, r.kind, r.id, url.PathEscape(r.revision))
	resp, err := r.ask(ctx, http.MethodGet, where)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	info := &repoInfo{}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<20)).Decode(info); err != nil {
		return nil, fmt.Errorf("the answer about %s does not describe a repository: %w", r.id, err)
	}
	if !commitHash.MatchString(info.CommitHash) {
		return nil, fmt.Errorf("the answer about %s names no commit", r.id)
	}
	for _, file := range info.Siblings {
		if file == nil || !filepath.IsLocal(filepath.FromSlash(file.Name)) || strings.Contains(file.Name, `\`) {
			return nil, fmt.Errorf("%s lists a file whose path leads out of the folder: refused", r.id)
		}
	}
	return info, nil
}

// ask makes one request of the Hub with the token, and turns its refusals into errors that say what to do.
func (r repo) ask(ctx context.Context, method, where string) (*http.Response, error) {
	if r.badEnd != nil {
		return nil, r.badEnd
	}
	client := *r.http
	client.Timeout = metadataTimeout
	if method == http.MethodHead {
		// The headers about a large file stand on the redirect to the content network.
		client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
			if next.URL.Host != via[0].URL.Host {
				return http.ErrUseLastResponse
			}
			return fetch.CheckRedirect(next, via)
		}
	}
	resp, err := fetch.Do(ctx, &client, r.options.Log, func() (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, method, where, nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Accept-Encoding", "identity")
		fetch.Authorize(req, r.token)
		fetch.Introduce(req, r.user)
		return req, nil
	})
	return resp, r.explain(err)
}

// explain says what to do about an HTTP status of the Hub.
func (r repo) explain(err error) error {
	var status *fetch.StatusError
	if !errors.As(err, &status) {
		return err
	}
	hint := ""
	switch status.Status {
	case http.StatusUnauthorized:
		hint = r.id + " does not exist, or is private: check the name, and set HF_TOKEN if it is yours"
		if r.token != "" {
			hint = r.id + " does not exist, or HF_TOKEN is not valid for it"
		}
	case http.StatusForbidden:
		hint = r.id + " is gated: accept its conditions on its page, then set HF_TOKEN"
	case http.StatusNotFound:
		hint = "there is no " + r.id + " with the revision " + r.revision
	case http.StatusTooManyRequests:
		hint = "too many requests: wait some minutes, or set HF_TOKEN"
	default:
		return err
	}
	return fmt.Errorf("%s: %w", hint, err)
}

var blobName = regexp.MustCompile(`^[A-Za-z0-9_-]{8,128}$`)

// bring downloads one file of the commit, unless it is cached, and links it into the snapshot. A pinned SHA-256 goes
// before the one that the Hub lists.
func (r repo) bring(ctx context.Context, commit string, file *hf.FileInfo, pinned string) error {
	link := filepath.Join(r.folder(), "snapshots", commit, filepath.FromSlash(file.Name))
	if isFile(link) {
		err := r.checkBlob(link)
		if err == nil {
			return nil
		}
		if err := r.discardDamaged(err); err != nil {
			return err
		}
	}
	segments := strings.Split(file.Name, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	prefix := ""
	if r.kind != "models" {
		prefix = r.kind + "/"
	}
	where := fmt.Sprintf("%s/%s%s/resolve/%s/%s", r.endpoint, prefix, r.id, commit, strings.Join(segments, "/"))
	request := fetch.Request{URL: where, Token: r.token, User: r.user, Client: r.http, Log: r.options.Log, Progress: r.progress(file.Name), Size: file.Size}
	etag := file.BlobID
	if file.LFS != nil {
		etag, request.Size = file.LFS.SHA256, file.LFS.Size
	}
	if etag == "" {
		var err error
		if etag, request.Size, err = r.head(ctx, where); err != nil {
			return fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	if !blobName.MatchString(etag) {
		return fmt.Errorf("%s: the Hub gives it the tag %q: expected a hash", file.Name, etag)
	}
	switch len(etag) {
	case 64:
		request.SHA256 = etag
	case 40:
		request.GitSHA1 = etag
	}
	if pinned != "" {
		if len(etag) == 64 && etag != pinned {
			return fmt.Errorf("%s has the SHA-256 %s on the Hub, expected %s: refused", file.Name, etag, pinned)
		}
		request.SHA256 = pinned
	}
	request.Dest = filepath.Join(r.folder(), "blobs", etag)
	request.Lock = filepath.Join(r.hubCache, ".locks", r.folderName(), etag+".lock")
	if isFile(request.Dest) { // brought for another revision
		if err := r.checkBlob(request.Dest); err != nil {
			if err := r.discardDamaged(err); err != nil {
				return err
			}
		}
	}
	if err := fetch.File(ctx, request); err != nil {
		return r.explain(err)
	}
	if err := r.checkBlob(request.Dest); err != nil { // and remembers that it is right
		return err
	}
	return linkBlob(link, request.Dest)
}

// discardDamaged removes a blob that is not what its name says, so that it is brought again; any other error stays one.
func (r repo) discardDamaged(err error) error {
	var damaged *damagedBlob
	if !errors.As(err, &damaged) {
		return err
	}
	r.log(damaged.what() + ": it is brought again")
	if err := os.Remove(damaged.path); err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	return nil
}

// head asks for a file's tag and size, where the description of the repository has none (some mirrors of the Hub).
func (r repo) head(ctx context.Context, where string) (etag string, size int64, err error) {
	resp, err := r.ask(ctx, http.MethodHead, where)
	if err != nil {
		return "", 0, err
	}
	resp.Body.Close()
	etag = resp.Header.Get(hf.HeaderXLinkedETag)
	if etag == "" {
		etag = resp.Header.Get("ETag")
	}
	etag = strings.Trim(strings.TrimPrefix(etag, "W/"), `"`)
	if text := resp.Header.Get(hf.HeaderXLinkedSize); text != "" {
		size, _ = strconv.ParseInt(text, 10, 64)
	} else if resp.StatusCode == http.StatusOK {
		size = max(resp.ContentLength, 0)
	}
	return etag, size, nil
}

// linkBlob puts the link (where the system has none: a copy) of a snapshot's file in place.
func linkBlob(link, blob string) error {
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	target, err := filepath.Rel(filepath.Dir(link), blob)
	if err != nil {
		target = blob
	}
	os.Remove(link) // a link to a blob that is gone
	if err := os.Symlink(target, link); err == nil || errors.Is(err, fs.ErrExist) && isFile(link) {
		return nil
	}
	if err := os.Link(blob, link); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	from, err := files.Open(blob)
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(link), "."+filepath.Base(link)+".tmp-")
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	defer os.Remove(to.Name())
	_, err = io.Copy(to, from)
	if e := to.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(to.Name(), link)
	}
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	return nil
}

// remember writes the commit of the revision, last of all, as Python does.
func (r repo) remember(commit string) error {
	if commitHash.MatchString(r.revision) {
		return nil
	}
	path := filepath.Join(r.folder(), "refs", filepath.FromSlash(r.revision))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	// No line break at the end: Python takes the file's text as it is.
	return writeFile(path, []byte(commit))
}

// writeFile replaces a file at once or not at all.
func writeFile(path string, text []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".tmp-")
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(text)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("hub: writing %s: %w", path, err)
	}
	return nil
}
