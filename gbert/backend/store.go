package backend

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bertlab/internal/files"
)

// StoreVariable is the environment variable that switches the store of compiled programs off, with "off" or "0", or names its folder.
const StoreVariable = "BERTLAB_PROGRAMS"

const (
	// storeBytes bounds a store. The gradient of a six-layer model takes 4 MB, a whole quick experiment about 100.
	storeBytes = 512 << 20
	// maxProgram bounds a file of the store.
	maxProgram = 128 << 20
	// worthStoring is the compilation that is worth a file.
	worthStoring = 20 * time.Millisecond
)

// store keeps compiled programs for later processes: one file each, in a folder of the user's. A file is named by a hash of all that
// the machine code depends on: the program's text, and what [machine.storeSalt] says of plugin, flags, processor and devices. Neither
// XLA nor its plugins notice a damaged program (one flipped byte loads, and computes NaN), so each file carries a sum. A store that
// cannot be read or written is no error: programs are compiled then.
type store struct {
	dir   string
	salt  []byte
	limit int64         // bytes of all files together
	least time.Duration // compilations that take less are not kept
}

// storeSuffix is that of a program's file.
const storeSuffix = ".program"

// storeMagic begins each file, before the sum of what follows it.
var storeMagic = []byte("bertlab compiled program 1\n")

// openStore makes the store of a folder, which only the user may write to: what lies in it is run. It is nil if it cannot be used.
func openStore(dir string) *store {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil
		}
	}
	if !ownFolder(dir) {
		return nil
	}
	return &store{dir: dir, limit: storeBytes, least: worthStoring}
}

// path is the file of a program, and key what it must begin with.
func (s *store) path(text []byte) (path string, key [sha256.Size]byte) {
	hash := sha256.New()
	_, _ = fmt.Fprintf(hash, "%d\n", len(s.salt)) // a hash takes everything
	hash.Write(s.salt)
	hash.Write(text)
	hash.Sum(key[:0])
	return filepath.Join(s.dir, hex.EncodeToString(key[:])+storeSuffix), key
}

// read gives the compiled program of a text, if it is there and whole. What is damaged is removed.
func (s *store) read(text []byte) (compiled []byte, ok bool) {
	if s == nil {
		return nil, false
	}
	path, key := s.path(text)
	content, err := files.Read(path, maxProgram)
	if err != nil {
		return nil, false
	}
	rest, found := bytes.CutPrefix(content, storeMagic)
	if !found || len(rest) < 2*sha256.Size || sha256.Sum256(rest[sha256.Size:]) != [sha256.Size]byte(rest) || !bytes.HasPrefix(rest[sha256.Size:], key[:]) {
		_ = os.Remove(path)
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now) // the files that were used last stay
	return rest[2*sha256.Size:], true
}

// write keeps the compiled program of a text.
func (s *store) write(text, compiled []byte) {
	if s == nil || int64(len(compiled)) > min(maxProgram-1024, s.limit/4) {
		return
	}
	path, key := s.path(text)
	sum := sha256.New()
	sum.Write(key[:])
	sum.Write(compiled)
	if err := files.Write(path, slices.Concat(storeMagic, sum.Sum(nil), key[:], compiled)); err == nil {
		s.prune()
	}
}

// drop forgets the program of a text.
func (s *store) drop(text []byte) {
	path, _ := s.path(text)
	_ = os.Remove(path)
}

// prune removes the files that were not used for longest, until the rest is within the limit.
func (s *store) prune() {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	var kept []os.FileInfo
	var total int64
	for _, entry := range entries {
		if temporary := filepath.Join(s.dir, entry.Name()); strings.HasPrefix(entry.Name(), ".") && files.Abandoned(temporary, time.Hour) {
			_ = os.Remove(temporary) // of a killed writer
		}
		if !strings.HasSuffix(entry.Name(), storeSuffix) || !entry.Type().IsRegular() {
			continue
		}
		if info, err := entry.Info(); err == nil {
			kept, total = append(kept, info), total+info.Size()
		}
	}
	if total <= s.limit {
		return
	}
	slices.SortFunc(kept, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range kept {
		if total <= s.limit*3/4 { // and does not come back here at once
			return
		}
		if os.Remove(filepath.Join(s.dir, info.Name())) == nil {
			total -= info.Size()
		}
	}
}

// storeFolder is where the machine keeps compiled programs; "" if it is not to.
func (m *machine) storeFolder() string {
	switch value := strings.TrimSpace(m.getenv(StoreVariable)); strings.ToLower(value) {
	case "off", "0", "no", "false":
		return ""
	case "":
		if m.cache == "" {
			return ""
		}
		return filepath.Join(m.cache, "programs")
	default:
		if abs, err := filepath.Abs(value); err == nil {
			return abs
		}
		return ""
	}
}

// dumpFlags begin the flags that ask for files beside a compilation, which there must be then.
const dumpFlags = "xla_dump"

// bindingModule is what asks the plugin to compile, and chooses options.
const bindingModule = "github.com/gomlx/go-xla"

// storeSalt is what machine code depends on beside the program's text: the plugin's content, what binds it to Go, the flags and variables
// that XLA reads, the processor and how many of them there are, and the devices. ok is false where one of them cannot be told, or where
// every program must be compiled.
func (m *machine) storeSalt(c *Choice, dir, devices string) (salt []byte, ok bool) {
	plugin, err := pluginSum(c.plugin(), dir)
	if err != nil {
		return nil, false
	}
	processor, err := processor()
	if err != nil {
		return nil, false
	}
	flags, err := readFlags(m.getenv(flagsVariable))
	if err != nil || slices.ContainsFunc(flags.names, func(name string) bool { return strings.HasPrefix(name, dumpFlags) }) {
		return nil, false
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "plugin %s\nbinding %s\nconfig %s\nflags %s\ndevices %s\n", plugin, Versions()[bindingModule], c.Config, flags.text, devices)
	for _, name := range []string{"XLA_DEBUG_OPTIONS", "TF_XLA_FLAGS", "NPROC", "PJRT_NPROC", "OMP_NUM_THREADS"} {
		fmt.Fprintf(&b, "%s=%s\n", name, m.getenv(name))
	}
	b.WriteString(processor)
	return b.Bytes(), true
}

// pluginSum is the SHA-256 of a plugin. Its hundred megabytes are read once: a note in the folder keeps the sum beside the file's size
// and time.
func pluginSum(path, dir string) (string, error) {
	file, err := files.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	about := fmt.Sprintf("%s %d %d", path, info.Size(), info.ModTime().UnixNano())
	name := sha256.Sum256([]byte(about))
	note := filepath.Join(dir, "plugin-"+hex.EncodeToString(name[:8]))
	if text, err := files.Read(note, 4096); err == nil {
		if sum, ok := strings.CutPrefix(string(text), about+"\n"); ok && len(sum) == 2*sha256.Size {
			return sum, nil
		}
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	_ = files.Write(note, []byte(about+"\n"+sum)) // without it the plugin is read again
	return sum, nil
}
