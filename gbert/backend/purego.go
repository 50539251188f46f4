package backend

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
)

// The options of the pure Go backend that matter here.
const (
	sequential  = "ops_sequential" // one operation after another
	parallel    = "ops_parallel"   // operations that do not need each other at the same time
	parallelism = "parallelism="   // the slots of the pool
)

// create makes a backend as GoMLX does, but for the pure Go one, which [createGo] makes.
func create(config string) (compute.Backend, error) {
	if options, ok := goOptions(config); ok {
		return createGo(options)
	}
	return compute.NewWithConfig(config)
}

// goOptions are the options in a configuration of the pure Go backend, "go" or "go:option,option"; ok is false for another backend.
func goOptions(config string) (options []string, ok bool) {
	name, rest, _ := strings.Cut(config, ":")
	if name != "go" {
		return nil, false
	}
	return slices.DeleteFunc(strings.Split(rest, ","), func(option string) bool { return option == "" }), true
}

// createGo makes the pure Go backend so that it cannot stand still, which it can by itself: in compute v0.1.0 to v0.1.6 an operation
// that runs beside others holds one of the pool's slots, and a large product, a batched one, Erf or GELU asks for further slots
// while it holds its own. Where as many of them begin as there are slots, two a processor, each waits for the others for ever. One
// after another, operations hold no slot themselves; only their parts do, which wait for nothing. Each is still spread over the
// processors.
//
// Who names ops_parallel has their way; see [Choice.Warning]. GoMLX says on standard output how many slots it was given, so they
// are set without its option.
func createGo(options []string) (compute.Backend, error) {
	var slots []string
	rest := slices.DeleteFunc(slices.Clone(options), func(option string) bool {
		value, ok := strings.CutPrefix(option, parallelism)
		if ok {
			slots = append(slots, value)
		}
		return ok
	})
	if !slices.Contains(rest, parallel) && !slices.Contains(rest, sequential) {
		rest = append(rest, sequential)
	}
	b, err := compute.NewWithConfig("go:" + strings.Join(rest, ","))
	if err != nil {
		return nil, err
	}
	for _, value := range slots {
		n, err := strconv.Atoi(value)
		if err != nil {
			return nil, fmt.Errorf("%s%s: expected a number of slots, such as 4; 0 for one goroutine", parallelism, value)
		}
		if err := setSlots(b, n); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// setSlots says how many slots the pool of a pure Go backend has. Its type is GoMLX's own, so the method is found by its name.
func setSlots(b compute.Backend, n int) error {
	v := reflect.Indirect(reflect.ValueOf(b))
	if v.Kind() == reflect.Struct {
		if pool := v.FieldByName("Workers"); pool.IsValid() && pool.CanInterface() {
			if pool, ok := pool.Interface().(interface{ SetMaxParallelism(slots int) }); ok {
				pool.SetMaxParallelism(n)
				return nil
			}
		}
	}
	return fmt.Errorf("this version of the pure Go backend has no pool whose slots could be set: leave %s out", strings.TrimSuffix(parallelism, "="))
}

// mayStall is what to say of a configuration with which the pure Go backend can stand still; "" of all others.
func mayStall(config string) string {
	if options, ok := goOptions(config); ok && slices.Contains(options, parallel) {
		return "with " + parallel + " the pure Go backend can stand still for ever; without, it cannot, and is seldom slower"
	}
	return ""
}
