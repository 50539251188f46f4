package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	reference "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"pgregory.net/rapid"
)

type row struct {
	Plain    string   `parquet:"plain,plain"`
	Dict     string   `parquet:"dict,dict"`
	Default  string   `parquet:"default"`
	Delta    string   `parquet:"delta,delta"`
	Maybe    *string  `parquet:"maybe,optional"`
	Long     int64    `parquet:"long"`
	DeltaInt int64    `parquet:"deltaint,delta"`
	Short    int32    `parquet:"short,delta"`
	Class    *int64   `parquet:"class,optional,dict"`
	Float    float32  `parquet:"float"`
	Double   *float64 `parquet:"double,optional"`
	Flag     bool     `parquet:"flag"`
	Fixed    [4]byte  `parquet:"fixed"`
	List     []string `parquet:"list,list"`
	Last     string   `parquet:"last"`
}

// cells gives a row as the reader should give it; a null is "∅".
func (r row) cells() map[string]string {
	m := map[string]string{
		"plain": r.Plain, "dict": r.Dict, "default": r.Default, "delta": r.Delta, "last": r.Last, "fixed": string(r.Fixed[:]),
		"long": strconv.FormatInt(r.Long, 10), "deltaint": strconv.FormatInt(r.DeltaInt, 10), "short": strconv.Itoa(int(r.Short)),
		"float": strconv.FormatFloat(float64(r.Float), 'g', -1, 32), "flag": "0", "maybe": "∅", "class": "∅", "double": "∅",
	}
	if r.Flag {
		m["flag"] = "1"
	}
	if r.Maybe != nil {
		m["maybe"] = *r.Maybe
	}
	if r.Class != nil {
		m["class"] = strconv.FormatInt(*r.Class, 10)
	}
	if r.Double != nil {
		m["double"] = strconv.FormatFloat(*r.Double, 'g', -1, 64)
	}
	return m
}

