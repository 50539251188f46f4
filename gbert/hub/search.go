package hub

import (
	"fmt"
	"strings"
)

// An Error says that a name was not found, or could not be brought, and what was tried.
type Error struct {
	Name   string    // what was looked for
	Tried  []Attempt // in this order
	Advice string    // what to do
}

// Attempt is one place that was asked.
type Attempt struct {
	Place string
	Err   error
}

func (e *Error) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "hub: %s was not found. Tried:", e.Name)
	for i, a := range e.Tried {
		fmt.Fprintf(&s, "\n  %d. %s: %v", i+1, a.Place, a.Err)
	}
	if e.Advice != "" {
		s.WriteString("\n" + e.Advice)
	}
	return s.String()
}

// Unwrap gives errors.Is and errors.As the attempts' errors.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, a := range e.Tried {
		errs = append(errs, a.Err)
	}
	return errs
}

func (e *Error) tried(place string, err error) {
	e.Tried = append(e.Tried, Attempt{place, err})
}

// offlineError is what the network's place in the search answers when it is forbidden.
func (c *Client) offlineError() error {
	return fmt.Errorf("not asked, because of %s", c.offline)
}
