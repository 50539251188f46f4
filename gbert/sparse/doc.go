// Package sparse stores arrays of which many elements are zero in few bytes,
// without loss: where the non-zeros stand, and their values in order.
//
// That sparse storage is what makes a pruned model small is an observation of
// Han et al. 2015, "Deep Compression" (arXiv:1510.00149, section 2: distances
// to the next non-zero in a fixed number of bits, with filler where one is
// longer), and of Sanh et al. 2020, "Movement Pruning" (arXiv:2005.07683).
// Neither is followed to the bit. There are two codes of the places, and [Pack] takes the one that
// is shorter:
//
//   - [Bitmap]: one bit an element, 1 for a non-zero. Element i is bit i mod 8,
//     counted from the lowest, of byte i div 8. Bits behind the last element
//     are 0.
//   - [Gaps]: one byte a non-zero, the number of zeros before it since the last
//     one, 0…254. The byte 255 stands for 255 zeros and no non-zero; as many of
//     them as fit stand behind the last non-zero.
//
// With independent places gaps are shorter below about one non-zero in eight.
//
// The package knows elements by their bytes alone. An element is zero when all
// of its bytes are: −0 is a non-zero, and every NaN keeps its bits.
//
// # What is checked
//
// There is one packed form of an array in each code, and Expand accepts no
// other: each length must fit the number of elements, the places must have
// as many non-zeros as there are values, and none of these may be zero. All of that
// is checked before anything is allocated. Because zeros cost something in both
// codes, what is packed can never expand to more than 255 elements a byte.
//
// # Limits
//
// Values are not coded further: no quantisation, no entropy code. Nothing is
// computed on packed arrays; they are for storage.
package sparse
