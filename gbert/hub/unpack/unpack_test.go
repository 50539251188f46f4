package unpack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type member struct {
	name, body, link string
	kind             byte // of tar; 0 is a file
}

func tarGz(t testing.TB, members ...member) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, m := range members {
		if m.kind == 0 {
			m.kind = tar.TypeReg
		}
		h := &tar.Header{Name: m.name, Typeflag: m.kind, Linkname: m.link, Mode: 0o777, Size: int64(len(m.body))}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(m.body))
	}
	w.Close()
	z.Close()
	return out.Bytes()
}

func zipped(t testing.TB, members ...member) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		h.SetMode(0o777)
		if m.kind == tar.TypeSymlink {
			h.SetMode(fs.ModeSymlink | 0o777)
			m.body = m.link
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(m.body))
	}
	w.Close()
	return out.Bytes()
}

var formats = map[string]struct {
	build  func(testing.TB, ...member) []byte
	unpack func(Job) ([]string, error)
}{
	"zip": {zipped, Zip},
	"tar": {tarGz, TarGz},
}

func all(name string) string { return name }

// in writes an archive beside an empty target folder and returns both paths.
func in(t testing.TB, archive []byte) (path, dir string) {
	root := t.TempDir()
	path, dir = filepath.Join(root, "archive"), filepath.Join(root, "target")
	if err := errors.Join(os.WriteFile(path, archive, 0o644), os.Mkdir(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	return path, dir
}

func TestChosenMembersArriveAndOthersDoNot(t *testing.T) {
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			path, dir := in(t, format.build(t, member{name: "p/a.txt", body: "A"}, member{name: "p/b.txt", body: "B"}, member{name: "../evil", body: "E"}))
			files, err := format.unpack(Job{Archive: path, Dir: dir, Select: func(name string) string {
				if name == "p/b.txt" {
					return "sub/b"
				}
				return ""
			}})
			if err != nil || len(files) != 1 || files[0] != "sub/b" {
				t.Fatalf("files %v, error %v", files, err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "sub", "b"))
			if string(text) != "B" {
				t.Errorf("content %q, %v", text, err)
			}
			if info, err := os.Stat(filepath.Join(dir, "sub", "b")); err != nil || info.Mode().Perm()&0o111 != 0 {
				t.Errorf("mode %v: archives do not decide what is executable", info.Mode())
			}
		})
	}
}

func TestHostileMembersAreRefusedAndLeaveTheOutsideAlone(t *testing.T) {
	for name, format := range formats {
		for what, members := range map[string][]member{
			"climbs":             {{name: "../outside", body: "x"}},
			"climbs inside":      {{name: "a/../../outside", body: "x"}},
			"absolute":           {{name: "/tmp/outside-of-unpack-test", body: "x"}},
			"link":               {{name: "link", link: "/etc/passwd", kind: tar.TypeSymlink}},
			"writes over a link": {{name: "link", link: "..", kind: tar.TypeSymlink}, {name: "link/outside", body: "x"}},
			"twice":              {{name: "a", body: "1"}, {name: "a", body: "2"}},
			"too large":          {{name: "a", body: strings.Repeat("x", 600)}, {name: "b", body: strings.Repeat("y", 600)}},
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				path, dir := in(t, format.build(t, members...))
				if _, err := format.unpack(Job{Archive: path, Dir: dir, Select: all, Limit: 1000}); err == nil {
					t.Error("no error")
				}
				checkOutside(t, dir)
			})
		}
	}
	path, dir := in(t, tarGz(t, member{name: "hard", link: "../archive", kind: tar.TypeLink}))
	if _, err := TarGz(Job{Archive: path, Dir: dir, Select: all}); err == nil {
		t.Error("a hard link was made")
	}
}

// checkOutside fails if anything but the archive and the target stands in the target's parent.
func checkOutside(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder beside has %v (%v)", entries, err)
	}
	filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if entry.Type()&fs.ModeSymlink != 0 {
			t.Errorf("%s is a link", path)
		}
		return err
	})
}

func TestBrokenArchivesAreErrors(t *testing.T) {
	for name, format := range formats {
		whole := format.build(t, member{name: "a", body: strings.Repeat("content ", 5000)})
		for _, broken := range [][]byte{nil, []byte("<html>not an archive</html>"), whole[:len(whole)/2], whole[:len(whole)-30]} {
			path, dir := in(t, broken)
			if _, err := format.unpack(Job{Archive: path, Dir: dir, Select: all}); err == nil {
				t.Errorf("%s of %d bytes: no error", name, len(broken))
			}
		}
	}
}

func FuzzArchivesStayInTheirFolder(f *testing.F) {
	f.Add(zipped(f, member{name: "a/b", body: "x"}, member{name: "../c", body: "y"}), true)
	f.Add(tarGz(f, member{name: "a/b", body: "x"}, member{name: "l", link: "..", kind: tar.TypeSymlink}), false)
	f.Fuzz(func(t *testing.T, archive []byte, isZip bool) {
		path, dir := in(t, archive)
		open := TarGz
		if isZip {
			open = Zip
		}
		open(Job{Archive: path, Dir: dir, Select: all, Limit: 1 << 20})
		checkOutside(t, dir)
	})
}

func TestFolderAppearsWholeOrNotAtAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "model")
	boom := errors.New("boom")
	err := Folder(dir, "test", func(tmp string) error {
		os.WriteFile(filepath.Join(tmp, "half"), []byte("x"), 0o644)
		if _, err := os.Stat(dir); err == nil {
			t.Error("the folder stands while it is being filled")
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatalf("error %v", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	if err := Complete(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Complete: %v", err)
	}
	// What a killed process left is swept up, and an unfinished folder is replaced.
	os.MkdirAll(filepath.Join(filepath.Dir(dir), ".model.tmp-1"), 0o755)
	os.MkdirAll(dir, 0o755)
	err = Folder(dir, "test", func(tmp string) error { return os.WriteFile(filepath.Join(tmp, "file"), []byte("whole"), 0o644) })
	if err != nil {
		t.Fatal(err)
	}
	if err := Complete(dir); err != nil {
		t.Errorf("Complete: %v", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestCompleteNoticesAShortOrMissingFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	fill := func(tmp string) error { return os.WriteFile(filepath.Join(tmp, "file"), []byte("whole"), 0o644) }
	for what, spoil := range map[string]func() error{
		"short":   func() error { return os.Truncate(filepath.Join(dir, "file"), 2) },
		"missing": func() error { return os.Remove(filepath.Join(dir, "file")) },
		"marker":  func() error { return os.WriteFile(filepath.Join(dir, Marker), []byte("{}"), 0o644) },
	} {
		if err := Folder(dir, "test", fill); err != nil {
			t.Fatal(err)
		}
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if Complete(dir) == nil {
			t.Errorf("%s: taken for complete", what)
		}
	}
}

func TestCompleteNoticesAFlippedByte(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	if err := Folder(dir, "test", func(tmp string) error { return os.WriteFile(filepath.Join(tmp, "file"), []byte("whole"), 0o644) }); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "file")
	for text, right := range map[string]bool{"whale": false, "whole": true} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
		if err := Complete(dir); (err == nil) != right || err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzMarker reads any bytes as the marker of a folder.
func FuzzMarker(f *testing.F) {
	f.Add([]byte(`{"source": "x", "files": {"a": 1}, "stamps": {"a": {"sha256": "00", "modified_ns": 5}}}`))
	f.Add([]byte(`{"files": {"../../etc": -1}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, Marker), content, 0o600); err != nil {
			t.Fatal(err)
		}
		_ = Complete(dir)
	})
}
