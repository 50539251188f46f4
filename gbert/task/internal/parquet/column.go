package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"strconv"
)

// Parquet's physical types.
const (
	physicalBoolean = 0
	physicalInt32   = 1
	physicalInt64   = 2
	physicalInt96   = 3
	physicalFloat   = 4
	physicalDouble  = 5
	physicalBytes   = 6
	physicalFixed   = 7
)

// Parquet's encodings.
const (
	encodingPlain           = 0
	encodingPlainDictionary = 2
	encodingRLE             = 3
	encodingDelta           = 5
	encodingDeltaLength     = 6
	encodingDeltaBytes      = 7
	encodingDictionary      = 8
	encodingByteStreamSplit = 9
)

// Parquet's kinds of pages.
const (
	pageData       = 0
	pageIndex      = 1
	pageDictionary = 2
	pageDataV2     = 3
)

var errPageShort = errors.New("the page ends too early")

// ReadColumn reads a column of a row group: its cells as text (numbers in decimal, booleans as 0 and 1), and which of them
// are null (nil where none is).
func (f *File) ReadColumn(group, column int) (cells []string, null []bool, err error) {
	col := f.Columns[column]
	if col.Kind == Unsupported {
		return nil, nil, fmt.Errorf("column %q is %s: only columns of text and numbers at the top level can be read", col.Name, col.Why)
	}
	cells, null, err = f.readChunk(&col, f.groups[group].rows, f.groups[group].chunks[column])
	if err != nil {
		return nil, nil, fmt.Errorf("column %q, row group %d: %w", col.Name, group, err)
	}
	return cells, null, nil
}

func (f *File) readChunk(col *Column, rows int64, ch chunk) (cells []string, null []bool, err error) {
	data := make([]byte, ch.length)
	if n, err := f.source.ReadAt(data, ch.start); n < len(data) {
		return nil, nil, err
	}
	var dictionary []string
	anyNull := false
	for page := 0; int64(len(cells)) < rows; page++ {
		if len(data) == 0 {
			return nil, nil, fmt.Errorf("holds %d of %d rows", len(cells), rows)
		}
		head, body, rest, err := splitPage(data)
		if err != nil {
			return nil, nil, fmt.Errorf("page %d: %w", page, err)
		}
		data = rest
		p := pageReader{file: f, col: col, codec: ch.codec, body: body, unpacked: head.integer(2, -1), left: rows - int64(len(cells))}
		switch kind := head.integer(1, -1); kind {
		case pageDictionary:
			dictionary, err = p.dictionary(&head)
		case pageData, pageDataV2:
			var c []string
			var z []bool
			p.words = dictionary
			if kind == pageData {
				c, z, err = p.dataV1(&head)
			} else {
				c, z, err = p.dataV2(&head)
			}
			if z == nil {
				z = make([]bool, len(c))
			} else {
				anyNull = true
			}
			cells, null = append(cells, c...), append(null, z...)
		case pageIndex:
		default:
			err = fmt.Errorf("is of the unknown kind %d", kind)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("page %d: %w", page, err)
		}
	}
	if !anyNull {
		null = nil
	}
	return cells, null, nil
}

// splitPage reads the head of the first page in data; body is the page, rest what follows it.
func splitPage(data []byte) (head node, body, rest []byte, err error) {
	head, n, err := decodeStruct(data)
	if err != nil {
		return head, nil, nil, err
	}
	data = data[n:]
	size := head.integer(3, -1)
	if size < 0 || size > int64(len(data)) {
		return head, nil, nil, fmt.Errorf("claims %d bytes, %d are left", size, len(data))
	}
	body = data[:size]
	if sum, ok := head.get(4); ok && crc32.ChecksumIEEE(body) != uint32(sum.num) {
		return head, nil, nil, errors.New("its checksum does not fit: the file is damaged")
	}
	return head, body, data[size:], nil
}

// pageReader decodes one page.
type pageReader struct {
	file     *File
	col      *Column
	codec    int64
	body     []byte
	unpacked int64    // claimed size after decompression
	left     int64    // rows that the row group still has
	words    []string // the dictionary, nil if there is none yet
}

