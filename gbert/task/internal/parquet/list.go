package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// levels are the definition levels of a column within one list, Dremel's as Parquet stores them: a value is there at full; an element
// is there, null perhaps, from element on; the list itself, empty perhaps, from list on.
type levels struct{ full, element, list int }

// ancestor is a group on the way to a leaf, or the leaf.
type ancestor struct {
	name       string
	repetition int64 // 0 required, 1 optional, 2 repeated
}

// asList says how a leaf can be read as a list, and the list's name: that of the groups around it without those that Parquet puts in
// for the list and its elements. ok is false for a leaf that is not in exactly one list.
func asList(path []ancestor) (name string, l levels, ok bool) {
	repeated := -1
	for i, f := range path {
		if f.repetition == 0 {
			continue
		}
		l.full++
		if f.repetition != 2 {
			continue
		}
		if repeated >= 0 {
			return "", l, false
		}
		repeated, l.element, l.list = i, l.full, l.full-1
	}
	if repeated < 0 {
		return "", l, false
	}
	rest := path[repeated+1:]
	if (path[repeated].name == "list" || path[repeated].name == "bag") && len(rest) > 0 {
		rest = rest[1:]
	}
	var names []string
	for _, f := range slices.Concat(path[:max(repeated, 1)], rest) {
		names = append(names, f.name)
	}
	return strings.Join(names, "."), l, true
}

// ReadList reads a column of lists of a row group: the elements of each row as [File.ReadColumn] gives cells, and which rows have no
// list. A null element is an error.
func (f *File) ReadList(group, column int) (lists [][]string, null []bool, err error) {
	col := f.Columns[column]
	if col.List == "" {
		return nil, nil, fmt.Errorf("column %q is not a list", col.Name)
	}
	if col.Elements == Unsupported {
		return nil, nil, fmt.Errorf("column %q is %s, which is not read here", col.Name, col.Why)
	}
	lists, null, err = f.readLists(&col, f.groups[group].rows, f.groups[group].chunks[column])
	if err != nil {
		return nil, nil, fmt.Errorf("column %q, row group %d: %w", col.List, group, err)
	}
	return lists, null, nil
}

func (f *File) readLists(col *Column, rows int64, ch chunk) (lists [][]string, null []bool, err error) {
	data := make([]byte, ch.length)
	if n, err := f.source.ReadAt(data, ch.start); n < len(data) {
		return nil, nil, err
	}
	element := *col
	element.Kind = col.Elements
	r := listReader{rows: rows, most: f.size + freeBytes}
	var dictionary []string
	for page := 0; len(data) > 0; page++ {
		head, body, rest, err := splitPage(data)
		if err != nil {
			return nil, nil, fmt.Errorf("page %d: %w", page, err)
		}
		data = rest
		p := pageReader{file: f, col: &element, codec: ch.codec, body: body, unpacked: head.integer(2, -1), words: dictionary}
		switch kind := head.integer(1, -1); kind {
		case pageDictionary:
			dictionary, err = p.dictionary(&head)
		case pageData:
			err = r.pageV1(&p, &head)
		case pageDataV2:
			err = r.pageV2(&p, &head)
		case pageIndex:
		default:
			err = fmt.Errorf("is of the unknown kind %d", kind)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("page %d: %w", page, err)
		}
	}
	if int64(len(r.lists)) != rows {
		return nil, nil, fmt.Errorf("holds %d of %d rows", len(r.lists), rows)
	}
	return r.lists, r.null, nil
}

// listReader puts the values of pages together to lists.
type listReader struct {
	rows  int64
	most  int64 // values that the column may have
	lists [][]string
	null  []bool
}

func (r *listReader) count(h *node) (int, error) {
	n := h.integer(1, -1)
	if r.most -= n; n < 0 || r.most < 0 {
		return 0, fmt.Errorf("claims %d values, more than a file of this size can hold", n)
	}
	return int(n), nil
}

func (r *listReader) pageV1(p *pageReader, head *node) error {
	h, ok := head.get(5)
	if !ok {
		return errors.New("has no data header")
	}
	n, err := r.count(h)
	if err != nil {
		return err
	}
	body, err := p.file.decompress(p.codec, p.body, p.unpacked)
	if err != nil {
		return err
	}
	part := func(encoding int64, most int) ([]uint32, error) {
		if encoding != encodingRLE {
			return nil, fmt.Errorf("levels have the encoding %d, which is not read here", encoding)
		}
		if len(body) < 4 || int64(binary.LittleEndian.Uint32(body)) > int64(len(body)-4) {
			return nil, errPageShort
		}
		size := int(binary.LittleEndian.Uint32(body))
		numbers, err := runs(body[4:4+size], widthOf(most), n)
		body = body[4+size:]
		return numbers, err
	}
	repeats, err := part(h.integer(4, encodingRLE), 1)
	if err != nil {
		return err
	}
	defined, err := part(h.integer(3, encodingRLE), p.col.levels.full)
	if err != nil {
		return err
	}
	return r.add(p, h.integer(2, -1), body, repeats, defined)
}

func (r *listReader) pageV2(p *pageReader, head *node) error {
	h, ok := head.get(8)
	if !ok {
		return errors.New("has no data header")
	}
	n, err := r.count(h)
	if err != nil {
		return err
	}
	size := int64(len(p.body))
	definitions, repetitions := h.integer(5, 0), h.integer(6, 0)
	if definitions < 0 || repetitions < 0 || definitions > size || repetitions > size-definitions {
		return errPageShort
	}
	repeats, err := runs(p.body[:repetitions], 1, n)
	if err != nil {
		return err
	}
	defined, err := runs(p.body[repetitions:repetitions+definitions], widthOf(p.col.levels.full), n)
	if err != nil {
		return err
	}
	body := p.body[repetitions+definitions:]
	if h.integer(7, 1) == 1 {
		if body, err = p.file.decompress(p.codec, body, p.unpacked-repetitions-definitions); err != nil {
			return err
		}
	}
	return r.add(p, h.integer(4, -1), body, repeats, defined)
}

// add appends a page's values to the lists that they belong to.
func (r *listReader) add(p *pageReader, encoding int64, body []byte, repeats, defined []uint32) error {
	l, present := p.col.levels, 0
	for _, d := range defined {
		if int(d) == l.full {
			present++
		}
	}
	values, err := p.decode(encoding, body, present)
	if err != nil {
		return err
	}
	for i, d := range defined {
		if repeats[i] == 0 {
			if int64(len(r.lists)) == r.rows {
				return fmt.Errorf("has more than the row group's %d rows", r.rows)
			}
			r.lists, r.null = append(r.lists, nil), append(r.null, int(d) < l.list)
		}
		if len(r.lists) == 0 {
			return errors.New("begins within a list")
		}
		switch row := len(r.lists); {
		case int(d) == l.full:
			r.lists[row-1] = append(r.lists[row-1], values[0])
			values = values[1:]
		case int(d) >= l.element:
			return fmt.Errorf("row %d of the group has a list with a null in it", row)
		}
	}
	return nil
}

// widthOf is how many bits a level of at most most takes.
func widthOf(most int) int {
	width := 0
	for most>>width > 0 {
		width++
	}
	return width
}
