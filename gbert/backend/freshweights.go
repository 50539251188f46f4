package backend

import (
	"bytes"
	"io"
	"strings"

	"bertlab/internal/files"
)

// xnnFlag is XLA's switch for products by XNNPACK on a CPU.
const xnnFlag = "xla_cpu_use_xnnpack"

// readFreshWeights keeps XLA from handing matrix products to XNNPACK. Where the right-hand side of a product is an input of the
// program, XLA lets XNNPACK pack it once and takes the packed copy again as long as the input lies at the same address, though
// not necessarily with the same values. In training the weights change in place, so that now and then, as the memory
// happens to lie, a gradient came from the weights of an earlier step, and two runs with one seed differed. In a sweep over weights
// whole losses would be wrong.
//
// XLA ends the process over a flag that it does not know, so it is set only where the plugin has it. Who names the flag in
// XLA_FLAGS has their way.
func (m *machine) readFreshWeights(plugin string) {
	flags := m.getenv("XLA_FLAGS")
	if strings.Contains(flags, xnnFlag) || !contains(plugin, xnnFlag) {
		return
	}
	_ = m.setenv("XLA_FLAGS", strings.TrimSpace(flags+" --"+xnnFlag+"=false"))
}

// contains reports whether a file has a text in it; false where it cannot be read. It is read, not mapped: another process may be
// replacing it.
func contains(path, text string) bool {
	file, err := files.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	window := make([]byte, 1<<20)
	kept := 0 // bytes of the last part, with which the text may begin
	for {
		n, err := io.ReadFull(file, window[kept:])
		if bytes.Contains(window[:kept+n], []byte(text)) {
			return true
		}
		if err != nil {
			return false
		}
		kept = copy(window, window[len(window)-len(text)+1:])
	}
}
