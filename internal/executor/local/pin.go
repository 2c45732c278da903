package local

// Pin keeps what a location holds now, so that a Spec can ask for it by the SHA-256
// (hex) that it returns.
func (x *Executor) Pin(location string) (string, error) {
	_, sum, err := x.keep(location)
	return sum, err
}
