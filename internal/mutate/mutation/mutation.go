// Package mutation changes files of the kinds that bertlab reads as somebody would who knows their structure: values that no
// program expects, parts that are missing, twice there or exchanged, lengths that do not fit, and bytes that flipped on the way.
//
// What comes out is a function of the source of random numbers alone.
package mutation

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"strings"
)

// A Mutator changes the bytes of a file. It leaves what it is given.
type Mutator func(rng *rand.Rand, file []byte) []byte

// Several applies one to four changes by one of the mutators each.
func Several(mutators ...Mutator) Mutator {
	return func(rng *rand.Rand, file []byte) []byte {
		for range 1 + rng.IntN(4) {
			file = mutators[rng.IntN(len(mutators))](rng, file)
		}
		return file
	}
}

// pick draws one of a list.
func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// splice replaces bytes from to to of a file.
func splice(file []byte, from, to int, by []byte) []byte {
	out := make([]byte, 0, len(file)-(to-from)+len(by))
	out = append(out, file[:from]...)
	out = append(out, by...)
	return append(out, file[to:]...)
}

// span draws a part of n bytes, mostly a short one.
func span(rng *rand.Rand, n int) (from, to int) {
	from = rng.IntN(n + 1)
	most := n - from
	if rng.IntN(4) > 0 {
		most = min(most, 16)
	}
	return from, from + rng.IntN(most+1)
}

// Bytes flips, removes, repeats and replaces bytes, whatever they mean.
func Bytes(rng *rand.Rand, file []byte) []byte {
	from, to := span(rng, len(file))
	switch rng.IntN(7) {
	case 0:
		return file[:from:from]
	case 1:
		return splice(file, from, to, nil)
	case 2:
		return splice(file, from, from, bytes.Repeat(file[from:to], 1+rng.IntN(8)))
	case 3:
		return splice(file, from, to, []byte(pick(rng, fragments)))
	case 4:
		number := make([]byte, 8)
		binary.LittleEndian.PutUint64(number, pick(rng, numbers))
		width := pick(rng, []int{1, 2, 4, 8})
		return splice(file, from, min(from+width, len(file)), number[:width])
	case 5:
		other, end := span(rng, len(file))
		return splice(file, from, to, file[other:end])
	}
	if len(file) == 0 {
		return []byte{byte(rng.IntN(256))}
	}
	out := bytes.Clone(file)
	for range 1 + rng.IntN(8) {
		out[rng.IntN(len(out))] ^= 1 << rng.IntN(8)
	}
	return out
}

// numbers are those at which arithmetic goes wrong.
var numbers = []uint64{0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 1 << 24, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, 1 << 40, 1<<63 - 1, 1 << 63, 1<<64 - 1, 1<<64 - 2}

// fragments are pieces of text that readers stumble over.
var fragments = []string{
	"", "\x00", "\n", "\r\n", "\r", "\t", ",", "\"", "'", "\\", "{", "}", "[", "]", ":", "\xef\xbb\xbf", "\xff", "\xc3\x28", "\xed\xa0\x80", "\u2028", "\U0010ffff",
	"-1", "0", "1e999", "NaN", "null", "[UNK]", "[CLS]", "##", "▁", strings.Repeat("a", 3000), strings.Repeat("[", 2000), strings.Repeat("\n", 500), strings.Repeat("é", 200),
}

// Lines removes, repeats, exchanges and changes the lines of a text, and their fields, which separator parts.
func Lines(separator string) Mutator {
	return func(rng *rand.Rand, file []byte) []byte {
		lines := strings.Split(string(file), "\n")
		i, j := rng.IntN(len(lines)), rng.IntN(len(lines))
		switch rng.IntN(6) {
		case 0:
			lines = append(lines[:i:i], lines[i+1:]...)
		case 1:
			lines = append(lines[:i:i], append([]string{lines[j]}, lines[i:]...)...)
		case 2:
			lines[i], lines[j] = lines[j], lines[i]
		case 3:
			repeated := strings.Repeat(lines[i]+"\n", 1+rng.IntN(200))
			lines[i] = strings.TrimSuffix(repeated, "\n")
		default:
			fields := strings.Split(lines[i], separator)
			k := rng.IntN(len(fields))
			switch rng.IntN(4) {
			case 0:
				fields = append(fields[:k:k], fields[k+1:]...)
			case 1:
				fields = append(fields, fields[k])
			default:
				fields[k] = pick(rng, fragments)
			}
			lines[i] = strings.Join(fields, separator)
		}
		return []byte(strings.Join(lines, "\n"))
	}
}

// Line changes one line of a text by another mutator.
func Line(change Mutator) Mutator {
	return func(rng *rand.Rand, file []byte) []byte {
		lines := bytes.Split(file, []byte("\n"))
		i := rng.IntN(len(lines))
		lines[i] = change(rng, lines[i])
		return bytes.Join(lines, []byte("\n"))
	}
}
