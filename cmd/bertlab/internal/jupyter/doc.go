// Package jupyter sets up what the notebooks need, opens JupyterLab and runs notebooks headless.
//
// Two things are needed, and [Setup] makes what is missing:
//
//   - A Python with JupyterLab, nbconvert and nbclient. One that is on the PATH is used as it is; else a virtual
//     environment is made in bertlab's cache folder, with the exact versions of constraints.txt, through the pip (and the
//     package index) that the user has configured.
//   - The GoNB kernel and goimports, both built from the versions that this module's go.mod names as tools, and installed
//     for this checkout alone: the kernel starts every notebook in a Go workspace with this module, so that a cell imports
//     bertlab/… as it lies on the disk. It is found through JUPYTER_PATH; the user's own kernels are not touched.
//
// The second call does nothing and takes milliseconds. Two processes at once take turns. What a kill left half made has no
// stamp and is made anew.
//
// A cell is compiled and run as a program of its own. Once the packages are compiled, which Setup sees to, a cell that
// imports XLA takes some two seconds before it begins, nearly all of them in the linker: so the kernel links without DWARF,
// which saves a third; stack traces still name the cell and the line. [Environment.Execute] therefore makes one program of all cells where
// that does the same, links it once, and starts it for each cell.
//
// Limits: GoNB has no kernel for Windows (use WSL). Completion in JupyterLab wants gopls on the PATH; all else works without.
package jupyter
