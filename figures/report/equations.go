package report

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/wyatt915/treeblood"

	"bertlab/figures"
)

// Equations is [Markdown] with equations in TeX between dollar signs, which are set as MathML: browsers show it without a script.
type Equations string

// mathematics finds code, in which a dollar is a dollar, and equations: displayed ones, and those in a line.
var mathematics = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`|\\$\\$(.+?)\\$\\$|\\$([^$\\s](?:[^$\n`]*[^$\\s`])?)\\$")

// standIn stands for an equation while the text becomes HTML; its characters are of private use.
const standIn = "\ue000%d\ue001"

func (e Equations) write(out *bytes.Buffer, _ *numbers) error {
	var set []string
	var failed error
	source := mathematics.ReplaceAllStringFunc(figures.Minus(string(e)), func(found string) string {
		parts := mathematics.FindStringSubmatch(found)
		var tex, ml string
		var err error
		switch {
		case parts[1] != "":
			tex = parts[1]
			ml, err = treeblood.DisplayStyle(strings.TrimSpace(tex), nil)
		case parts[2] != "":
			tex = parts[2]
			ml, err = treeblood.InlineStyle(strings.TrimSpace(tex), nil)
		default:
			return found
		}
		if err == nil && strings.Contains(ml, "<merror") {
			err = errors.New("a command in it is not known")
		}
		if err != nil {
			failed = fmt.Errorf("report: the equation %q: %w", tex, err)
		}
		set = append(set, strings.TrimSpace(ml))
		return fmt.Sprintf(standIn, len(set)-1)
	})
	if failed != nil {
		return failed
	}
	var page bytes.Buffer
	if err := markdown.Convert([]byte(source), &page); err != nil {
		return err
	}
	html := page.String()
	for i, ml := range set {
		html = strings.Replace(html, fmt.Sprintf(standIn, i), ml, 1)
	}
	out.WriteString(html)
	return nil
}
