package jupyter

import (
	"os"
	"os/exec"
	"path/filepath"
)

// Report says what of the environment is there.
type Report struct {
	// Ready: Setup would have nothing to install (but a kernel from an older go.mod is built again).
	Ready bool `json:"ready"`
	// Dir is the environment's folder.
	Dir string `json:"dir"`
	// Python is the interpreter that runs JupyterLab or, before Setup, the one that Setup looks at first; empty: none.
	Python        string `json:"python"`
	PythonVersion string `json:"python_version,omitempty"`
	// Own says that Python is in the virtual environment that Setup made.
	Own bool `json:"own"`
	// JupyterLab is its version, empty before Setup.
	JupyterLab string `json:"jupyterlab,omitempty"`
	// Kernel is the kernel.json of this checkout's Go kernel, empty before Setup; KernelGo the Go that built it.
	Kernel   string `json:"kernel,omitempty"`
	KernelGo string `json:"kernel_go,omitempty"`
	// Module is the checkout that notebooks import, empty outside one.
	Module string `json:"module,omitempty"`
	// Gopls, which gives completion, is optional; empty: not on the PATH.
	Gopls string `json:"gopls,omitempty"`
	// Missing names what is not there and what to do, in words; empty when Ready.
	Missing []string `json:"missing,omitempty"`
}

// Find looks at what is there, for doctor: it reads a few small files, starts no program and changes nothing.
func Find(o Options) Report {
	o, err := o.resolve()
	r := Report{Dir: o.Dir, Module: o.Module}
	if err != nil {
		r.Missing = append(r.Missing, err.Error())
	}
	r.Gopls, _ = exec.LookPath("gopls")
	if p, ok := readyPython(o); ok {
		r.Python, r.PythonVersion, r.Own, r.JupyterLab = p.Path, p.Version, p.Own, p.Versions["jupyterlab"]
	} else {
		if found, err := pythons(o); err != nil {
			r.Missing = append(r.Missing, err.Error())
		} else {
			r.Python = found[0]
		}
		r.Missing = append(r.Missing, "JupyterLab is not set up: bertlab lab does it")
	}
	if o.Module != "" {
		dir := kernelDir(o)
		path := filepath.Join(dir, "kernels", KernelName, "kernel.json")
		if stamp, ok := readKernelStamp(dir); ok {
			if _, err := os.Stat(path); err == nil {
				r.Kernel, r.KernelGo = path, stamp.Go
			}
		}
	}
	if r.Kernel == "" {
		r.Missing = append(r.Missing, "the Go kernel is not built for this checkout: bertlab lab does it")
	}
	r.Ready = len(r.Missing) == 0
	return r
}
