package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// MaxExpansion is how many times the file's size its decompressed pages may take together (beside one MiB that any file may
// take). Snappy shrinks text two to three times, Zstandard seldom more than ten.
const MaxExpansion = 64

const freeBytes = 1 << 20

// Kind is what the values of a column are.
type Kind int

// The kinds of columns. Unsupported columns can be listed but not read.
const (
	Unsupported Kind = iota
	Text             // bytes, or a UUID
	Integer
	Float // a floating-point number, or a decimal with all its digits
	Boolean
	Moment // a date or a time, as ISO 8601 writes it
)

// Column is one leaf column of the file.
type Column struct {
	Name string // as in the schema; the names of an outer group stand before it, with dots
	Kind Kind
	Why  string // why an Unsupported column cannot be read by ReadColumn

	// List is the name of the list that an Unsupported column holds the elements of, and Elements their kind; see [File.ReadList].
	List     string
	Elements Kind

	physical  int64 // Parquet's physical type
	width     int   // bytes of a FIXED_LEN_BYTE_ARRAY
	optional  bool  // may hold nulls
	meaning   meaning
	scale     int   // of a decimal
	perSecond int64 // units of a time
	levels    levels
}

// File is an open Parquet file. It is not safe for concurrent use.
type File struct {
	Columns []Column

	source io.ReaderAt
	size   int64
	groups []group
	rows   int64
	budget int64 // bytes that decompression may still take

	metadata map[string][]byte
}

type group struct {
	rows   int64
	chunks []chunk
}

type chunk struct {
	codec         int64
	start, length int64 // the chunk's bytes in the file
}

const magic = "PAR1"

// Open reads and checks the footer of the file of size bytes behind r.
func Open(r io.ReaderAt, size int64) (*File, error) {
	if size < 12 {
		return nil, fmt.Errorf("a Parquet file has at least 12 bytes, this one %d", size)
	}
	var head [4]byte
	var tail [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, err
	}
	if n, err := r.ReadAt(tail[:], size-8); n < 8 {
		return nil, err
	}
	if string(head[:]) != magic || string(tail[4:]) != magic {
		return nil, fmt.Errorf("a Parquet file begins and ends with %s, this one with %q and %q: it is cut off or no Parquet file", magic, head[:], tail[4:])
	}
	length := int64(binary.LittleEndian.Uint32(tail[:4]))
	if length > size-12 {
		return nil, fmt.Errorf("the footer claims %d bytes, the file has %d", length, size)
	}
	footer := make([]byte, length)
	if n, err := r.ReadAt(footer, size-8-length); n < len(footer) {
		return nil, err
	}
	meta, _, err := decodeStruct(footer)
	if err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	f := &File{source: r, size: size, budget: MaxExpansion*size + freeBytes}
	if err := f.schema(&meta); err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	if err := f.rowGroups(&meta); err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	f.keyValues(&meta)
	return f, nil
}

// Rows is the number of rows of the file.
func (f *File) Rows() int64 { return f.rows }

// Groups is the number of row groups.
func (f *File) Groups() int { return len(f.groups) }

// GroupRows is the number of rows of a row group.
func (f *File) GroupRows(group int) int64 { return f.groups[group].rows }

// Metadata is the value of a key of the file's own metadata; nil where there is none.
func (f *File) Metadata(key string) []byte { return f.metadata[key] }

// keyValues keeps the file's metadata by key, the last of equal ones.
func (f *File) keyValues(meta *node) {
	list, _ := meta.get(5)
	if list == nil {
		return
	}
	f.metadata = map[string][]byte{}
	for i := range list.list {
		key, value := list.list[i].text(1), list.list[i].text(2)
		f.metadata[string(key)] = value
	}
}

