package backend

import (
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"bertlab/internal/files"
)

// Plugin is a PJRT plugin found on this machine.
type Plugin struct {
	Name    string `json:"name"`              // "cpu" or "cuda"
	Path    string `json:"path"`              //
	Version string `json:"version,omitempty"` // as far as the file's name or the note beside it tells
	Bytes   int64  `json:"bytes"`
	Problem string `json:"problem,omitempty"` // why it cannot be used; "" if it can
}

// Usable says whether the file passed the checks that need no loading.
func (p Plugin) Usable() bool { return p.Problem == "" }

// go-xla's patterns of plugin names; a version may follow the name, as in pjrt_c_api_cpu_v0.104.0_plugin.so.
var pluginName = regexp.MustCompile(`^(?:pjrt_c_api_(cpu|cuda)(?:_v?([0-9][^/]*))?_plugin|pjrt[-_]plugin[-_](cpu|cuda))\.(?:so|dylib|dll)$`)

// searchPath lists the folders in which plugins are looked for, first come first served, without repetition.
func (m *machine) searchPath() []string {
	var dirs []string
	dirs = append(dirs, strings.Split(m.getenv("PJRT_PLUGIN_LIBRARY_PATH"), string(os.PathListSeparator))...)
	if m.home != "" {
		lib := m.userLib()
		dirs = append(dirs, filepath.Join(lib, "go-xla"), filepath.Join(lib, "go-xla", "nvidia"), filepath.Join(lib, "gomlx", "pjrt"))
	}
	if m.cache != "" {
		dirs = append(dirs, filepath.Join(m.cache, "pjrt"))
	}
	if m.goos != "windows" {
		for _, dir := range []string{"go-xla", "go-xla/nvidia", "gomlx/pjrt"} {
			dirs = append(dirs, filepath.Join(m.systemLib, dir))
		}
		dirs = append(dirs, strings.Split(m.getenv("LD_LIBRARY_PATH"), string(os.PathListSeparator))...)
		dirs = append(dirs, loaderPath(m.loaderConf, 0)...)
	}
	var unique []string
	for _, dir := range dirs {
		if filepath.IsAbs(dir) && !slices.Contains(unique, filepath.Clean(dir)) {
			unique = append(unique, filepath.Clean(dir))
		}
	}
	return unique
}

// userLib is the folder that holds go-xla's per-user plugins, as installer.DefaultHomeLibPath has it.
func (m *machine) userLib() string {
	switch m.goos {
	case "darwin":
		return filepath.Join(m.home, "Library", "Application Support")
	case "windows":
		return filepath.Join(m.home, "AppData", "Local")
	}
	return filepath.Join(m.home, ".local", "lib")
}

// maxConf bounds a file of folders, and the note beside a plugin: both are read by eye.
const maxConf = 1 << 20

// loaderPath reads the folders in a file like /etc/ld.so.conf, which may include others.
func loaderPath(conf string, depth int) []string {
	text, err := files.Read(conf, maxConf)
	if err != nil || depth > 4 {
		return nil
	}
	var dirs []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if pattern, ok := strings.CutPrefix(line, "include "); ok {
			more, _ := filepath.Glob(strings.TrimSpace(pattern))
			for _, file := range more {
				dirs = append(dirs, loaderPath(file, depth+1)...)
			}
		} else if filepath.IsAbs(line) {
			dirs = append(dirs, line)
		}
	}
	return dirs
}

// plugins lists the plugins in the search path, in its order, the usable and the broken ones.
func (m *machine) plugins() []Plugin {
	var found []Plugin
	for _, dir := range m.searchPath() {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		here := len(found)
		for _, entry := range entries {
			match := pluginName.FindStringSubmatch(entry.Name())
			if match == nil {
				continue
			}
			p := m.look(filepath.Join(dir, entry.Name()))
			p.Name = match[1] + match[3]
			if p.Version == "" {
				p.Version = match[2]
			}
			found = append(found, p)
		}
		// In one folder the plain name goes before versions, and higher versions before lower ones.
		slices.SortStableFunc(found[here:], func(a, b Plugin) int {
			plainA, plainB := filepath.Base(a.Path) == m.pluginFile(a.Name), filepath.Base(b.Path) == m.pluginFile(b.Name)
			switch {
			case plainA != plainB && plainA:
				return -1
			case plainA != plainB:
				return 1
			}
			return strings.Compare(b.Version, a.Version)
		})
	}
	return found
}

