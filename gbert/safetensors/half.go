package safetensors

import "math"

// float16ToFloat32 widens an IEEE 754 binary16 number. Every one has an exact
// float32; a NaN keeps its payload.
func float16ToFloat32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent := uint32(h>>10) & 0x1f
	fraction := uint32(h & 0x3ff)
	switch exponent {
	case 0: // zero, or subnormal: fraction × 2⁻²⁴, which float32 multiplies exactly
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

// float32ToFloat16 rounds to the nearest binary16 number, ties to even;
// beyond 65,520 that is an infinity. Every NaN becomes a quiet NaN.
func float32ToFloat16(f float32) uint16 {
	bits := math.Float32bits(f)
	sign := uint16(bits>>16) & 0x8000
	abs := bits & 0x7fffffff
	switch {
	case abs > 0x7f800000:
		return sign | 0x7e00
	case abs >= 0x47800000: // 2¹⁶
		return sign | 0x7c00
	case abs >= 0x38800000: // 2⁻¹⁴, the smallest normal number
		abs -= 112 << 23
		return sign | uint16((abs+0xfff+abs>>13&1)>>13)
	case abs <= 0x33000000: // 2⁻²⁵, half of the smallest subnormal
		return sign
	}
	// A multiple of 2⁻²⁴: shift the significand so that its unit is that.
	significand := abs&0x7fffff | 0x800000
	shift := 126 - abs>>23
	quotient := significand >> shift
	rest := significand & (1<<shift - 1)
	if half := uint32(1) << (shift - 1); rest > half || rest == half && quotient&1 == 1 {
		quotient++
	}
	return sign | uint16(quotient)
}

// bfloat16ToFloat32 widens a bfloat16 number, the upper half of a float32.
func bfloat16ToFloat32(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// float32ToBFloat16 rounds to the nearest bfloat16 number, ties to even.
// Every NaN becomes a quiet NaN.
func float32ToBFloat16(f float32) uint16 {
	bits := math.Float32bits(f)
	if bits&0x7fffffff > 0x7f800000 {
		return uint16(bits>>16)&0x8000 | 0x7fc0
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}
