package backend

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// sharedLibrary builds the smallest ELF file that passes as a shared library with one exported function.
func sharedLibrary(machine elf.Machine, function string) []byte {
	const header = 64
	strtab := append(append([]byte{0}, function...), 0)
	var symbols bytes.Buffer
	binary.Write(&symbols, binary.LittleEndian, elf.Sym64{})
	binary.Write(&symbols, binary.LittleEndian, elf.Sym64{Name: 1, Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC), Shndx: 1})
	names := []byte("\x00.dynsym\x00.dynstr\x00.shstrtab\x00")
	code := bytes.Repeat([]byte("code"), 5000)
	at := func(parts ...[]byte) uint64 {
		n := uint64(header)
		for _, p := range parts {
			n += uint64(len(p))
		}
		return n
	}
	sections := []elf.Section64{
		{},
		{Name: 1, Type: uint32(elf.SHT_DYNSYM), Off: at(code), Size: uint64(symbols.Len()), Link: 2, Entsize: 24},
		{Name: 9, Type: uint32(elf.SHT_STRTAB), Off: at(code, symbols.Bytes()), Size: uint64(len(strtab))},
		{Name: 17, Type: uint32(elf.SHT_STRTAB), Off: at(code, symbols.Bytes(), strtab), Size: uint64(len(names))},
	}
	h := elf.Header64{
		Type: uint16(elf.ET_DYN), Machine: uint16(machine), Version: 1, Ehsize: header,
		Shoff: at(code, symbols.Bytes(), strtab, names), Shentsize: 64, Shnum: uint16(len(sections)), Shstrndx: 3,
	}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	var out bytes.Buffer
	binary.Write(&out, binary.LittleEndian, h)
	for _, part := range [][]byte{code, symbols.Bytes(), strtab, names} {
		out.Write(part)
	}
	binary.Write(&out, binary.LittleEndian, sections)
	return out.Bytes()
}

var goodPlugin = sharedLibrary(elf.EM_X86_64, "GetPjrtApi")
