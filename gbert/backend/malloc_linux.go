//go:build linux && cgo && !noxla

package backend

// #include <malloc.h>
//
// static void keep_freed_memory(void) {
// #ifdef __GLIBC__
//	mallopt(M_MMAP_MAX, 0); // a threshold for mmap is refused above 32 MB
//	mallopt(M_TRIM_THRESHOLD, 1 << 30);
//	mallopt(M_TOP_PAD, 64 << 20);
// #endif
// }
//
// // As early as can be: a thread keeps the arena that it has. Others cannot hold blocks above 64 MB, and give each back when it is free.
// __attribute__((constructor)) static void use_one_arena(void) {
// #ifdef __GLIBC__
//	mallopt(M_ARENA_MAX, 1);
// #endif
// }
//
// static void give_back_freed_memory(void) {
// #ifdef __GLIBC__
//	malloc_trim(0);
// #endif
// }
import "C"

import "runtime/debug"

// keepFreedMemory lets the C library keep what XLA frees, for its next call. XLA on a CPU allocates its scratch memory anew at
// every call, tens of megabytes; by default glibc takes that from the system and gives it back each time, and the page
// faults cost as much as softmax does.
func keepFreedMemory() { C.keep_freed_memory() }

// trim gives back what a compilation has taken and freed: hundreds of megabytes, in which later steps would leave holes.
func trim() { C.give_back_freed_memory() }

// ReleaseMemory gives memory that is free, but kept for the next call, back to the system, so that what a process takes can be
// measured. The next call is slower.
func ReleaseMemory() {
	debug.FreeOSMemory()
	C.give_back_freed_memory()
}