func encode(t interface{ Fatal(...any) }, rows []row, options ...reference.WriterOption) []byte {
	var b bytes.Buffer
	w := reference.NewGenericWriter[row](&b, options...)
	for i := range rows {
		if _, err := w.Write(rows[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readAllCells reads every column that can be read.
func readAllCells(data []byte) ([]map[string]string, error) {
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	var out []map[string]string
	for g := range f.Groups() {
		first := len(out)
		for range f.GroupRows(g) {
			out = append(out, map[string]string{})
		}
		for c, col := range f.Columns {
			if col.Kind == Unsupported {
				continue
			}
			cells, null, err := f.ReadColumn(g, c)
			if err != nil {
				return nil, err
			}
			for i, s := range cells {
				if null != nil && null[i] {
					s = "∅"
				}
				out[first+i][col.Name] = s
			}
		}
	}
	return out, nil
}

func drawRow(t *rapid.T) row {
	word := rapid.StringN(0, 12, -1)
	few := rapid.SampledFrom([]string{"a", "bb", "", "the same long text again and again"})
	r := row{
		Plain: word.Draw(t, "plain"), Dict: few.Draw(t, "dict"), Default: word.Draw(t, "default"), Delta: few.Draw(t, "delta"),
		Long: rapid.Int64().Draw(t, "long"), DeltaInt: rapid.Int64().Draw(t, "deltaint"), Short: rapid.Int32().Draw(t, "short"),
		Float: rapid.Float32().Draw(t, "float"), Flag: rapid.Bool().Draw(t, "flag"), Last: word.Draw(t, "last"),
		List: rapid.SliceOfN(word, 0, 2).Draw(t, "list"),
	}
	copy(r.Fixed[:], "abcd")
	if rapid.Bool().Draw(t, "null") {
		r.Maybe, r.Class, r.Double = new(string), new(int64), new(float64)
		*r.Maybe, *r.Class, *r.Double = word.Draw(t, "maybe"), rapid.Int64Range(0, 3).Draw(t, "class"), rapid.Float64().Draw(t, "double")
	}
	return r
}

func TestReadsWhatTheReferenceWrites(t *testing.T) {
	codecs := []compress.Codec{&reference.Uncompressed, &reference.Snappy, &reference.Gzip, &reference.Zstd, &reference.Brotli, &reference.Lz4Raw}
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 1, 40).Draw(t, "rows")
		codec := codecs[rapid.IntRange(0, len(codecs)-1).Draw(t, "codec")]
		data := encode(t, rows,
			reference.Compression(codec),
			reference.DataPageVersion(rapid.IntRange(1, 2).Draw(t, "version")),
			reference.PageBufferSize(rapid.SampledFrom([]int{64, 4096}).Draw(t, "page")),
			reference.MaxRowsPerRowGroup(int64(rapid.SampledFrom([]int{7, 1000}).Draw(t, "group"))),
		)
		got, err := readAllCells(data)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(rows) {
			t.Fatalf("%d rows, want %d", len(got), len(rows))
		}
		for i, r := range rows {
			for name, want := range r.cells() {
				if got[i][name] != want {
					t.Fatalf("row %d, column %s: %q, want %q", i, name, got[i][name], want)
				}
			}
		}
	})
}

func small(t testing.TB, options ...reference.WriterOption) []byte {
	word, class, double := "perhaps", int64(1), 0.5
	rows := []row{{Plain: "plain text", Dict: "dict", Default: "default", Delta: "delta", Maybe: &word, Class: &class, Double: &double, List: []string{"x"}, Last: "end"}, {Dict: "dict"}}
	return encode(t, rows, options...)
}

func TestListsAreNamedAndRefused(t *testing.T) {
	data := small(t)
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(f.Columns, func(c Column) bool { return strings.HasPrefix(c.Name, "list.") })
	if i < 0 {
		t.Fatalf("%+v", f.Columns)
	}
	if _, _, err := f.ReadColumn(0, i); err == nil || !strings.Contains(err.Error(), "a list") {
		t.Errorf("%v", err)
	}
}

func TestEveryTruncationIsAnError(t *testing.T) {
	data := small(t)
	for n := range len(data) {
		if _, err := readAllCells(data[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes read without an error", n, len(data))
		}
	}
}

func TestNoFlippedBitPanics(t *testing.T) {
	for step, codec := range []compress.Codec{&reference.Uncompressed, &reference.Snappy, &reference.Zstd} {
		data := small(t, reference.Compression(codec))
		for i := 0; i < len(data); i += 1 + 10*step {
			flipped := slices.Clone(data)
			flipped[i] ^= 1 << (i % 8)
			_, _ = readAllCells(flipped) // an error or another value, but no panic
		}
	}
}

// A hand-made file claims two billion rows in one run of a few bytes.
func TestAClaimedSizeTakesNoMemory(t *testing.T) {
	page := func(values int) []byte {
		body := []byte{1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0} // width 1, one run of 2^31-1 zeros
		head := []byte{0x15, 0, 0x15, byte(2 * len(body)), 0x15, byte(2 * len(body)), 0x2c, 0x15}
		head = binary.AppendUvarint(head, uint64(2*values))
		return append(append(head, 0x15, 16, 0x15, 6, 0x15, 6, 0, 0), body...)
	}
	file := func(rows int) []byte {
		out := append([]byte(magic), page(rows)...)
		varint := func(b []byte, v int) []byte { return binary.AppendUvarint(b, uint64(2*v)) }
		meta := []byte{0x15, 2, 0x19, 0x2c} // version; schema of two
		meta = append(meta, 0x48, 1, 'r', 0x15, 2, 0)
		meta = append(meta, 0x15, 12, 0x25, 0, 0x18, 1, 't', 0)
		meta = varint(append(meta, 0x16), rows)
		meta = append(meta, 0x19, 0x1c, 0x19, 0x1c, 0x3c) // row groups, columns, metadata
		meta = append(meta, 0x15, 12, 0x35, 0)            // type, codec none
		meta = varint(append(meta, 0x16), rows)
		meta = varint(append(meta, 0x16), len(out)-4)
		meta = varint(append(meta, 0x16), len(out)-4)
		meta = varint(append(meta, 0x26), 4)
		meta = append(meta, 0, 0)
		meta = varint(append(meta, 0x26), rows)
		meta = append(meta, 0, 0)
		out = append(out, meta...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(meta)))
		return append(out, magic...)
	}
	for _, rows := range []int{1000, 1<<31 - 1} {
		data := file(rows)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readAllCells(data)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%d rows: no error", rows)
		} else if rows == 1000 && !strings.Contains(err.Error(), "dictionary of 0") || rows > 1000 && !strings.Contains(err.Error(), "claims 2147483647 rows") {
			t.Errorf("%d rows: refused for another reason: %v", rows, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
			t.Errorf("%d rows in %d bytes took %d bytes", rows, len(data), used)
		}
	}
}

func TestADecompressionBombIsRefused(t *testing.T) {
	f := &File{size: 1000, budget: MaxExpansion*1000 + freeBytes}
	bomb := &reference.Zstd
	packed, err := bomb.Encode(nil, make([]byte, 64<<20))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.decompress(codecZstd, packed, 64<<20); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("%v", err)
	}
	if _, err := f.decompress(codecZstd, packed, 1000); err == nil {
		t.Error("a page that unpacks to more than it claims: no error")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(small(f))
	f.Add(small(f, reference.Compression(&reference.Snappy), reference.DataPageVersion(1)))
	f.Add([]byte("PAR1PAR1PAR1"))
	for name := range readGolden(f).Files {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := readAllCells(data)
		if err == nil && len(rows) > len(data)+1<<16 {
			t.Fatalf("%d rows of %d bytes", len(rows), len(data))
		}
	})
}

func Example() {
	type example struct {
		Sentence string `parquet:"sentence"`
		Label    int64  `parquet:"label"`
	}
	path := filepath.Join(os.TempDir(), "bertlab_example.parquet")
	if err := reference.WriteFile(path, []example{{"good", 1}, {"bad", 0}}); err != nil {
		panic(err)
	}
	defer os.Remove(path)
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		panic(err)
	}
	for i, c := range f.Columns {
		cells, _, err := f.ReadColumn(0, i)
		fmt.Println(c.Name, cells, err)
	}
	// Output:
	// sentence [good bad] <nil>
	// label [1 0] <nil>
}