// schema lists the leaf columns in the order of the column chunks.
func (f *File) schema(meta *node) error {
	list, _ := meta.get(2)
	if list == nil || len(list.list) == 0 {
		return fmt.Errorf("no schema")
	}
	elements := list.list
	at := 1
	var walk func(children int64, above []ancestor, prefix, why string) error
	walk = func(children int64, above []ancestor, prefix, why string) error {
		if len(above) > maxThriftDepth {
			return fmt.Errorf("schema nested deeper than %d", maxThriftDepth)
		}
		for range children {
			if at >= len(elements) {
				return fmt.Errorf("the schema ends too early")
			}
			e := &elements[at]
			at++
			name, _ := e.get(4)
			if name == nil || !utf8.Valid(name.raw) {
				return fmt.Errorf("schema element %d has no name in UTF-8", at-1)
			}
			reason, path := why, append(slices.Clip(above), ancestor{string(name.raw), e.integer(3, 0)})
			if e.integer(3, 0) == 2 {
				reason = "a list"
			}
			if n := e.integer(5, 0); n > 0 {
				if reason == "" {
					reason = "a structure"
				}
				if err := walk(n, path, prefix+string(name.raw)+".", reason); err != nil {
					return err
				}
				continue
			}
			c := leaf(e, prefix+string(name.raw), reason)
			if list, l, ok := asList(path); ok {
				element := leaf(e, c.Name, "")
				c.List, c.Elements, c.levels, c.width = list, element.Kind, l, element.width
				c.meaning, c.scale, c.perSecond = element.meaning, element.scale, element.perSecond
				if element.Kind == Unsupported {
					c.Why = "a list of values that are " + element.Why
				}
			}
			f.Columns = append(f.Columns, c)
		}
		return nil
	}
	return walk(elements[0].integer(5, 0), nil, "", "")
}

func leaf(e *node, name, why string) Column {
	c := Column{Name: name, Why: why, physical: e.integer(1, -1), optional: e.integer(3, 0) == 1}
	if why != "" {
		return c
	}
	if c.physical == physicalFixed {
		width := e.integer(2, 0)
		if width <= 0 || width > 1<<20 {
			c.Why = fmt.Sprintf("of fixed width %d", width)
			return c
		}
		c.width = int(width)
	}
	if c.Why = c.logical(e); c.Why != "" {
		return c
	}
	if c.Kind, c.Why = c.kind(); c.Why != "" {
		c.Kind = Unsupported
	}
	return c
}

func (f *File) rowGroups(meta *node) error {
	f.rows = meta.integer(3, -1)
	// A row of text takes a byte at least, except where a dictionary holds the same few texts again and again.
	if limit := f.size + 1<<16; f.rows < 0 || f.rows > limit {
		return fmt.Errorf("the file claims %d rows in %d bytes", f.rows, f.size)
	}
	list, _ := meta.get(4)
	if list == nil {
		list = &node{}
	}
	sum := int64(0)
	for i := range list.list {
		g := &list.list[i]
		rows := g.integer(3, -1)
		if rows < 0 || rows > f.rows-sum {
			return fmt.Errorf("row group %d claims %d rows, the file %d in all", i, rows, f.rows)
		}
		sum += rows
		columns, _ := g.get(1)
		if columns == nil || len(columns.list) != len(f.Columns) {
			return fmt.Errorf("row group %d does not have the schema's %d columns", i, len(f.Columns))
		}
		out := group{rows: rows, chunks: make([]chunk, len(f.Columns))}
		for j := range columns.list {
			if elsewhere, ok := columns.list[j].get(1); ok && len(elsewhere.raw) > 0 {
				return fmt.Errorf("column %q of row group %d is in another file, %.60q", f.Columns[j].Name, i, elsewhere.raw)
			}
			md, ok := columns.list[j].get(3)
			if !ok {
				return fmt.Errorf("column %q of row group %d has no metadata", f.Columns[j].Name, i)
			}
			start, length := md.integer(9, -1), md.integer(7, -1)
			if dictionary := md.integer(11, 0); dictionary > 0 && dictionary < start {
				start = dictionary
			}
			if rows == 0 {
				continue // it has no pages, and writers give it any place
			}
			if start < 4 || length < 0 || start > f.size || length > f.size-start {
				return fmt.Errorf("column %q of row group %d claims bytes %d to %d of a file of %d", f.Columns[j].Name, i, start, start+length, f.size)
			}
			out.chunks[j] = chunk{codec: md.integer(4, 0), start: start, length: length}
		}
		f.groups = append(f.groups, out)
	}
	if sum != f.rows {
		return fmt.Errorf("the row groups hold %d rows, the file claims %d", sum, f.rows)
	}
	return nil
}
