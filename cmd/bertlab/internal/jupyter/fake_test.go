package jupyter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakePython answers as Python, venv, pip, JupyterLab and execute.py do, and writes each call into $CALLS.
const fakePython = `#!/bin/sh
here=$(dirname "$0")
case "$1 $2" in
"-m venv")
	echo "venv" >>"$CALLS"
	[ -e "$FAKE/no-ensurepip" ] && { echo "The virtual environment was not created successfully because ensurepip is not available."; exit 1; }
	mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip")
	echo "pip $*" >>"$CALLS"
	sleep 0.1
	[ -e "$FAKE/no-network" ] && { echo "ERROR: No matching distribution found for jupyterlab"; exit 1; }
	echo "4.6.6" >"$here/lab" ;;
"-m jupyterlab")
	echo "lab $*" >>"$CALLS"; env >"$FAKE/env" ;;
*)
	if [ "$3" = jupyterlab ]; then
		echo "probe" >>"$CALLS"
		version=3.12.1; [ -e "$FAKE/old-python" ] && version=3.8.10
		lab=; versions=
		if [ -e "$here/lab" ]; then
			lab="$here/lab"; v=$(cat "$here/lab")
			versions="\"jupyterlab\":\"$v\",\"nbclient\":\"0.11.0\",\"nbconvert\":\"7.17.2\""
		fi
		echo "{\"path\":\"$0\",\"version\":\"$version\",\"versions\":{$versions},\"lab\":\"$lab\"}"
	else
		echo "execute $5" >>"$CALLS"; env >"$FAKE/env"
		[ -e "$FAKE/result" ] && cp "$FAKE/result" "$4"
		cat "$FAKE/events"; echo "Traceback: out of luck" >&2
		[ ! -e "$FAKE/hang" ] || cat >/dev/null
		grep -q '"done"' "$FAKE/events"
	fi ;;
esac
`

// fakeGo answers go env, and builds a gonb that installs a kernel.json.
const fakeGo = `#!/bin/sh
if [ "$1" = env ]; then echo go1.26.5; echo "$GOFLAGS"; exit; fi
echo "go $* GOFLAGS=$GOFLAGS GOPROXY=$GOPROXY" >>"$CALLS"
[ -e "$FAKE/no-build" ] && { echo "cannot find module"; exit 1; }
[ "$2" = -o ] || exit 0
cat >"$3" <<'END'
#!/bin/sh
mkdir -p "$JUPYTER_DATA_DIR/kernels/gonb" && cp "$0" "$JUPYTER_DATA_DIR/kernels/gonb/gonb"
echo '{"argv":["gonb","--kernel","{connection_file}","'$4'"],"display_name":"Go (gonb)","env":{}}' >"$JUPYTER_DATA_DIR/kernels/gonb/kernel.json"
END
chmod +x "$3"
`

// machine is a fake machine: a folder of programs that is first on the PATH, switches, and the calls so far.
type machine struct {
	t   *testing.T
	bin string
	Options
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	root := t.TempDir()
	m := &machine{t: t, bin: filepath.Join(root, "bin"), Options: Options{
		Dir: filepath.Join(root, "jupyter"), Module: filepath.Join(root, "mod $ule"),
	}}
	m.write("bin/python3", fakePython)
	m.write("bin/go", fakeGo)
	m.write("mod $ule/go.mod", "module bertlab\n\ngo 1.26.5\n")
	m.write("calls", "")
	t.Setenv("PATH", m.bin+":/usr/bin:/bin")
	t.Setenv("CALLS", filepath.Join(root, "calls"))
	t.Setenv("FAKE", root)
	t.Setenv("GOFLAGS", "-mod=mod -tags=some")
	t.Setenv("BERTLAB_OFFLINE", "")
	t.Setenv("JUPYTER_PATH", "/users/own")
	return m
}

func (m *machine) root() string { return filepath.Dir(m.bin) }

func (m *machine) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.root(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) read(name string) string {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.root(), name))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

// calls counts the calls that begin with each of these words.
func (m *machine) calls(words ...string) map[string]int {
	count := map[string]int{}
	for line := range strings.Lines(m.read("calls")) {
		for _, word := range words {
			if strings.HasPrefix(line, word+" ") || strings.TrimSpace(line) == word {
				count[word]++
			}
		}
	}
	return count
}

func (m *machine) setup() *Environment {
	m.t.Helper()
	e, err := Setup(m.t.Context(), m.Options)
	if err != nil {
		m.t.Fatal(err)
	}
	return e
}
