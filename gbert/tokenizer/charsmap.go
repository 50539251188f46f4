package tokenizer

import (
	"encoding/binary"
	"errors"
	"strings"
)

// charsmap is the table by which SentencePiece normalises: a trie of character
// sequences in a double array (Yata's Darts-clone), and the texts that replace
// them.
type charsmap struct {
	units []uint32
	texts string // each ends with a zero byte
}

// parseCharsmap reads a precompiled_charsmap: the size of the trie in bytes, the
// trie, the texts.
func parseCharsmap(table []byte) (*charsmap, error) {
	if len(table) < 4 {
		return nil, errors.New("precompiled_charsmap is shorter than its size")
	}
	size := binary.LittleEndian.Uint32(table)
	rest := table[4:]
	if size == 0 || size%4 != 0 || uint64(size) > uint64(len(rest)) {
		return nil, errors.New("precompiled_charsmap: the size of the trie is not that of its data")
	}
	c := &charsmap{units: make([]uint32, size/4), texts: string(rest[size:])}
	for i := range c.units {
		c.units[i] = binary.LittleEndian.Uint32(rest[4*i:])
	}
	return c, nil
}

// unit of the double array; ok is false outside.
func (c *charsmap) unit(at uint32) (u uint32, ok bool) {
	if uint64(at) >= uint64(len(c.units)) {
		return 0, false
	}
	return c.units[at], true
}

// offset of a unit to its children.
func offset(unit uint32) uint32 { return (unit >> 10) << ((unit & (1 << 9)) >> 6) }

// lookup is the replacement of the shortest sequence that begins key. That is
// what the reference takes.
func (c *charsmap) lookup(key []byte) (text string, ok bool) {
	unit, ok := c.unit(0)
	at := offset(unit)
	for i := 0; ok && i < len(key) && key[i] != 0; i++ {
		at ^= uint32(key[i])
		if unit, ok = c.unit(at); !ok || unit&(1<<31|0xff) != uint32(key[i]) {
			return "", false
		}
		at ^= offset(unit)
		if unit>>8&1 == 0 {
			continue
		}
		leaf, ok := c.unit(at)
		start := leaf & (1<<31 - 1)
		if !ok || uint64(start) > uint64(len(c.texts)) {
			return "", false
		}
		text, _, _ := strings.Cut(c.texts[start:], "\x00")
		return text, true
	}
	return "", false
}
