//go:build linux && (amd64 || arm64) && cgo && !noxla

package backend

// #include <stdbool.h>
// #include <stddef.h>
// #include <stdint.h>
//
// // go-xla v0.4.5 wraps every call of the PJRT interface in C, but not these three in Go. Its wrappers are part of the same program;
// // weak, so that a version without them still links.
// typedef struct { size_t struct_size; void *extension; void *executable; size_t count; const void *properties; } cost_args;
// typedef struct { size_t struct_size; void *extension; void *device; int64_t in_use, peak; bool has_peak; int64_t allocations;
//	bool has_allocations; int64_t largest; bool has_largest; int64_t limit; bool has_limit; int64_t more[16]; } memory_args;
// typedef struct { size_t struct_size; void *extension; void *description; const char *kind; size_t kind_size; } kind_args;
// typedef struct { size_t struct_size; void *extension; void *error; } error_args;
// typedef struct { size_t struct_size; void *extension; const char *name; size_t name_size; int type;
//	union { int64_t integer; float real; } value; size_t value_size; } named_value;
// extern void *call_PJRT_Executable_GetCostAnalysis(const void *api, void *args) __attribute__((weak));
// extern void *call_PJRT_Device_MemoryStats(const void *api, void *args) __attribute__((weak));
// extern void *call_PJRT_DeviceDescription_Kind(const void *api, void *args) __attribute__((weak));
// extern void call_PJRT_Error_Destroy(const void *api, void *args) __attribute__((weak));
//
// enum { named_float = 3, memory_stats_size = offsetof(memory_args, more) };
//
// static bool failed(const void *api, void *error) {
//	if (error == NULL) return false;
//	error_args args = {sizeof(args), NULL, error};
//	if (call_PJRT_Error_Destroy) call_PJRT_Error_Destroy(api, &args);
//	return true;
// }
//
// static bool cost_analysis(const void *api, void *executable, cost_args *args) {
//	*args = (cost_args){sizeof(*args), NULL, executable, 0, NULL};
//	return call_PJRT_Executable_GetCostAnalysis && !failed(api, call_PJRT_Executable_GetCostAnalysis(api, args));
// }
//
// static const named_value *property(const cost_args *args, size_t i) {
//	const char *at = args->properties;
//	size_t size = ((const named_value *)at)->struct_size;
//	return (const named_value *)(at + i * (size > sizeof(named_value) ? size : sizeof(named_value)));
// }
//
// static float real(const named_value *v) { return v->value.real; }
//
// static bool memory_stats(const void *api, void *device, memory_args *args) {
//	*args = (memory_args){memory_stats_size, NULL, device};
//	return call_PJRT_Device_MemoryStats && !failed(api, call_PJRT_Device_MemoryStats(api, args));
// }
//
// static bool device_kind(const void *api, void *description, kind_args *args) {
//	*args = (kind_args){sizeof(*args), NULL, description, NULL, 0};
//	return call_PJRT_DeviceDescription_Kind && !failed(api, call_PJRT_DeviceDescription_Kind(api, args));
// }
import "C"

import (
	"reflect"
	"runtime"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// AnalyseProgram asks XLA about a compiled program. Both are nil for another backend, and where the plugin does not say.
func AnalyseProgram(e compute.Executable) (*ProgramMemory, *ProgramCost) {
	if shared, ok := e.(*programExecutable); ok {
		e = shared.Executable
	}
	loaded := field[pjrt.LoadedExecutable](e, reflect.TypeFor[*xla.Executable](), "exec")
	if loaded == nil {
		return nil, nil
	}
	defer runtime.KeepAlive(e)
	var memory *ProgramMemory
	if m := loaded.OnDeviceMemoryUsageStats; m != (pjrt.ExecutableMemoryUsageStats{}) {
		memory = &ProgramMemory{Arguments: m.Inputs, Outputs: m.Outputs - m.Aliases, Temporary: m.Temporary, Code: m.GeneratedCode}
	}
	api, executable := follow(loaded, "plugin", "api"), follow(loaded, "executable", "wrapper", "c")
	if api == nil || executable == nil {
		return memory, nil
	}
	var args C.cost_args
	if !C.cost_analysis(api, executable, &args) {
		return memory, nil
	}
	cost := &ProgramCost{}
	for i := range args.count {
		v := C.property(&args, i)
		if v._type != C.named_float {
			continue
		}
		value := float64(C.real(v))
		switch C.GoStringN(v.name, C.int(v.name_size)) {
		case "flops":
			cost.Flops = value
		case "transcendentals":
			cost.Transcendentals = value
		case "bytes accessed":
			cost.BytesAccessed = value
		}
	}
	if *cost == (ProgramCost{}) {
		return memory, nil
	}
	return memory, cost
}

// deviceOf is a device of an XLA backend, with the client that it belongs to; nil where there is none.
func deviceOf(b compute.Backend, number int) (*pjrt.Client, *pjrt.Device) {
	if sharing, ok := b.(*programs); ok {
		b = sharing.Backend
	}
	client := field[pjrt.Client](b, reflect.TypeFor[*xla.Backend](), "client")
	if client == nil || number >= len(client.AddressableDevices()) {
		return nil, nil
	}
	return client, client.AddressableDevices()[number]
}

// kindOfDevice is the kind of a device as its plugin calls it; empty where it does not say.
func kindOfDevice(b compute.Backend, number int) string {
	client, device := deviceOf(b, number)
	if device == nil {
		return ""
	}
	defer runtime.KeepAlive(b)
	described, err := device.GetDescription()
	if err != nil {
		return ""
	}
	api, description := follow(client, "plugin", "api"), follow(described, "deviceDescription")
	var args C.kind_args
	if api == nil || description == nil || !C.device_kind(api, description, &args) {
		return ""
	}
	return C.GoStringN(args.kind, C.int(args.kind_size))
}

// memoryOfDevice is the memory of a device; nil where it does not say.
func memoryOfDevice(b compute.Backend, number int) *DeviceMemory {
	client, at := deviceOf(b, number)
	if at == nil {
		return nil
	}
	defer runtime.KeepAlive(b)
	api, device := follow(client, "plugin", "api"), follow(at, "cDevice")
	if api == nil || device == nil {
		return nil
	}
	var args C.memory_args
	if !C.memory_stats(api, device, &args) || args.in_use == 0 && !args.has_peak {
		return nil
	}
	memory := &DeviceMemory{InUse: int64(args.in_use)}
	if args.has_peak {
		memory.Peak = int64(args.peak)
	}
	if args.has_limit {
		memory.Limit = int64(args.limit)
	}
	return memory
}

// follow goes from a pointer through fields that are pointers.
func follow(from any, names ...string) unsafe.Pointer {
	v := reflect.ValueOf(from)
	for _, name := range names {
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return nil
		}
		if v = v.Elem().FieldByName(name); !v.IsValid() {
			return nil
		}
	}
	if v.Kind() != reflect.Pointer {
		return nil
	}
	return v.UnsafePointer()
}
