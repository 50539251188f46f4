// Package unpack takes chosen files out of an archive that is not trusted.
//
// Nothing leaves the target folder: names that are absolute, that climb ("..") or that are no plain file (links,
// devices) are refused, existing files are never overwritten, and the bytes written are limited. Whole folders come
// into being with [Folder]: filled under a temporary name, then renamed.
package unpack

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"bertlab/internal/files"
)

// Limit of the bytes that one archive may unpack to where the caller sets none: 16 GiB.
const defaultLimit = 16 << 30

// Job says what to take out of an archive and where to.
type Job struct {
	Archive string // the archive's path
	Dir     string // where the files go; it must exist
	// Select is called with each member's name and returns the path under Dir to write it to, "" to pass it over.
	Select func(name string) string
	Limit  int64 // bytes written in all at most; 0 means 16 GiB
}

// Zip unpacks the chosen members of a zip file (a Python wheel is one) and returns the paths written, under Dir.
func Zip(j Job) ([]string, error) {
	r, err := zip.OpenReader(j.Archive)
	if err != nil {
		return nil, fmt.Errorf("unpack: %s: %w", j.Archive, err)
	}
	defer r.Close()
	w := writer{job: j}
	for _, member := range r.File {
		to := j.Select(member.Name)
		if to == "" || member.FileInfo().IsDir() {
			continue
		}
		if !member.Mode().IsRegular() {
			return nil, w.refuse(member.Name, "it is a link or a special file")
		}
		body, err := member.Open()
		if err != nil {
			return nil, fmt.Errorf("unpack: %s: %s: %w", j.Archive, member.Name, err)
		}
		err = w.write(member.Name, to, body)
		body.Close()
		if err != nil {
			return nil, err
		}
	}
	return w.done, nil
}

// TarGz unpacks the chosen members of a gzip-compressed tar file and returns the paths written, under Dir.
func TarGz(j Job) ([]string, error) {
	f, err := files.Open(j.Archive)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("unpack: %s: %w", j.Archive, err)
	}
	w := writer{job: j}
	limit := j.limit()
	// Members that are passed over are decompressed too, so they count as well.
	r := tar.NewReader(io.LimitReader(z, 4*limit+1<<20))
	for {
		member, err := r.Next()
		if err == io.EOF {
			return w.done, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack: %s: %w", j.Archive, err)
		}
		to := j.Select(member.Name)
		if to == "" || member.Typeflag == tar.TypeDir {
			continue
		}
		if member.Typeflag != tar.TypeReg {
			return nil, w.refuse(member.Name, "it is a link or a special file")
		}
		if err := w.write(member.Name, to, r); err != nil {
			return nil, err
		}
	}
}

func (j Job) limit() int64 {
	if j.Limit > 0 {
		return j.Limit
	}
	return defaultLimit
}

type writer struct {
	job  Job
	used int64
	done []string
}

func (w *writer) refuse(name, why string) error {
	return fmt.Errorf("unpack: %s: member %q is refused: %s", w.job.Archive, name, why)
}

func (w *writer) write(name, to string, body io.Reader) error {
	if !filepath.IsLocal(name) || !filepath.IsLocal(to) {
		return w.refuse(name, "its path leads out of the folder")
	}
	path := filepath.Join(w.job.Dir, to)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	// O_EXCL: neither a file nor a link that an earlier member made is written through.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return w.refuse(name, "there is a file of that name already")
	}
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	left := w.job.limit() - w.used
	n, err := io.Copy(f, io.LimitReader(body, left+1))
	if err == nil && n > left {
		err = w.refuse(name, fmt.Sprintf("the archive unpacks to more than %d bytes", w.job.limit()))
	} else if err != nil {
		err = fmt.Errorf("unpack: %s: %s: %w", w.job.Archive, name, err)
	}
	if e := f.Sync(); err == nil && e != nil {
		err = fmt.Errorf("unpack: writing %s: %w", path, e)
	}
	if e := f.Close(); err == nil && e != nil {
		err = fmt.Errorf("unpack: writing %s: %w", path, e)
	}
	if err != nil {
		os.Remove(path)
		return err
	}
	w.used += n
	w.done = append(w.done, to)
	return nil
}
