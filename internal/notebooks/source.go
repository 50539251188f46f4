package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"

	"bertlab/internal/notebooks/cells"
)

// source is the Go file of a notebook in package cells.
type source struct {
	file         string
	variable     string            // the experiment's
	declarations string            // what the first cell declares
	packages     map[string]string // import paths by the name of the package
	functions    map[string]string // the bodies of the functions whose names are exported
}

// read reads a notebook's Go file.
func read(n cells.Notebook) (*source, error) {
	s := &source{file: n.Name + ".go", packages: map[string]string{}, functions: map[string]string{}}
	text, err := cells.Sources.ReadFile(s.file)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, s.file, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	between := func(from, to token.Pos) string {
		return string(text[set.Position(from).Offset:set.Position(to).Offset])
	}
	for _, spec := range file.Imports {
		if full, err := strconv.Unquote(spec.Path.Value); err == nil && full != "embed" {
			s.packages[packageName(full)] = full
		}
	}
	var declared []string
	for _, d := range file.Decls {
		if function, ok := d.(*ast.FuncDecl); ok && function.Name.IsExported() {
			s.functions[function.Name.Name] = outdent(between(function.Body.Lbrace+1, function.Body.Rbrace))
			continue
		}
		if list, ok := d.(*ast.GenDecl); ok && list.Tok == token.IMPORT {
			continue
		} else if ok && list.Tok == token.VAR && s.variable == "" {
			s.variable = list.Specs[0].(*ast.ValueSpec).Names[0].Name
		}
		declared = append(declared, between(d.Pos(), d.End()))
	}
	if s.declarations = strings.Join(declared, "\n\n"); s.variable == "" {
		return nil, fmt.Errorf("%s declares no variable with the experiment", s.file)
	}
	return s, nil
}

// packageName is that of an import path, without the major version that may end it.
func packageName(full string) string {
	name := path.Base(full)
	if digits, ok := strings.CutPrefix(name, "v"); ok && digits != "" && strings.Trim(digits, "0123456789") == "" {
		return path.Base(path.Dir(full))
	}
	return name
}

// outdent is the text of a function's body.
func outdent(body string) string {
	return strings.TrimSpace(strings.ReplaceAll("\n"+body, "\n\t", "\n"))
}

// body is that of a function by its name.
func (s *source) body(name string) (string, error) {
	body, ok := s.functions[name]
	if !ok {
		return "", fmt.Errorf("%s has no function %s", s.file, name)
	}
	return body, nil
}

// imports imports the packages that code names and that are not imported yet.
func (s *source) imports(code string, imported map[string]bool) string {
	var paths []string
	for name, full := range s.packages {
		if !imported[name] && strings.Contains(code, name+".") {
			paths, imported[name] = append(paths, strconv.Quote(full)), true
		}
	}
	slices.Sort(paths)
	switch len(paths) {
	case 0:
		return ""
	case 1:
		return "import " + paths[0] + "\n\n"
	}
	return "import (\n\t" + strings.Join(paths, "\n\t") + "\n)\n\n"
}