// find returns the first usable plugin of that name.
func (m *machine) find(name string) (Plugin, bool) {
	for _, p := range m.plugins() {
		if p.Name == name && p.Usable() {
			return p, true
		}
	}
	return Plugin{}, false
}

// pluginFile is the plain file name of a plugin on this system.
func (m *machine) pluginFile(name string) string {
	if m.goos == "windows" {
		return "pjrt_c_api_" + name + "_plugin.dll"
	}
	return "pjrt_c_api_" + name + "_plugin.so"
}

// look examines one plugin file without loading it.
func (m *machine) look(path string) Plugin {
	p := Plugin{Path: path}
	info, err := os.Stat(path)
	if err != nil {
		p.Problem = err.Error()
		return p
	}
	p.Bytes = info.Size()
	if err := m.plausible(path, pluginFunction); err != nil {
		p.Problem = err.Error()
	}
	if n, err := readNote(path); err == nil {
		p.Version = n.Package + " " + n.Version
	} else if target, err := filepath.EvalSymlinks(path); err == nil {
		if match := pluginName.FindStringSubmatch(filepath.Base(target)); match != nil {
			p.Version = match[2]
		}
	}
	return p
}

// minPluginBytes is far below any real plugin (the smallest known one has 60 MB) and far above an error page.
const minPluginBytes = 1 << 20

// pluginFunction is what every PJRT plugin has.
const pluginFunction = "GetPjrtApi"

// plausible checks that a file can be a library with a function for this machine: large enough, a 64-bit shared library for this
// processor, not cut short. Loading a broken library can crash the process, so this comes first.
func (m *machine) plausible(path, function string) error {
	f, err := files.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", path)
	}
	if info.Size() < m.minPlugin {
		return fmt.Errorf("%s has only %d bytes: not a library", path, info.Size())
	}
	if m.goos != "linux" {
		magic := make([]byte, 4)
		if _, err := io.ReadFull(f, magic); err != nil {
			return err
		}
		isMachO := string(magic) == "\xcf\xfa\xed\xfe" || string(magic) == "\xca\xfe\xba\xbe"
		if m.goos == "windows" && string(magic[:2]) != "MZ" || m.goos == "darwin" && !isMachO {
			return fmt.Errorf("%s is not a shared library", path)
		}
		return nil
	}
	lib, err := elf.NewFile(f)
	if err != nil {
		return fmt.Errorf("%s is not a whole shared library: %w", path, err)
	}
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	if want, ok := machines[m.goarch]; lib.Type != elf.ET_DYN || ok && lib.Machine != want {
		return fmt.Errorf("%s is a %v for %v, expected a shared library for %s", path, lib.Type, lib.Machine, m.goarch)
	}
	for _, section := range lib.Sections {
		if section.Type != elf.SHT_NOBITS && section.Offset+section.FileSize > uint64(info.Size()) {
			return fmt.Errorf("%s is cut short: its section %s ends beyond the file", path, section.Name)
		}
	}
	symbols, err := lib.DynamicSymbols()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if !slices.ContainsFunc(symbols, func(s elf.Symbol) bool { return s.Name == function }) {
		return fmt.Errorf("%s has no function %s: it is another library", path, function)
	}
	return nil
}

// note is written beside a plugin that this package installed.
type note struct {
	Package string `json:"package"`
	Version string `json:"version"`
	Archive string `json:"archive_sha256,omitempty"` // of the archive that it came in
}

const noteEnding = ".json"

func readNote(plugin string) (note, error) {
	var n note
	text, err := files.Read(plugin+noteEnding, maxConf)
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	return n, err
}

// platform is "linux_amd64" and the like.
func (m *machine) platform() string { return m.goos + "_" + m.goarch }
