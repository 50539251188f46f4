package jupyter

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// cellVariable is the environment variable that tells a program of all cells which cell to run, by its number.
const cellVariable = "BERTLAB_CELL"

// compose makes one Go program of all code cells of a notebook, so that they are linked once: each file of it, by name. The program does what
// GoNB's program of the one cell does that [cellVariable] names: declarations are remembered by later cells, values are not.
//
// Refused, with the reason, is what a program of all cells would do in another way: the kernel's commands but %noautoget, what is declared
// twice or used by a cell above it, and variables, methods and init functions that cells above would have too.
func compose(cells []string) (map[string][]byte, error) {
	c := composer{imports: map[string]string{}, declared: map[string]int{}}
	program := map[string][]byte{}
	for i, source := range cells {
		parsed, err := c.parse(i+1, source)
		if err == nil {
			program[fmt.Sprintf("cell%d.go", i+1)], err = c.file(i+1, parsed)
		}
		if err != nil {
			return nil, fmt.Errorf("cell %d: %w", i+1, err)
		}
	}
	for _, use := range c.used {
		if cell := c.declared[use.name]; cell > use.cell {
			return nil, fmt.Errorf("cell %d: %s is declared below it", use.cell, use.name)
		}
	}
	program["main.go"] = fmt.Appendf(nil, mainFile, calls(len(cells)))
	return program, nil
}

// mainFile begins the program. What it is told of is a pipe that bertlab holds: when that has been killed, the pipe ends, and the program
// with all that it has started.
const mainFile = `package main

import (
	bertlabio "io"
	bertlabos "os"
	bertlabsyscall "syscall"
)

func main() {
	go func() {
		bertlabio.Copy(bertlabio.Discard, bertlabos.NewFile(3, "lifeline"))
		bertlabsyscall.Kill(0, bertlabsyscall.SIGKILL)
	}()
	switch bertlabos.Getenv("` + cellVariable + `") {
%s	}
}
`

// calls are the cases of the program's cells.
func calls(cells int) string {
	var b strings.Builder
	for i := range cells {
		fmt.Fprintf(&b, "\tcase \"%d\":\n\t\tbertlabCell%[1]d()\n", i+1)
	}
	return b.String()
}

// A composer holds what the cells so far have declared.
type composer struct {
	imports  map[string]string // paths of packages by the names that cells call them
	declared map[string]int    // the cell of each name
	used     []use
}

type use struct {
	name string
	cell int
}

// A parsedCell is a cell in its two parts.
type parsedCell struct {
	declarations, body string
	// selected are the names before a dot, of which some are packages.
	selected map[string]bool
}

var errCommand = errors.New("a command of the kernel")

// parse reads a cell and remembers what it imports and declares.
func (c *composer) parse(cell int, source string) (*parsedCell, error) {
	declarations, body, err := parts(source)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", "package main\n"+declarations, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	parsed := &parsedCell{body: body, selected: map[string]bool{}}
	text := []byte("package main\n" + declarations)
	for _, declaration := range slices.Backward(file.Decls) {
		if err := c.declare(cell, declaration); err != nil {
			return nil, err
		}
		if d, ok := declaration.(*ast.GenDecl); ok && d.Tok == token.IMPORT { // blanked, so that all else keeps its line
			for i := set.Position(d.Pos()).Offset; i < set.Position(d.End()).Offset; i++ {
				if text[i] != '\n' {
					text[i] = ' '
				}
			}
		}
	}
	parsed.declarations = strings.TrimPrefix(string(text), "package main\n")
	main, err := parser.ParseFile(token.NewFileSet(), "", "package main\nfunc main() {\n"+body+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if len(main.Decls) > 1 {
		return nil, errors.New("its main ends before it does")
	}
	for _, f := range []*ast.File{file, main} {
		c.look(cell, f, parsed.selected)
	}
	return parsed, nil
}

// parts splits a cell at the line "%%", below which stands the body of main.
func parts(source string) (declarations, body string, err error) {
	into := [2]strings.Builder{}
	at := 0
	for line := range strings.Lines(source) {
		switch trimmed := strings.TrimSpace(line); {
		case trimmed == "%%" && at == 0:
			at, line = 1, "\n"
		case trimmed == "%noautoget":
			line = "\n"
		case strings.HasPrefix(trimmed, "%") || strings.HasPrefix(trimmed, "!"):
			return "", "", fmt.Errorf("%w: %s", errCommand, trimmed)
		}
		into[at].WriteString(line)
	}
	return into[0].String(), into[1].String(), nil
}

// declare remembers the names of a declaration.
func (c *composer) declare(cell int, declaration ast.Decl) error {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		switch {
		case d.Name.Name == "init" && d.Recv == nil:
			return errors.New("it has a function init")
		case d.Recv == nil:
			return c.declareName(cell, d.Name.Name)
		case cell > 1:
			return fmt.Errorf("it declares the method %s below the first cell", d.Name.Name)
		}
	case *ast.GenDecl:
		if d.Tok == token.VAR && cell > 1 {
			return errors.New("it declares variables below the first cell")
		}
		for _, spec := range d.Specs {
			if err := c.declareSpec(cell, spec); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *composer) declareSpec(cell int, spec ast.Spec) error {
	switch s := spec.(type) {
	case *ast.ImportSpec:
		return c.declareImport(s)
	case *ast.TypeSpec:
		return c.declareName(cell, s.Name.Name)
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if err := c.declareName(cell, name.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *composer) declareName(cell int, name string) error {
	if _, twice := c.declared[name]; twice && name != "_" {
		return fmt.Errorf("%s is declared twice", name)
	}
	c.declared[name] = cell
	return nil
}

// version is the last element of a path such as math/rand/v2.
var version = regexp.MustCompile(`^v[0-9]+$`)

func (c *composer) declareImport(s *ast.ImportSpec) error {
	from, err := strconv.Unquote(s.Path.Value)
	if err != nil {
		return err
	}
	if strings.HasPrefix(from, gonbPackage) {
		return fmt.Errorf("it imports %s, which speaks with the kernel", from)
	}
	name := path.Base(from)
	if version.MatchString(name) {
		name = path.Base(path.Dir(from))
	}
	if s.Name != nil {
		name = s.Name.Name
	}
	if name == "_" || name == "." {
		return fmt.Errorf("it imports %s as %s", from, name)
	}
	if before, ok := c.imports[name]; ok && before != from {
		return fmt.Errorf("%s is %s and %s", name, before, from)
	}
	c.imports[name] = from
	return nil
}

// look notes the names that a cell uses, and those before a dot.
func (c *composer) look(cell int, file *ast.File, selected map[string]bool) {
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				selected[x.Name] = true
			}
		case *ast.Ident:
			c.used = append(c.used, use{n.Name, cell})
		}
		return true
	})
}

// file is a cell's file, with the imports so far that it uses; a line in a stack trace is one of the cell.
func (c *composer) file(cell int, parsed *parsedCell) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("package main\n\n")
	for _, name := range slices.Sorted(maps.Keys(c.imports)) {
		if parsed.selected[name] {
			fmt.Fprintf(&b, "import %s %q\n", name, c.imports[name])
		}
	}
	fmt.Fprintf(&b, "\n//line cell%d:1\n%s\n", cell, parsed.declarations)
	fmt.Fprintf(&b, "func bertlabCell%d() {\n//line cell%[1]d:%d\n%s\n}\n", cell, strings.Count(parsed.declarations, "\n")+1, parsed.body)
	return b.Bytes(), nil
}
