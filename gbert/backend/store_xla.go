//go:build linux && (amd64 || arm64) && cgo && !noxla

package backend

// #include <stdbool.h>
// #include <stddef.h>
// #include <stdlib.h>
// #include <string.h>
//
// // go-xla v0.4.5 wraps these calls of the PJRT interface in C, but not in Go. Weak, so that a version without them still links.
// typedef struct { size_t struct_size; void *extension; void *client; const void *program; const char *options; size_t options_size;
//	void *executable; } compile_args;
// typedef struct { size_t struct_size; void *extension; void *client; const char *bytes; size_t size; void *executable;
//	const char *options; size_t options_size; } load_args;
// typedef struct { size_t struct_size; void *extension; const void *executable; const char *bytes; size_t size; void *holder;
//	void (*release)(void *holder); } save_args;
// typedef struct { size_t struct_size; void *extension; void *error; } store_error_args;
// extern void *call_PJRT_Client_Compile(const void *api, void *args) __attribute__((weak));
// extern void *call_PJRT_Executable_Serialize(const void *api, void *args) __attribute__((weak));
// extern void *call_PJRT_Executable_DeserializeAndLoad(const void *api, void *args) __attribute__((weak));
// extern void call_PJRT_Error_Destroy(const void *api, void *args) __attribute__((weak));
//
// typedef void *(*api_call)(void *args);
//
// static bool store_failed(const void *api, void *error) {
//	if (error == NULL) return false;
//	store_error_args args = {sizeof(args), NULL, error};
//	if (call_PJRT_Error_Destroy) call_PJRT_Error_Destroy(api, &args);
//	return true;
// }
//
// // The plugin's interface, and a copy of it whose compilation looks first whether this thread has a compiled program.
// static const void *plugin_api;
// static void *loading_api;
// static api_call compile;
// static __thread struct { const char *bytes; size_t size; bool loaded; } pending;
//
// static void *compile_or_load(void *a) {
//	compile_args *args = a;
//	if (pending.bytes) {
//		load_args load = {sizeof(load), NULL, args->client, pending.bytes, pending.size};
//		if (!store_failed(plugin_api, call_PJRT_Executable_DeserializeAndLoad(plugin_api, &load)) && load.executable) {
//			args->executable = load.executable;
//			pending.loaded = true;
//			return NULL;
//		}
//	}
//	return compile(a);
// }
//
// static bool slot_called;
// static void *call_slot(void *args) { slot_called = true; return NULL; }
// static void *pass_by(void *args) { return NULL; }
//
// // compile_slot is where an interface of so many pointers keeps its compilation, 0 if it does not: go-xla is given one that does
// // nothing, and says by what it calls.
// static size_t compile_slot(size_t slots) {
//	api_call *table = malloc(slots * sizeof(api_call));
//	if (table == NULL) return 0;
//	for (size_t i = 0; i < slots; i++) table[i] = pass_by;
//	size_t found = 0;
//	compile_args args = {sizeof(args)};
//	for (size_t i = 1; i < slots && !found; i++) {
//		table[i] = call_slot;
//		slot_called = false;
//		call_PJRT_Client_Compile(table, &args);
//		if (slot_called) found = i;
//		table[i] = pass_by;
//	}
//	free(table);
//	return found;
// }
//
// // loading makes a copy of an interface that can load. There is one, of the first plugin; NULL for others.
// static void *loading(const void *api) {
//	if (api == loading_api || api == plugin_api) return loading_api;
//	if (loading_api || !call_PJRT_Client_Compile || !call_PJRT_Executable_Serialize || !call_PJRT_Executable_DeserializeAndLoad) return NULL;
//	size_t size = *(const size_t *)api;
//	size_t slot = compile_slot(size / sizeof(api_call));
//	void *copy = slot ? malloc(size) : NULL;
//	if (copy == NULL) return NULL;
//	memcpy(copy, api, size);
//	compile = ((api_call *)copy)[slot];
//	((api_call *)copy)[slot] = compile_or_load;
//	plugin_api = api;
//	return loading_api = copy;
// }
//
// static void begin_loading(const char *bytes, size_t size) { pending.bytes = bytes; pending.size = size; pending.loaded = false; }
// static bool end_loading(void) { bool loaded = pending.loaded; pending.bytes = NULL; pending.loaded = false; return loaded; }
//
// static bool save(const void *api, const void *executable, save_args *args) {
//	*args = (save_args){sizeof(*args), NULL, executable};
//	return !store_failed(api, call_PJRT_Executable_Serialize(api, args)) && args->bytes;
// }
//
// static void release(save_args *args) { if (args->release) args->release(args->holder); }
import "C"

import (
	"reflect"
	"runtime"
	"sync"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

var canLoadOnce sync.Mutex

// canLoad makes go-xla able to load compiled programs with a backend, if it can be.
func canLoad(b compute.Backend) bool {
	canLoadOnce.Lock()
	defer canLoadOnce.Unlock()
	client := field[pjrt.Client](b, reflect.TypeFor[*xla.Backend](), "client")
	if client == nil || follow(client, "plugin", "api") == nil {
		return false
	}
	api := reflect.ValueOf(client).Elem().FieldByName("plugin").Elem().FieldByName("api")
	place := (*unsafe.Pointer)(unsafe.Pointer(api.UnsafeAddr()))
	copied := C.loading(*place)
	if copied == nil {
		return false
	}
	if *place != copied {
		*place = copied
	}
	return true
}

// loadProgram makes the executable of a builder from what saveProgram gave, or compiles it where that cannot be loaded.
func loadProgram(b compute.Builder, saved []byte) (e compute.Executable, loaded bool, err error) {
	runtime.LockOSThread() // go-xla calls the plugin on the thread that it is called on
	defer runtime.UnlockOSThread()
	var pinner runtime.Pinner
	defer pinner.Unpin()
	at := unsafe.SliceData(saved)
	pinner.Pin(at)
	C.begin_loading((*C.char)(unsafe.Pointer(at)), C.size_t(len(saved)))
	defer func() { loaded = bool(C.end_loading()) }()
	e, err = b.Compile()
	return e, false, err
}

// saveProgram is a compiled program as bytes.
func saveProgram(e compute.Executable) (saved []byte, ok bool) {
	loaded := field[pjrt.LoadedExecutable](e, reflect.TypeFor[*xla.Executable](), "exec")
	if loaded == nil {
		return nil, false
	}
	defer runtime.KeepAlive(e)
	api, executable := follow(loaded, "plugin", "api"), follow(loaded, "executable", "wrapper", "c")
	var args C.save_args
	if api == nil || executable == nil || !C.save(api, executable, &args) {
		return nil, false
	}
	defer C.release(&args)
	return C.GoBytes(unsafe.Pointer(args.bytes), C.int(args.size)), true
}
