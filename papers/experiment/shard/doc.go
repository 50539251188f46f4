// Package shard is what processes that share a folder of steps agree on, on one machine or on many: which part of the steps is whose, who
// is at which step now, and that all of them are at the same work.
//
// A scheduler such as Slurm or Kubernetes starts the processes; nothing here does. Each is shard i of n, counted from 0:
//
//	where, err := shard.Find("1/4", os.Getenv, dir)      // or of a Slurm array, or of a Kubernetes Indexed Job
//	board, err := shard.Join(dir, where.Shard, shard.Patience{})
//	defer board.Leave()
//	err = board.At(step)                                 // says what this process does
//	at := board.Others()                                 // what the others do
//
// Nothing stands on locks, on the order of events or on clocks of two machines: the folder may be a network mount. A process counts as
// alive as long as its file changes within the patience of who looks, by the clock of who looks. So two processes may do the same step,
// which is harmless; a step is never lost, since whoever needs it does it once nobody alive is at it.
//
// What it cannot do: start processes, move a training that another process has begun, or see that a mount hides new files for longer than
// the patience; then steps are done twice.
package shard
