package workbench

import (
	"github.com/gomlx/compute"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/gbert/backend"
)

// together are the devices that compute: as many as were asked for, or else every GPU, and of a CPU one.
func (r *Reading) together(b compute.Backend, choice *backend.Choice) (gbert.Devices, error) {
	if r.Devices == 0 {
		return gbert.EveryGPU(b), nil
	}
	if there := int(b.NumDevices()); r.Devices > there {
		return gbert.Devices{}, call.Wrongf("--devices %d: %s has %d here; bertlab doctor lists them", r.Devices, choice.Name, there)
	}
	return gbert.Devices{Backend: b, Count: r.Devices}, nil
}
