package backend

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// variable is a machine with XLA_FLAGS alone.
func variable(value string) (*machine, *string) {
	return &machine{
		getenv: func(string) string { return value },
		setenv: func(_, to string) error { value = to; return nil },
	}, &value
}

func TestXLAFlagsOfAFileCountBesideOurs(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string { return put(t, []byte(text), dir, name) }
	plugin := write("plugin", "\x00xla_cpu_use_xnnpack\x00xla_dump_to\x00xla_cpu_multi_thread_eigen\x00xla_dump_hlo_as_text\x00")
	both := write("both", "\x00xla_cpu_use_xnnpack\x00xla_dump_to\x00xla_cpu_parallel_codegen_split_count\x00")
	older := write("older", "\x00xla_dump_to\x00")
	foreign := write("foreign", "\x00xla_cpu_use_xnnpack\x00") // its flags are elsewhere
	const ours = "--xla_cpu_use_xnnpack=false"
	for _, c := range []struct{ name, plugin, value, want, warning string }{
		{"a file", plugin, write("a", "--xla_dump_to=d\n--xla_dump_hlo_as_text\n"), "--xla_dump_to=d\n--xla_dump_hlo_as_text " + ours, ""},
		{"a file with spaces in its name", plugin, write("a b", "\t--xla_dump_to=d"), "--xla_dump_to=d " + ours, ""},
		{"an empty file", plugin, write("empty", ""), ours, ""},
		{"a file that names the flag", plugin, write("named", "--xla_cpu_use_xnnpack=true"), "--xla_cpu_use_xnnpack=true", ""},
		{"a plugin that knows both of ours", both, "--xla_dump_to=d", "--xla_dump_to=d " + ours + " --xla_cpu_parallel_codegen_split_count=2", ""},
		{"a file for a plugin without the flag", older, write("old", "--xla_dump_to=d"), "--xla_dump_to=d", ""},
		{"a file of Windows", plugin, write("crlf", "--xla_dump_to=d\r\n"), "--xla_dump_to=d " + ours, ""},
		{"quotes", plugin, `--xla_dump_to="a \" b" --xla_dump_hlo_as_text`, `--xla_dump_to="a \" b" --xla_dump_hlo_as_text ` + ours, ""},
		{"a quoted text that is like a flag", plugin, `--xla_dump_to='--xla_cpu_use_xnnpack=true'`, `--xla_dump_to='--xla_cpu_use_xnnpack=true' ` + ours, ""},
		{"a flag whose name begins so", foreign, "--xla_cpu_use_xnnpack_more=1", "--xla_cpu_use_xnnpack_more=1 " + ours, ""},
		{"spaces alone", plugin, " \n", ours, ""},
		{"spaces alone, a plugin without the flag", older, " \n", "", ""},
		{"spaces before", plugin, "  --xla_dump_to=d ", "--xla_dump_to=d " + ours, ""},
		{"a stray word at the end", plugin, "--xla_cpu_multi_thread_eigen=false threads=1", ours + " --xla_cpu_multi_thread_eigen=false threads=1", `"threads=1"`},
		{"a stray word before the flag", plugin, "--xla_dump_to=d x --xla_cpu_use_xnnpack=true", ours + " --xla_dump_to=d x --xla_cpu_use_xnnpack=true", `"x"`},
		{"a stray word in a file", plugin, write("stray", "--xla_dump_to=d\n# mine\n"), ours + " --xla_dump_to=d\n# mine", `"#"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, flags := variable(c.value)
			for range 2 { // the second backend of a process finds the first one's
				warning, err := m.setFlags(&Choice{Name: "xla:cpu", PluginPath: c.plugin})
				if err != nil || *flags != c.want || !strings.Contains(warning, c.warning) || (warning == "") != (c.warning == "") {
					t.Errorf("XLA_FLAGS is %q, expected %q; warning %q, error %v", *flags, c.want, warning, err)
				}
			}
		})
	}
}

func TestXLAFlagsThatWouldEndTheProcessAreErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string { return put(t, []byte(text), dir, name) }
	plugin := write("plugin", "\x00xla_cpu_use_xnnpack\x00xla_dump_to\x00")
	for _, c := range []struct{ name, value, says string }{
		{"no such file", filepath.Join(dir, "gone"), "gone: stat"},
		{"a folder", dir, "is not a file"},
		{"a device", os.DevNull, "is not a file"},
		{"an endless device", "/dev/zero", "is not a file"},
		{"a large file", write("large", "--xla_dump_to="+strings.Repeat("d", maxFlagsFile)), "larger than 64 kB"},
		{"a file of bytes", write("bytes", "--xla_dump_to=\x00"), "no text"},
		{"a file of something else", write("else", "xla_dump_to: d\n"), "begins with \"xla_dump_to:\""},
		{"a file with a remark first", write("remark", "# mine\n--xla_dump_to=d\n"), "begins with \"#\""},
		{"an unknown flag", "--xla_dump_to=d --xla_nonsense=1", "--xla_nonsense"},
		{"an unknown flag in a file", write("unknown", "--xla_nonsense"), "unknown: the file names --xla_nonsense"},
		{"a beginning of a flag", "--xla_dump=1", "--xla_dump,"},
		{"one dash", "-xla_dump_to=d", "--name=value"},
		{"three dashes", "---xla_dump_to=d", "--name=value"},
		{"dashes alone", "--xla_dump_to=d --", "--name=value"},
		{"an open quote", `--xla_dump_to="d`, "close the quote after --xla_dump_to"},
		{"an open quote by a backslash", `--xla_dump_to="d\"`, "close the quote"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, flags := variable(c.value)
			_, err := m.setFlags(&Choice{Name: "xla:cpu", PluginPath: plugin})
			var refused *flagsError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "XLA_FLAGS") || *flags != c.value {
				t.Errorf("%v, expected an error that says %q; XLA_FLAGS is %q", err, c.says, *flags)
			}
		})
	}
}

