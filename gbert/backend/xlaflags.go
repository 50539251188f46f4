package backend

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"bertlab/internal/files"
)

// flagsVariable holds XLA's flags, or the name of a file of them.
const flagsVariable = "XLA_FLAGS"

// flagSpace is what XLA takes for space between flags.
const flagSpace = " \t\r\n"

// maxFlagsFile bounds a file of flags: Linux hands no longer variable to the processes that this one begins.
const maxFlagsFile = 64 << 10

// xlaFlags are the flags of XLA_FLAGS as XLA reads them.
type xlaFlags struct {
	text  string   // the flags; of a file its content
	file  string   // the file that they come from; "" where the variable holds them
	names []string // of the flags, without dashes, in their order
	stray string   // the word that is no flag, with which XLA stops reading; "" if there is none
}

// A flagsError says that XLA cannot be used with what XLA_FLAGS says. That is the user's to mend, so no other backend is taken.
type flagsError struct{ text string }

func (e *flagsError) Error() string { return "backend: " + e.text }

func (f *xlaFlags) problem(format string, args ...any) error {
	where := flagsVariable
	if f.file != "" {
		where += "=" + f.file + ": the file"
	}
	return &flagsError{where + " " + fmt.Sprintf(format, args...)}
}

// warning is one line about what XLA does not read; "" if it reads all.
func (f *xlaFlags) warning() string {
	if f.stray == "" {
		return ""
	}
	return fmt.Sprintf("XLA reads %s up to %q, which does not begin with --, and passes over the rest", flagsVariable, f.stray)
}

// xlaFlag is one that bertlab sets.
type xlaFlag struct{ name, value string }

// String is the flag as XLA reads it.
func (f xlaFlag) String() string {
	if strings.ContainsAny(f.value, flagSpace) {
		return fmt.Sprintf("--%s='%s'", f.name, f.value)
	}
	return "--" + f.name + "=" + f.value
}

// fewModules lets XLA on a CPU compile a program in two parts, not in 32: that takes about a sixth less of the processors' time.
var fewModules = xlaFlag{"xla_cpu_parallel_codegen_split_count", "2"}

// anyFlag has been one of XLA's for ever: a plugin that holds its name holds those of all its flags.
const anyFlag = "xla_dump_to"

// userFlags reads what the user says in XLA_FLAGS, and refuses a flag that the plugin does not know. known says which of them, and of
// those of bertlab, it knows.
func (m *machine) userFlags(plugin string) (flags *xlaFlags, known map[string]bool, err error) {
	if flags, err = readFlags(m.getenv(flagsVariable)); err != nil {
		return nil, nil, err
	}
	known = knownFlags(plugin, slices.Concat(flags.names, []string{anyFlag, readFreshWeights.name, fewModules.name}))
	for _, name := range flags.names {
		if known[anyFlag] && !known[name] {
			return nil, nil, flags.problem("names --%s, which this XLA does not know and would end the program over: take it out", name)
		}
	}
	return flags, known, nil
}

// setFlags puts the flags that the choice needs beside those of the user, who has their way with each that they name, in the
// variable or in the file that it names. The content of a file takes the place of its name, so that what go-xla adds counts, too.
func (m *machine) setFlags(c *Choice) (warning string, err error) {
	flags, known, err := m.userFlags(c.plugin())
	if err != nil {
		return "", err
	}
	var own []xlaFlag
	if c.Name == "xla:cuda" {
		own = m.cudaFlags(c.PluginPath)
	}
	for _, flag := range []xlaFlag{readFreshWeights, fewModules} {
		if known[flag.name] {
			own = append(own, flag)
		}
	}
	text := flags.with(own)
	if text == m.getenv(flagsVariable) {
		return flags.warning(), nil
	}
	return flags.warning(), m.setenv(flagsVariable, text)
}

// flagsWarning is what [Open] would say of XLA_FLAGS, an error too; "" where nothing.
func (m *machine) flagsWarning(c *Choice) string {
	if c.plugin() == "" {
		return mayStall(c.Config)
	}
	flags, _, err := m.userFlags(c.plugin())
	if err != nil {
		return strings.TrimPrefix(err.Error(), "backend: ")
	}
	return flags.warning()
}

