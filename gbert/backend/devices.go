package backend

import (
	"cmp"

	"github.com/gomlx/compute"
)

// Device is one of the devices of a backend.
type Device struct {
	Number int `json:"number"`
	// Kind is what the plugin calls it, such as "cpu" or "NVIDIA H100 80GB HBM3".
	Kind string `json:"kind"`
	// Memory is what its allocator may take, in bytes; 0 where the plugin does not say, as XLA's CPU does not.
	Memory int64 `json:"memory,omitempty"`
}

// Devices are the devices of a backend.
func Devices(b compute.Backend) []Device {
	list := make([]Device, b.NumDevices())
	for i := range list {
		list[i] = Device{Number: i, Kind: cmp.Or(kindOfDevice(b, i), b.Name())}
		if memory := memoryOfDevice(b, i); memory != nil {
			list[i].Memory = memory.Limit
		}
	}
	return list
}

// MemoryOfDevice asks the backend's first device for its memory; nil where it does not say, as XLA's CPU does not.
func MemoryOfDevice(b compute.Backend) *DeviceMemory { return memoryOfDevice(b, 0) }