func (p *pageReader) dictionary(head *node) ([]string, error) {
	h, ok := head.get(7)
	if !ok {
		return nil, errors.New("has no dictionary header")
	}
	body, err := p.file.decompress(p.codec, p.body, p.unpacked)
	if err != nil {
		return nil, err
	}
	n := h.integer(1, -1)
	if n < 0 || n > int64(len(body)) {
		return nil, fmt.Errorf("a dictionary of %d bytes claims %d values", len(body), n)
	}
	if e := h.integer(2, 0); e != encodingPlain && e != encodingPlainDictionary {
		return nil, fmt.Errorf("the dictionary has the encoding %d, which is not read here", e)
	}
	return plain(p.col, body, int(n))
}

func (p *pageReader) dataV1(head *node) ([]string, []bool, error) {
	h, ok := head.get(5)
	if !ok {
		return nil, nil, errors.New("has no data header")
	}
	n, err := p.count(h)
	if err != nil {
		return nil, nil, err
	}
	body, err := p.file.decompress(p.codec, p.body, p.unpacked)
	if err != nil {
		return nil, nil, err
	}
	var defined []uint32
	if p.col.optional {
		if e := h.integer(3, encodingRLE); e != encodingRLE {
			return nil, nil, fmt.Errorf("definition levels have the encoding %d, which is not read here", e)
		}
		if len(body) < 4 {
			return nil, nil, errPageShort
		}
		size := int64(binary.LittleEndian.Uint32(body))
		if size > int64(len(body)-4) {
			return nil, nil, errPageShort
		}
		if defined, err = runs(body[4:4+size], 1, n); err != nil {
			return nil, nil, err
		}
		body = body[4+size:]
	}
	return p.values(h.integer(2, -1), body, n, defined)
}

func (p *pageReader) dataV2(head *node) ([]string, []bool, error) {
	h, ok := head.get(8)
	if !ok {
		return nil, nil, errors.New("has no data header")
	}
	n, err := p.count(h)
	if err != nil {
		return nil, nil, err
	}
	levels, repeats := h.integer(5, 0), h.integer(6, 0)
	size := int64(len(p.body))
	if levels < 0 || repeats < 0 || levels > size || repeats > size-levels {
		return nil, nil, errPageShort
	}
	var defined []uint32
	if p.col.optional {
		if defined, err = runs(p.body[repeats:repeats+levels], 1, n); err != nil {
			return nil, nil, err
		}
	}
	body := p.body[repeats+levels:]
	if h.integer(7, 1) == 1 {
		if body, err = p.file.decompress(p.codec, body, p.unpacked-levels-repeats); err != nil {
			return nil, nil, err
		}
	}
	return p.values(h.integer(4, -1), body, n, defined)
}

// count is the number of values, nulls among them, that the page's header claims.
func (p *pageReader) count(h *node) (int, error) {
	n := h.integer(1, -1)
	if n < 0 || n > p.left {
		return 0, fmt.Errorf("claims %d values, the row group has %d more", n, p.left)
	}
	return int(n), nil
}

// values decodes a page's n values; defined has a 1 for each that is not null, and is nil where none can be.
func (p *pageReader) values(encoding int64, body []byte, n int, defined []uint32) ([]string, []bool, error) {
	present := n
	for _, d := range defined {
		if d == 0 {
			present--
		}
	}
	cells, err := p.decode(encoding, body, present)
	if err != nil || present == n {
		return cells, nil, err
	}
	all, null, next := make([]string, n), make([]bool, n), 0
	for i, d := range defined {
		if null[i] = d == 0; !null[i] {
			all[i] = cells[next]
			next++
		}
	}
	return all, null, nil
}

