// Package backend picks the machinery that computes: XLA on a GPU, XLA on the CPU, or pure Go. It brings XLA's plugin
// where none is found, and says what it picked and why.
//
// The order: what Options.Name or else GOMLX_BACKEND names; CUDA where there is a GPU and a plugin; XLA on the CPU;
// pure Go, which needs nothing and is about twenty times slower.
//
// Left to itself, the pure Go backend can stand still for ever while it trains (compute v0.1.0 to v0.1.6): operations that run
// beside each other hold the slots of its pool and wait in them for further slots. [Open] makes it run one operation after
// another, each spread over the processors, which cannot; "go:ops_parallel" brings the other way back, with a warning. So every
// backend is made by Open, in tests too.
//
// A plugin is a shared library with the PJRT interface, named pjrt_c_api_<name>_plugin.so. It is searched where go-xla
// searches: the folders in PJRT_PLUGIN_LIBRARY_PATH, ~/.local/lib/go-xla, /usr/local/lib/go-xla, the loader's folders;
// in this package the variable adds folders, while in go-xla v0.4.5 it replaces the others. For CUDA the plugin inside
// a Python installation of JAX is used where it lies. A plugin that is found is used without asking the network.
//
// Where no CPU plugin is found, it is installed into ~/.local/lib/go-xla: the release that go-xla itself would install;
// where that cannot be reached, the Python wheel xla-cpu-pjrt 0.0.1, whose SHA-256 is part of this package. Nothing that
// is not whole gets the plugin's name, two processes may install at once, and BERTLAB_OFFLINE=1 forbids all of it. A
// failed attempt is remembered for ten minutes, so that a machine without network does not wait at every command;
// [Setup] tries always.
//
// The CUDA plugin with NVIDIA's libraries is a download of gigabytes: only [Setup] and the explicit name "xla:cuda"
// bring it, and only where there is a GPU.
//
// Importing this package switches go-xla's own installer off (GOMLX_NO_AUTO_INSTALL): it panics where its host cannot
// be reached, and replaces what others installed.
package backend
