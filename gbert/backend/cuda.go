package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bertlab/gbert/hub/fetch"
	"bertlab/gbert/hub/registry"
	"bertlab/gbert/hub/unpack"
	"bertlab/internal/files"
)

// cudaWheel is the plugin for CUDA 13, which needs an NVIDIA driver from 580 on.
var cudaWheel = registry.File{
	Package: "jax-cuda13-pjrt", Version: "0.12.0.1",
	Name:   "jax_cuda13_pjrt-0.12.0.1-py3-none-manylinux_2_27_x86_64.whl",
	SHA256: "5899bb6177eda86ea532afb9a26794f2bdd04966f6a01f9028266b16c2b6cf90",
}

const cudaWheelMember = "xla_cuda_plugin.so"

// nvidiaWheels are the libraries that the plugin of cudaWheel asks for: the versions that its Python package resolved
// to when this list was made. Each holds files under nvidia/.
var nvidiaWheels = []registry.File{
	{Package: "nvidia-cublas", Version: "13.10.0.20", Name: "nvidia_cublas-13.10.0.20-py3-none-manylinux1_x86_64.manylinux_2_5_x86_64.whl", SHA256: "dcc6d63884c53d07e267ce7e6feac17b2538cebaafec5db865736c3e28e4dc84"},
	{Package: "nvidia-cuda-cupti", Version: "13.5.25", Name: "nvidia_cuda_cupti-13.5.25-py3-none-manylinux_2_25_x86_64.whl", SHA256: "9dcca41c12a734192b14e7128ae116bc9ce1b9da686e2ebf48ae7a4415f76650"},
	{Package: "nvidia-cuda-nvcc", Version: "13.5.37", Name: "nvidia_cuda_nvcc-13.5.37-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", SHA256: "f5c4f7ead5d964fb4af42bbf1e6d3ec3c1e6e9d83b53749f691d387e7fcaa3a7"},
	{Package: "nvidia-cuda-runtime", Version: "13.5.37", Name: "nvidia_cuda_runtime-13.5.37-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", SHA256: "df2b79a8852f10d1fef8c848489c49eebb5754051bf870202a862831412b179d"},
	{Package: "nvidia-cudnn-cu13", Version: "9.28.1.4", Name: "nvidia_cudnn_cu13-9.28.1.4-py3-none-manylinux_2_27_x86_64.whl", SHA256: "a54f205b1db1f2895d99f398754db1369816f0569dd459731f925635cf7b65ec"},
	{Package: "nvidia-cufft", Version: "12.5.0.14", Name: "nvidia_cufft-12.5.0.14-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", SHA256: "b8be26837a5abad2b5b74f3e92dd29f622a42934b355be0961a48712cbba23ad"},
	{Package: "nvidia-cusolver", Version: "12.4.1.2", Name: "nvidia_cusolver-12.4.1.2-py3-none-manylinux_2_27_x86_64.whl", SHA256: "b3b8e02fd2f2df869369af075dc3a179d43f6f7b85e94632a7dce556697be044"},
	{Package: "nvidia-cusparse", Version: "12.9.4.2", Name: "nvidia_cusparse-12.9.4.2-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", SHA256: "072667e58c851a318738f5527a12eb225cbf058803f2ea451c722d8cf8edddec"},
	{Package: "nvidia-nccl-cu13", Version: "2.32.3", Name: "nvidia_nccl_cu13-2.32.3-py3-none-manylinux_2_27_x86_64.whl", SHA256: "1459723080ac889d73a26edfa3e04383a7928ab31ac8f0ec43b3ea9548b04ff3"},
	{Package: "nvidia-nvjitlink", Version: "13.5.37", Name: "nvidia_nvjitlink-13.5.37-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl", SHA256: "280d7cb9649704145f074b8dbde500de04ce02d0872e066e20a83c17bcaa93eb"},
	{Package: "nvidia-cuda-nvrtc", Version: "13.5.37", Name: "nvidia_cuda_nvrtc-13.5.37-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl", SHA256: "86b4d68058807988b7d9af5b44917a0601e9c337f35ccd657bfb3c759ff8d8bc"},
	{Package: "nvidia-nvshmem-cu13", Version: "3.8.0", Name: "nvidia_nvshmem_cu13-3.8.0-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", SHA256: "81a4d1f666543e6d34df6d2ff940c7da1435e34e186aab6f3c2b48861b64ef38"},
	{Package: "nvidia-nvvm", Version: "13.5.37", Name: "nvidia_nvvm-13.5.37-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl", SHA256: "c41bfa362e407405163f103c2229f0765f8cc2ed7d148b754dc77f228bf7e070"},
}

// cuda finds or brings the CUDA plugin; it never does so where no GPU is.
func (m *machine) cuda(ctx context.Context, o Options, w want) (*Choice, error) {
	if !m.hasXLA {
		return nil, fmt.Errorf("XLA is not part of this program on %s", m.platform())
	}
	if gpu := m.gpu(ctx); !gpu.Present {
		return nil, fmt.Errorf("no NVIDIA GPU found (%s)", gpu.Why)
	}
	p, ok := m.findCUDA(ctx)
	if !ok {
		if o.Offline {
			return nil, errors.New("no CUDA plugin on this machine and BERTLAB_OFFLINE is set: run `bertlab setup --backend xla:cuda` with network, " +
				"or install JAX for CUDA into the python3 on the PATH")
		}
		o.log("the CUDA plugin is missing: installing it with NVIDIA's libraries, several gigabytes")
		var err error
		if p, err = m.installCUDA(ctx, o); err != nil {
			return nil, fmt.Errorf("the CUDA plugin could not be brought: %w", err)
		}
	}
	return m.choice(p, w, w.source), nil
}