// with are the flags and those of own that they do not name: behind them, so that the user's come first as ever, but before a stray
// word, behind which nothing is read.
func (f *xlaFlags) with(own []xlaFlag) string {
	text, front := strings.Trim(f.text, flagSpace), ""
	for _, flag := range own {
		switch {
		case slices.Contains(f.names, flag.name):
		case f.stray == "":
			text = strings.TrimSpace(text + " " + flag.String())
		default:
			front += flag.String() + " "
		}
	}
	return front + text
}

// readFlags reads the value of XLA_FLAGS as XLA does (xla/parse_flags_from_env.cc): one that begins with a dash, spaces aside, holds the
// flags; any other names a file of them. XLA ends the process where there is no such file, and would read a device for ever.
func readFlags(value string) (*xlaFlags, error) {
	f := &xlaFlags{text: value}
	trimmed := strings.Trim(value, flagSpace)
	if trimmed == "" { // spaces alone would be a file's name
		f.text = ""
		return f, nil
	}
	if trimmed[0] != '-' {
		f.file = value
		text, err := files.Read(value, maxFlagsFile)
		if err == nil && bytes.IndexByte(text, 0) >= 0 {
			err = errors.New("it holds bytes that are no text")
		}
		if err != nil {
			return nil, &flagsError{fmt.Sprintf("%s=%s: %v: expected flags such as --xla_dump_to=folder, or the name of a file of such flags", flagsVariable, value, err)}
		}
		f.text = string(text)
	}
	return f, f.parse()
}

// parse finds the flags' names: --name, --name=value, --name="a value" and --name='a value', with space between them.
func (f *xlaFlags) parse() error {
	rest := strings.TrimLeft(f.text, flagSpace)
	for strings.HasPrefix(rest, "-") {
		name := rest[:len(rest)-len(strings.TrimLeft(rest, flagLetters))]
		end := strings.IndexAny(rest, flagSpace)
		if after := rest[len(name):]; strings.HasPrefix(after, `="`) || strings.HasPrefix(after, "='") {
			length, ok := quoted(after[1:])
			if !ok {
				return f.problem("does not close the quote after %s", name)
			}
			end = len(name) + 1 + length
		}
		if end < 0 {
			end = len(rest)
		}
		plain := strings.TrimPrefix(name, "--")
		if plain == name || plain == "" || strings.HasPrefix(plain, "-") {
			return f.problem("has %q: a flag is written --name=value", rest[:end])
		}
		f.names = append(f.names, plain)
		rest = strings.TrimLeft(rest[end:], flagSpace)
	}
	f.stray = rest
	if end := strings.IndexAny(rest, flagSpace); end >= 0 {
		f.stray = rest[:end]
	}
	if f.stray != "" && len(f.names) == 0 {
		return f.problem("begins with %.40q: XLA reads no further than a word that does not begin with --", f.stray)
	}
	return nil
}

// flagLetters may stand in a flag's name.
const flagLetters = "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// quoted is the length of the quoted text that s begins with, quotes included; ok is false where it has no end. Within double
// quotes a backslash keeps the character after it.
func quoted(s string) (length int, ok bool) {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return i + 1, true
		case s[i] == '\\' && s[0] == '"':
			i++
		}
	}
	return 0, false
}

// knownFlags says which of some flags a plugin knows: its file holds their names as C strings. One that cannot be read knows none,
// and loading it says why. It is read, not mapped: another process may be replacing it.
func knownFlags(plugin string, names []string) map[string]bool {
	known := map[string]bool{}
	file, err := files.Open(plugin)
	if err != nil {
		return known
	}
	defer file.Close()
	longest := 0
	for _, name := range names {
		longest = max(longest, len(name)+1)
	}
	window := make([]byte, max(1<<20, 2*longest))
	kept := 0 // bytes of the last part, with which a name may begin
	for {
		n, err := io.ReadFull(file, window[kept:])
		for _, name := range names {
			known[name] = known[name] || bytes.Contains(window[:kept+n], []byte(name+"\x00"))
		}
		if err != nil {
			return known
		}
		kept = copy(window, window[len(window)-longest+1:])
	}
}
