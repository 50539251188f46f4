package safetensors

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// file returns the bytes of a file with that header and n bytes of data.
func file(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	return append(b, make([]byte, n)...)
}

func writeTemp(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const good = `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[],"data_offsets":[8,10]}}`

func TestHostileFilesAreErrorsThatNameThePlace(t *testing.T) {
	one := func(dtype, shape, offsets string) []byte {
		return file(fmt.Sprintf(`{"a":{"dtype":%q,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets), 8)
	}
	two := func(first, second string) []byte {
		return file(fmt.Sprintf(`{"a":{"dtype":"U8","shape":[4],"data_offsets":%s},"b":{"dtype":"U8","shape":[4],"data_offsets":%s}}`, first, second), 8)
	}
	length := func(n uint64) []byte { return append(binary.LittleEndian.AppendUint64(nil, n), "{}"...) }
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":                   {nil, "expected at least 8 bytes (the header's length), found 0"},
		"seven bytes":             {make([]byte, 7), "found 7"},
		"no header":               {make([]byte, 8), "byte 8 should be '{'"},
		"header beyond the file":  {length(3), "truncated in the header: expected at least 11 bytes, found 10"},
		"header over 100 MB":      {length(maxHeader + 1), "the most is 100000000"},
		"header of 2^64-1 bytes":  {length(1<<64 - 1), "the most is 100000000"},
		"a pickle":                {[]byte("\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01K\x01u."), "not a safetensors file"},
		"an array":                {file(`[1]`, 0), "byte 8 should be '{'"},
		"header cut off":          {file(`{"a":{"dtype":"F32"`, 0), "header, at byte"},
		"two values":              {file(`{}{}`, 0), "more than one JSON value"},
		"control character":       {file("{\"a\n\":1}", 0), "control character 0xa"},
		"comma behind the last":   {file(`{"a":{"dtype":"U8","shape":[1,],"data_offsets":[0,1]}}`, 1), "expected a number"},
		"a leading zero":          {file(`{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}`, 1), "01 is not a whole number"},
		"no comma":                {file(`{"a":{"dtype":"U8""shape":[1],"data_offsets":[0,1]}}`, 1), "expected \",\""},
		"an addition not JSON":    {file(`{"a":{"dtype":"U8","new":[}],"shape":[1],"data_offsets":[0,1]}}`, 1), "not a JSON value"},
		"text behind the header":  {file(`{}x`, 0), "header, at byte"},
		"not UTF-8":               {file("{\"\xff\":1}", 0), "not UTF-8"},
		"a name twice":            {file(strings.Replace(good, `"b"`, `"a"`, 1), 10), `"a": this key occurs twice`},
		"a key twice":             {file(strings.Replace(good, `"shape":[]`, `"dtype":"F16"`, 1), 10), `"dtype": this key occurs twice`},
		"metadata twice":          {file(`{"__metadata__":{},"__metadata__":{}}`, 0), "occurs twice"},
		"a metadata key twice":    {file(`{"__metadata__":{"a":"1","a":"2"}}`, 0), `"a": this key occurs twice`},
		"metadata half null":      {file(`{"__metadata__":nul}`, 0), "found \"n\""},
		"null and more":           {file(`{"__metadata__":nullx}`, 0), "found \"x\""},
		"a null in the metadata":  {file(`{"__metadata__":{"a":null}}`, 0), "expected a string"},
		"metadata not text":       {file(`{"__metadata__":{"a":1}}`, 0), "expected a string"},
		"no dtype":                {file(`{"a":{"shape":[],"data_offsets":[0,0]}}`, 0), "dtype is missing"},
		"no shape":                {file(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, 4), "shape is missing"},
		"no offsets":              {file(`{"a":{"dtype":"F32","shape":[1]}}`, 4), "data_offsets is missing"},
		"tensor is a number":      {file(`{"a":1}`, 0), `"a": expected "{"`},
		"dtype is a number":       {file(`{"a":{"dtype":1}}`, 0), "expected a data type"},
		"negative dimension":      {one("F32", "[-2]", "[0,8]"), "-2 is not a whole number"},
		"two negative dimensions": {one("F32", "[-1,-2]", "[0,8]"), "-1 is not a whole number"},
		"fractional dimension":    {one("F32", "[2.0]", "[0,8]"), "2.0 is not a whole number"},
		"dimension as text":       {one("F32", `["2"]`, "[0,8]"), "expected a number"},
		"dimension over 2^64":     {one("F32", "[36893488147419103234]", "[0,8]"), "is not a whole number"},
		"product over 2^64":       {one("F32", "[4294967296,4294967296,2]", "[0,8]"), "more elements than can be counted"},
		"bytes over 2^64":         {one("F32", "[4611686018427387906]", "[0,8]"), "takes 4611686018427387906 × 4 bytes"},
		"zero hides overflow":     {one("F32", "[9223372036854775807,9223372036854775807,0]", "[0,0]"), "more elements than can be counted"},
		"65 axes":                 {one("F32", "["+strings.Repeat("1,", 64)+"2]", "[0,8]"), "more than 64 numbers"},
		"size too small":          {one("F32", "[1]", "[0,8]"), "takes 1 × 4 bytes, data_offsets give 8"},
		"size too large":          {one("F32", "[3]", "[0,8]"), "takes 3 × 4 bytes, data_offsets give 8"},
		"offsets reversed":        {one("F32", "[2]", "[8,0]"), "begin ≤ end"},
		"one offset":              {one("F32", "[2]", "[8]"), "begin ≤ end"},
		"three offsets":           {one("F32", "[2]", "[0,8,8]"), "more than 2 numbers"},
		"negative offset":         {one("F32", "[2]", "[-8,0]"), "-8 is not a whole number"},
		"offset at 2^63-1":        {one("F4", "[2]", "[0,9223372036854775807]"), "which no file can hold"},
		"offsets beyond the file": {one("F32", "[4]", "[0,16]"), "truncated: expected 79 bytes (63 of header, 16 of tensors), found 71"},
		"hole at the start":       {one("F32", "[1]", "[4,8]"), "hole in the data: no tensor holds bytes 0 to 4"},
		"hole in the middle":      {two("[0,4]", "[5,9]"), "truncated"},
		"hole between tensors":    {file(`{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}`, 8), "hole in the data: no tensor holds bytes 3 to 4, before \"b\""},
		"bytes behind":            {one("F32", "[1]", "[0,4]"), "4 bytes after the last tensor"},
		"same bytes":              {two("[0,4]", "[0,4]"), "after the last tensor"},
		"overlap":                 {file(`{"a":{"dtype":"U8","shape":[6],"data_offsets":[0,6]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}`, 8), `tensors "a" and "b" overlap at byte 4`},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeTemp(t, c.content)
			f, err := Open(path)
			if err == nil {
				f.Close()
				t.Fatalf("was opened, want an error with %q", c.want)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %q, want %q and the path in it", err, c.want)
			}
		})
	}
}

func TestAFileCutAnywhereIsAnError(t *testing.T) {
	whole := file(good, 10)
	if _, _, _, err := parse(whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		_, _, _, err := parse(whole[:n])
		if err == nil || !strings.Contains(err.Error(), "truncated") || !strings.Contains(err.Error(), fmt.Sprintf("found %d", n)) {
			t.Errorf("cut to %d of %d bytes: got %v", n, len(whole), err)
		}
	}
}

func TestABitFlipIsAnErrorOrLeavesAConsistentFile(t *testing.T) {
	whole := file(good, 10)
	for i := range whole {
		for bit := range 8 {
			flipped := append([]byte{}, whole...)
			flipped[i] ^= 1 << bit
			checkParsed(t, flipped)
		}
	}
}

// checkParsed checks that what parse accepts lies in the file and fits.
func checkParsed(t *testing.T, content []byte) {
	t.Helper()
	entries, _, start, err := parse(content)
	if err != nil {
		return
	}
	last := int64(0)
	for _, e := range entries {
		if e.begin != last || e.end < e.begin || start+e.end > int64(len(content)) {
			t.Fatalf("%q: entry %+v accepted", content, e)
		}
		n, ok := product(e.shape)
		if size := e.dtype.Size(); !ok || size > 0 && int64(n)*int64(size) != e.end-e.begin {
			t.Fatalf("%q: entry %+v accepted", content, e)
		}
		last = e.end
		tensor := Tensor{Name: e.name, DType: e.dtype, Shape: e.shape, Data: content[start+e.begin : start+e.end]}
		if values, err := tensor.Float32s(); err == nil && len(values) != tensor.Len() {
			t.Fatalf("%q: %d values for shape %v", content, len(values), e.shape)
		}
	}
	if start+last != int64(len(content)) {
		t.Fatalf("%q: %d bytes unaccounted", content, int64(len(content))-start-last)
	}
}

func TestUnknownAndIntegerTypesAreErrorsOnlyWhenUsed(t *testing.T) {
	f, err := Open(writeTemp(t, file(`{"q":{"dtype":"F4","shape":[3],"data_offsets":[0,2],"new":{"x":[1]}},"i":{"dtype":"I64","shape":[1],"data_offsets":[2,10]},"w":{"dtype":"F32","shape":[1],"data_offsets":[10,14]}}`, 14)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, want := range map[string]string{"q": `unknown data type "F4"`, "i": "holds I64"} {
		tensor, ok := f.Tensor(name)
		if !ok {
			t.Fatalf("%s is missing", name)
		}
		if _, err := tensor.Float32s(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	w, _ := f.Tensor("w") // at an odd place, so that a view is not possible
	if values, err := w.Float32s(); err != nil || len(values) != 1 {
		t.Errorf("w: %v, %v", values, err)
	}
	if _, ok := f.Tensor("none"); ok {
		t.Error("found what is not there")
	}
}

func TestAHeaderAllocatesNoMoreThanAFewTimesItsLength(t *testing.T) {
	var header strings.Builder
	header.WriteString(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`)
	for i := range 20000 {
		fmt.Fprintf(&header, `,"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
	}
	header.WriteString("}")
	for name, content := range map[string][]byte{
		"many tensors":     file(header.String(), 0),
		"a huge shape":     file(`{"a":{"dtype":"U8","shape":[`+strings.Repeat("1,", 1<<20)+`1],"data_offsets":[0,1]}}`, 1),
		"a tensor of 1 EB": file(`{"a":{"dtype":"U8","shape":[1152921504606846976],"data_offsets":[0,1152921504606846976]}}`, 1),
		"deep nesting":     file(`{"a":{"x":`+strings.Repeat("[", 1<<20)+`}}`, 0),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, _, err := parse(content)
			runtime.ReadMemStats(&after)
			if (err == nil) != (name == "many tensors") {
				t.Error(err)
			}
			if got, most := after.TotalAlloc-before.TotalAlloc, uint64(12*len(content)+1<<12); got > most {
				t.Errorf("%d bytes allocated for a file of %d", got, len(content))
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file(good, 10))
	f.Add(file(`{"__metadata__": null}  `, 0))
	f.Add(file(`{"__metadata__":{"format":"pt"}}  `, 0))
	f.Add(file(`{"a":{"dtype":"BF16","shape":[0,5],"data_offsets":[0,0]},"b":{"dtype":"F9","shape":[],"data_offsets":[0,1],"z":null}}`, 1))
	f.Add([]byte{})
	f.Fuzz(checkParsed)
}

func TestMetadataOfNullIsNone(t *testing.T) {
	for _, header := range []string{`{"__metadata__":null}`, `{"__metadata__" : null , "a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`} {
		entries, metadata, _, err := parse(file(header, 0))
		if err != nil || len(metadata) != 0 || strings.Contains(header, `"a"`) != (len(entries) == 1) {
			t.Errorf("%s: %v, %v, %v", header, entries, metadata, err)
		}
	}
}
