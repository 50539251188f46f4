package main

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"text/template/parse"

	"bertlab/internal/notebooks/cells"
	"bertlab/papers/experiment"
)

// A cell is one of a notebook. That of Go has code, the statements of a program.
type cell struct {
	markdown string
	comment  string   // what the code does, for people
	head     string   // what stands before the program
	code     []string // one statement, or the body of a function, each
}

// The comments of cells for which the narrative has none.
var (
	beginning = experiment.Text{
		English: "Set up: the experiment, by its full protocol, or by the quick one if BERTLAB_QUICK is set.",
		Korean:  "준비: 실험을 전체 설정으로, BERTLAB_QUICK이 설정되어 있으면 빠른 설정으로 불러온다.",
	}
	telling = experiment.Text{English: "Say what this run measured.", Korean: "이번 실행에서 측정한 값을 말한다."}
)

// composer makes the cells of one notebook in one language.
type composer struct {
	source *source
	lang   experiment.Language
	file   string
	tree   *parse.Tree
	cells  []cell
	text   strings.Builder // prose that is not in a cell yet
}

// compose makes a notebook's cells from its narrative.
func compose(n cells.Notebook, lang experiment.Language) ([]cell, error) {
	own, err := read(n)
	if err != nil {
		return nil, err
	}
	file := experiment.NarrativeFile(lang)
	text, err := fs.ReadFile(n.Narrative, file)
	if err != nil {
		return nil, err
	}
	tree := parse.New(file)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(string(text), "{{", "}}", map[string]*parse.Tree{}); err != nil {
		return nil, err
	}
	c := &composer{source: own, lang: lang, file: file, tree: tree}
	if err := c.list(tree.Root); err != nil {
		return nil, err
	}
	if err := c.prose(); err != nil {
		return nil, err
	}
	return c.cells, c.finish()
}

// list makes cells of a part of the narrative.
func (c *composer) list(nodes *parse.ListNode) error {
	if nodes == nil {
		return nil
	}
	for _, node := range nodes.Nodes {
		if err := c.node(node); err != nil {
			return err
		}
	}
	return nil
}

func (c *composer) node(node parse.Node) error {
	switch node := node.(type) {
	case *parse.TextNode:
		c.text.Write(node.Text)
		return nil
	case *parse.CommentNode:
		return nil
	case *parse.TemplateNode:
		return c.call("Tell", node.Name, "")
	case *parse.IfNode:
		switch condition, _, _ := strings.Cut(node.Pipe.String(), " "); condition {
		case "notebook", "has":
			return c.list(node.List)
		case "report":
			return c.list(node.ElseList)
		}
	case *parse.ActionNode:
		if words, ok := literals(node); ok {
			return c.action(words)
		}
	}
	return fmt.Errorf("%s: a notebook cannot show %s: put it into {{block \"name\" .}}…{{end}}", c.file, node)
}

// literals are the name of an action's function and its arguments, if all of them are literal strings.
func literals(node *parse.ActionNode) (words []string, ok bool) {
	if len(node.Pipe.Cmds) != 1 || len(node.Pipe.Decl) > 0 {
		return nil, false
	}
	for i, argument := range node.Pipe.Cmds[0].Args {
		switch argument := argument.(type) {
		case *parse.IdentifierNode:
			words = append(words, argument.Ident)
			ok = i == 0
		case *parse.StringNode:
			words = append(words, argument.Text)
		default:
			return nil, false
		}
	}
	return words, ok
}

// action makes a cell of a function of the narrative and its arguments.
func (c *composer) action(words []string) error {
	name := words[0]
	own := 2 // the words that are not the comment
	if name == "claims" || name == "drop" {
		own = 1
	}
	if len(words) < own || len(words) > own+1 {
		return fmt.Errorf("%s: {{%s}} does not take %d arguments", c.file, strings.Join(words, " "), len(words)-1)
	}
	comment := strings.Join(words[own:], "")
	switch name {
	case "figure", "table":
		return c.call("Show", words[1], comment)
	case "claims":
		return c.call("Claims", "", comment)
	case "cell":
		body, err := c.source.body(words[1])
		if err != nil {
			return err
		}
		return c.add(body, comment)
	case "drop":
		return nil
	}
	return fmt.Errorf("%s: unknown: {{%s}}", c.file, strings.Join(words, " "))
}

// call adds a call of a method of the notebook's experiment.
func (c *composer) call(method, argument, comment string) error {
	quoted := ""
	if argument != "" {
		quoted = strconv.Quote(argument)
	}
	opening := c.source.variable + "." + method + "("
	if last := c.last(); comment == "" && last != nil && strings.TrimSpace(c.text.String()) == "" {
		if at := len(last.code) - 1; quoted != "" && strings.HasPrefix(last.code[at], opening) {
			last.code[at] = strings.TrimSuffix(last.code[at], ")") + ", " + quoted + ")"
			return nil
		}
	}
	return c.add(opening+quoted+")", comment)
}

// last is the cell before the one to come, if that is one of Go.
func (c *composer) last() *cell {
	if len(c.cells) == 0 || len(c.cells[len(c.cells)-1].code) == 0 {
		return nil
	}
	return &c.cells[len(c.cells)-1]
}

// add adds code: to the last cell, if no prose stands between and not both have a comment, else as a cell of its own.
func (c *composer) add(code, comment string) error {
	if err := c.prose(); err != nil {
		return err
	}
	if last := c.last(); last != nil && (comment == "" || last.comment == "") {
		last.code = append(last.code, code)
		last.comment += comment
		return nil
	}
	c.cells = append(c.cells, cell{code: []string{code}, comment: comment})
	return nil
}

// blank are the lines between paragraphs, where actions stood between them more than one.
var blank = regexp.MustCompile(`\n[ \t]*\n\s*\n`)

// prose makes a cell of the text so far.
func (c *composer) prose() error {
	text := c.text.String()
	c.text.Reset()
	if strings.TrimSpace(text) == "" {
		return nil
	}
	text = strings.TrimSpace(blank.ReplaceAllString(text, "\n\n"))
	if len(c.cells) == 0 {
		title, ok := strings.CutPrefix(text, "## ")
		if !ok {
			return fmt.Errorf("%s: a line \"## Title\" was expected before %.60q", c.file, text)
		}
		text = "# " + title
	}
	c.cells = append(c.cells, cell{markdown: text})
	return nil
}

// finish gives each cell its imports and its comment, and the first one the notebook's declarations.
func (c *composer) finish() error {
	imported := map[string]bool{}
	first := true
	for i := range c.cells {
		now := &c.cells[i]
		if len(now.code) == 0 {
			continue
		}
		program := strings.Join(now.code, "\n")
		if first {
			now.comment = beginning.In(c.lang)
			now.head = "%noautoget\n" + c.source.imports(c.source.declarations+program, imported) + c.source.declarations + "\n\n"
			first = false
			continue
		}
		if now.head = c.source.imports(program, imported); now.comment == "" {
			for _, statement := range now.code {
				if !strings.HasPrefix(statement, c.source.variable+".Tell(") {
					return fmt.Errorf("%s: the cell %q has no comment", c.file, program)
				}
			}
			now.comment = telling.In(c.lang)
		}
	}
	return nil
}

// source is the text of a cell in the notebook.
func (c *cell) source() string {
	if len(c.code) == 0 {
		return c.markdown
	}
	return "// " + c.comment + "\n" + c.head + "%%\n" + strings.Join(c.code, "\n")
}