func TestFlagsForCUDACountBesideThoseOfAFile(t *testing.T) {
	dir := t.TempDir()
	plugin := put(t, []byte("\x00xla_dump_to\x00xla_gpu_cuda_data_dir\x00"), dir, "with space", "pjrt_c_api_cuda_plugin.so")
	root := filepath.Join(dir, "with space", "cu13")
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		"": "--xla_gpu_cuda_data_dir='" + root + "'",
		put(t, []byte("--xla_dump_to=d\n"), dir, "flags"):                "--xla_dump_to=d --xla_gpu_cuda_data_dir='" + root + "'",
		put(t, []byte("--xla_gpu_cuda_data_dir=/mine\n"), dir, "theirs"): "--xla_gpu_cuda_data_dir=/mine",
	} {
		values := map[string]string{"XLA_FLAGS": value}
		m := &machine{getenv: func(name string) string { return values[name] }, setenv: func(name, to string) error { values[name] = to; return nil }}
		if _, err := m.setFlags(&Choice{Name: "xla:cuda", PluginPath: plugin}); err != nil || values["XLA_FLAGS"] != want {
			t.Errorf("%q becomes %q, expected %q; %v", value, values["XLA_FLAGS"], want, err)
		}
	}
}

// What is wrong in XLA_FLAGS is for the user to mend: no slower backend is taken instead. Pure Go does not read them.
func TestWrongXLAFlagsAreNoReasonForAnotherBackend(t *testing.T) {
	w := newWorld(t)
	put(t, goodPlugin, w.home, ".local/lib/go-xla/pjrt_c_api_cpu_plugin.so")
	w.env["XLA_FLAGS"] = filepath.Join(w.home, "gone")
	for _, name := range []string{"", "xla", "xla:cpu"} {
		if _, c, err := w.open(t.Context(), Options{Name: name}); err == nil || !strings.Contains(err.Error(), "XLA_FLAGS") {
			t.Errorf("%q: %+v, %v", name, c, err)
		}
	}
	if r := w.inspect(Options{}); !strings.Contains(r.Choice.Warning, "XLA_FLAGS") {
		t.Errorf("inspect says %q", r.Choice.Warning)
	}
	if _, _, err := w.open(t.Context(), Options{Name: "go"}); err != nil {
		t.Error(err)
	}
}

func TestReadingFlagsEndsAtTheFirstWordThatIsNone(t *testing.T) {
	f, err := readFlags("--a=1 --b \t--c='x y' --d=\"p \\\" q\" rest --e")
	if err != nil || !slices.Equal(f.names, []string{"a", "b", "c", "d"}) || f.stray != "rest" {
		t.Errorf("%+v, %v", f, err)
	}
}

func FuzzReadFlags(f *testing.F) {
	for _, seed := range []string{"", " ", "--a", "--a=1 --b='c d'", `--a="b\"c" x`, "-x", "--a=\xff", "---", "--=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		flags := &xlaFlags{text: text}
		if flags.parse() != nil {
			return
		}
		for _, name := range flags.names {
			if name == "" || strings.ContainsAny(name, flagSpace+"='\"") || !strings.Contains(text, "--"+name) {
				t.Errorf("%q has the flag %q", text, name)
			}
		}
	})
}

// The real plugin, in a process of its own, because XLA reads its flags once: those of the file count, and so does ours.
func TestRealXLAObeysAFileOfFlags(t *testing.T) {
	if _, ok := thisMachine().find("cpu"); !ok || !hasXLA {
		t.Skip("no XLA CPU plugin on this machine: run `bertlab setup`")
	}
	dir := t.TempDir()
	dump := filepath.Join(dir, "dump")
	for name, value := range map[string]string{
		"file":  put(t, []byte("--xla_dump_to="+dump+"\n--xla_dump_hlo_as_text\n"), dir, "flags"),
		"stray": "--xla_dump_to=" + dump + " threads=1",
	} {
		t.Run(name, func(t *testing.T) {
			os.RemoveAll(dump)
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAProductSeesNewWeightsAtAnOldAddress$", "-test.timeout=2m")
			child.Env = append(os.Environ(), "XLA_FLAGS="+value)
			if out, err := child.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if written, err := os.ReadDir(dump); err != nil || len(written) == 0 {
				t.Errorf("--xla_dump_to of XLA_FLAGS wrote nothing: %v", err)
			}
		})
	}
}