func (p *pageReader) decode(encoding int64, body []byte, n int) ([]string, error) {
	if n == 0 {
		return nil, nil
	}
	integer := p.col.physical == physicalInt32 || p.col.physical == physicalInt64
	switch {
	case encoding == encodingPlain:
		return plain(p.col, body, n)
	case encoding == encodingDictionary || encoding == encodingPlainDictionary:
		if len(body) == 0 || body[0] > 32 {
			return nil, errPageShort
		}
		indices, err := runs(body[1:], int(body[0]), n)
		if err != nil {
			return nil, err
		}
		cells := make([]string, n)
		for i, index := range indices {
			if int64(index) >= int64(len(p.words)) {
				return nil, fmt.Errorf("value %d is number %d of a dictionary of %d", i, index, len(p.words))
			}
			cells[i] = p.words[index]
		}
		return cells, nil
	case encoding == encodingRLE && p.col.Kind == Boolean:
		if len(body) < 4 {
			return nil, errPageShort
		}
		bits, err := runs(body[4:], 1, n)
		return numbers(p.col, bits), err
	case encoding == encodingDelta && integer:
		values, _, err := deltas(body, n)
		if p.col.physical == physicalInt32 {
			for i, v := range values {
				values[i] = int64(int32(v))
			}
		}
		return numbers(p.col, values), err
	case encoding == encodingDeltaLength && p.col.physical == physicalBytes:
		cells, err := deltaLength(body, n)
		if err != nil {
			return nil, err
		}
		return p.col.texts(cells)
	case encoding == encodingDeltaBytes && (p.col.physical == physicalBytes || p.col.physical == physicalFixed):
		cells, err := p.file.deltaBytes(body, n)
		if err != nil {
			return nil, err
		}
		return p.col.texts(cells)
	case encoding == encodingByteStreamSplit && p.col.bytesEach() > 0:
		body, err := together(body, p.col.bytesEach(), n)
		if err != nil {
			return nil, err
		}
		return plain(p.col, body, n)
	}
	return nil, fmt.Errorf("the encoding %d of physical type %d is not read here", encoding, p.col.physical)
}

// plain decodes n values that stand one after another.
func plain(col *Column, body []byte, n int) ([]string, error) {
	width := col.bytesEach()
	if col.physical == physicalBoolean && n > 8*len(body) || int64(n)*int64(width) > int64(len(body)) || width == 0 && col.physical == physicalBytes && n > len(body)/4 {
		return nil, errPageShort
	}
	cells := make([]string, n)
	text := ""
	if col.physical == physicalBytes || col.physical == physicalFixed {
		text = string(body) // one copy; the cells are parts of it
	}
	at := 0
	for i := range cells {
		switch col.physical {
		case physicalBoolean:
			cells[i] = strconv.Itoa(int(body[i/8] >> (i % 8) & 1))
		case physicalInt32:
			cells[i] = col.integer(int64(int32(binary.LittleEndian.Uint32(body[at:]))))
		case physicalInt64:
			cells[i] = col.integer(int64(binary.LittleEndian.Uint64(body[at:])))
		case physicalFloat:
			cells[i] = strconv.FormatFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(body[at:]))), 'g', -1, 32)
		case physicalDouble:
			cells[i] = strconv.FormatFloat(math.Float64frombits(binary.LittleEndian.Uint64(body[at:])), 'g', -1, 64)
		case physicalFixed:
			cells[i] = text[at : at+width]
		case physicalBytes:
			if len(body)-at < 4 {
				return nil, errPageShort
			}
			size := int64(binary.LittleEndian.Uint32(body[at:]))
			at += 4
			if size > int64(len(body)-at) {
				return nil, errPageShort
			}
			cells[i] = text[at : at+int(size)]
			at += int(size)
		}
		at += width
	}
	if text != "" {
		return col.texts(cells)
	}
	return cells, nil
}

// bytesEach is the size of a value in bytes; 0 where sizes differ, or are less than a byte.
func (c *Column) bytesEach() int {
	return map[int64]int{physicalInt32: 4, physicalInt64: 8, physicalFloat: 4, physicalDouble: 8, physicalFixed: c.width}[c.physical]
}

func numbers[T uint32 | int64](col *Column, values []T) []string {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = col.integer(int64(v))
	}
	return cells
}
