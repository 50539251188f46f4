package backend

// xnnFlag is XLA's switch for products by XNNPACK on a CPU.
const xnnFlag = "xla_cpu_use_xnnpack"

// readFreshWeights is the flag that keeps XLA from handing matrix products to XNNPACK. Where the right-hand side of a product is an
// input of the program, XLA lets XNNPACK pack it once and takes the packed copy again as long as the input lies at the same address,
// though not necessarily with the same values. In training the weights change in place, so that now and then, as the memory
// happens to lie, a gradient came from the weights of an earlier step, and two runs with one seed differed. In a sweep over weights
// whole losses would be wrong.
//
// XLA ends the process over a flag that it does not know, so it is set only where the plugin has it.
var readFreshWeights = xlaFlag{xnnFlag, "false"}
