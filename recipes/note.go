package recipes

import (
	"regexp"
	"strings"

	"bertlab/papers/experiment/words"
)

// notes are what is said of steps that are done, see [Done], as they are read and as they are said in a language.
var notes = []struct {
	written *regexp.Regexp
	say     func(say *words.Printer, part []string) string
}{
	{regexp.MustCompile(`^(\d+) steps of (\d+) examples, training loss (\S+)$`), func(say *words.Printer, part []string) string {
		return say.F("%s steps of %s examples, training loss %s", part[1], part[2], part[3])
	}},
	{regexp.MustCompile(`^(\S+) % of the encoder's weights remain$`), func(say *words.Printer, part []string) string {
		return say.F("%s %% of the encoder's weights remain", part[1])
	}},
	{regexp.MustCompile(`^without layers (\S+)$`), func(say *words.Printer, part []string) string { return say.F("without layers %s", part[1]) }},
	{regexp.MustCompile(`^(\d+) of (\d+) heads removed$`), func(say *words.Printer, part []string) string {
		return say.F("%s of %s heads removed", part[1], part[2])
	}},
	{regexp.MustCompile(`^(\d+) groups of layers share (\w+)$`), func(say *words.Printer, part []string) string {
		return say.F("%s groups of layers share %s", part[1], say.Name(part[2]))
	}},
	{regexp.MustCompile(`^stored as (\S+)$`), func(say *words.Printer, part []string) string { return say.F("stored as %s", part[1]) }},
	{regexp.MustCompile(`^(\d+) of (\d+) maps factored, (\d+) of (\d+) entries$`), func(say *words.Printer, part []string) string {
		return say.F("%s of %s maps factored, %s of %s entries", part[1], part[2], part[3], part[4])
	}},
	{regexp.MustCompile(`^(.*), (\d+) of (\d+) entries$`), func(say *words.Printer, part []string) string {
		return say.F("%s, %s of %s entries", part[1], part[2], part[3])
	}},
	{regexp.MustCompile(`^(\d+) of (\d+) words stay$`), func(say *words.Printer, part []string) string {
		return say.F("%s of %s words stay", part[1], part[2])
	}},
	{regexp.MustCompile(`^(\d+) maps and the word table in eight bits$`), func(say *words.Printer, part []string) string {
		return say.F("%s maps and the word table in eight bits", part[1])
	}},
	{regexp.MustCompile(`^word table of width (\d+), relative error (\S+)$`), func(say *words.Printer, part []string) string {
		return say.F("word table of width %s, relative error %s", part[1], part[2])
	}},
}

// NoteIn says what came of a step in a language. A note that is not known stays as it is.
func NoteIn(say *words.Printer, note string) string {
	parts := strings.Split(note, "; ")
	for i, text := range parts {
		for _, n := range notes {
			if part := n.written.FindStringSubmatch(text); part != nil {
				parts[i] = n.say(say, part)
				break
			}
		}
	}
	return strings.Join(parts, "; ")
}
