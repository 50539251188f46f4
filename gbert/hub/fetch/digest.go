package fetch

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"bertlab/internal/files"
)

// digests sums a file's bytes as they come.
type digests struct {
	want   Request
	sha256 hash.Hash
	git    hash.Hash // nil where the git id is not asked for
}

func newDigests(r Request) *digests {
	d := &digests{want: r}
	d.reset()
	return d
}

func (d *digests) reset() {
	d.sha256, d.git = nil, nil
	if d.want.SHA256 != "" {
		d.sha256 = sha256.New()
	}
	// A git blob id hashes the length first, so it can be summed along only where that is known.
	if d.want.GitSHA1 != "" && d.want.Size > 0 {
		d.git = sha1.New()
		d.git.Write([]byte("blob " + strconv.FormatInt(d.want.Size, 10) + "\x00"))
	}
}

// decide says whether the sums can tell the right file from a wrong one.
func (d *digests) decide() bool { return d.sha256 != nil || d.git != nil }

func (d *digests) Write(p []byte) (int, error) {
	if d.sha256 != nil {
		d.sha256.Write(p)
	}
	if d.git != nil {
		d.git.Write(p)
	}
	return len(p), nil
}

func (d *digests) check(url string) error {
	if d.sha256 != nil {
		if got := hex.EncodeToString(d.sha256.Sum(nil)); !strings.EqualFold(got, d.want.SHA256) {
			return &HashError{URL: url, Kind: "SHA-256", Want: d.want.SHA256, Got: got}
		}
	}
	if d.git != nil {
		if got := hex.EncodeToString(d.git.Sum(nil)); !strings.EqualFold(got, d.want.GitSHA1) {
			return &HashError{URL: url, Kind: "git blob id", Want: d.want.GitSHA1, Got: got}
		}
	}
	return nil
}

// GitSHA1 returns the hexadecimal id that git gives the file at path: the SHA-1 of its length and its bytes.
func GitSHA1(path string) (string, error) {
	f, err := files.Open(path)
	if err != nil {
		return "", fmt.Errorf("fetch: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("fetch: %w", err)
	}
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", info.Size())
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("fetch: reading %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// SHA256 returns the hexadecimal SHA-256 of the file at path.
func SHA256(path string) (string, error) {
	f, err := files.Open(path)
	if err != nil {
		return "", fmt.Errorf("fetch: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("fetch: reading %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