// findCUDA looks for a plugin in the search path, in the folder of [machine.installCUDA], and in Python's JAX, whose
// plugin is used where it lies: it finds NVIDIA's libraries by its own place.
func (m *machine) findCUDA(ctx context.Context) (Plugin, bool) {
	if p, ok := m.find("cuda"); ok {
		return p, true
	}
	if p, ok := m.findJAX(m.installDirs()); ok {
		return p, true
	}
	return m.findJAX(m.python(ctx))
}

// findJAX looks for the plugin of JAX in folders laid out as Python's site-packages.
func (m *machine) findJAX(dirs []string) (Plugin, bool) {
	for _, dir := range dirs {
		for _, name := range []string{"xla_cuda13", "xla_cuda12"} {
			path := filepath.Join(dir, "jax_plugins", name, cudaWheelMember)
			if _, err := os.Stat(path); err != nil {
				continue
			}
			if p := m.look(path); p.Usable() {
				p.Name = "cuda"
				if p.Version == "" {
					p.Version = "JAX, " + strings.TrimPrefix(name, "xla_")
				}
				return p, true
			}
		}
	}
	return Plugin{}, false
}

// installCUDA brings the pinned plugin and its libraries into go-xla's folder, laid out as in Python's site-packages:
// the plugin in jax_plugins/xla_cuda13 looks for the libraries in ../../nvidia.
func (m *machine) installCUDA(ctx context.Context, o Options) (Plugin, error) {
	if m.platform() != "linux_amd64" {
		return Plugin{}, fmt.Errorf("there is no pinned CUDA plugin for %s: install JAX for CUDA into the python3 on the PATH", m.platform())
	}
	dir, err := m.installDir()
	if err != nil {
		return Plugin{}, err
	}
	unlock, err := fetch.Lock(ctx, filepath.Join(dir, ".bertlab.lock"), o.Log)
	if err != nil {
		return Plugin{}, err
	}
	defer unlock()
	if p, ok := m.findCUDA(ctx); ok {
		return p, nil
	}
	sweep(dir)
	if libraries := filepath.Join(dir, "nvidia"); unpack.Complete(libraries) != nil {
		err := unpack.Folder(libraries, cudaWheel.String(), func(tmp string) error {
			for _, wheel := range nvidiaWheels {
				if err := m.nvidiaLibrary(ctx, dir, tmp, wheel, o); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return Plugin{}, err
		}
	}
	folder := filepath.Join(dir, "jax_plugins", "xla_cuda13")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Plugin{}, fmt.Errorf("backend: %w", err)
	}
	sweep(folder)
	if err := m.libraryFromWheel(ctx, filepath.Join(folder, cudaWheelMember), pluginFunction, cudaWheel, cudaWheelMember, o); err != nil {
		return Plugin{}, err
	}
	p, ok := m.findCUDA(ctx)
	if !ok {
		return p, fmt.Errorf("backend: the CUDA plugin was installed into %s and is not found there", folder)
	}
	return p, nil
}

func (m *machine) nvidiaLibrary(ctx context.Context, dir, tmp string, wheel registry.File, o Options) error {
	archive := filepath.Join(m.downloads(dir), wheel.Name)
	if err := m.registry.Bring(ctx, wheel, archive, o.progress(wheel.String()), o.Log); err != nil {
		return err
	}
	_, err := unpack.Zip(unpack.Job{Archive: archive, Dir: tmp, Limit: 8 << 30, Select: func(name string) string {
		rest, ok := strings.CutPrefix(name, "nvidia/")
		if !ok || filepath.Base(rest) == "__init__.py" {
			return ""
		}
		return rest
	}})
	if err != nil {
		return err
	}
	// The compiler's tools must be executable, and are all that is.
	tools, _ := files.Match(filepath.Join(tmp, "cu13", "bin"), "*")
	for _, tool := range tools {
		if err := os.Chmod(tool, 0o755); err != nil {
			return fmt.Errorf("backend: %w", err)
		}
	}
	return os.Remove(archive)
}

// cudaFlags tell XLA where NVIDIA's compiler files are. It quiets go-xla's own search for them, which knows one layout only.
func (m *machine) cudaFlags(plugin string) []xlaFlag {
	near := filepath.Dir(plugin)
	root := firstFolder(
		filepath.Join(near, "cu13"),                            // go-xla's own layout
		filepath.Join(near, "..", "..", "nvidia", "cu13"),      // JAX for CUDA 13
		filepath.Join(near, "..", "..", "nvidia", "cuda_nvcc"), // JAX for CUDA 12
	)
	if root == "" {
		return nil
	}
	if m.getenv("GOPJRT_CUDA_CHECKS") == "" {
		_ = m.setenv("GOPJRT_CUDA_CHECKS", "0")
	}
	return []xlaFlag{{"xla_gpu_cuda_data_dir", root}}
}
