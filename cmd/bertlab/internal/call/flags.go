package call

// Flags is a message in which flags stand in place of the fields of options that they fill.
func Flags(message string) string { return message }
