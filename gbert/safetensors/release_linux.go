package safetensors

import (
	"os"
	"syscall"
	"unsafe"
)

// release drops the pages of data, a part of a shared read-only mapping of a
// file, from this process. Pages that are shared with a neighbour go too and
// come back when the neighbour is read.
func release(data []byte) {
	start := unsafe.SliceData(data)
	before := int(uintptr(unsafe.Pointer(start)) % uintptr(os.Getpagesize()))
	first := (*byte)(unsafe.Add(unsafe.Pointer(start), -before))
	// A failed hint costs memory and nothing else.
	_ = syscall.Madvise(unsafe.Slice(first, before+len(data)), syscall.MADV_DONTNEED)
}
