package backend

import "strings"

// inPlace begins the name of a program that works in place.
const inPlace = "in place: "

// InPlace is the name for a program whose first outputs take the place of its first inputs, one for one and of the same shapes, as an
// optimizer's new weights do. Those inputs are to be donated. Where the backend cannot do so, the outputs get memory of their own.
func InPlace(name string) string { return inPlace + name }

// isInPlace says whether a program works in place; a graph's name may go on behind that of the program.
func isInPlace(name string) bool { return strings.HasPrefix(name, inPlace) }
